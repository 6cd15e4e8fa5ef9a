"""Versions of recognition in the admin: moderators look, admins decide, and what cannot be done is said."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse

from apps.accounts.models import Role
from apps.core.models import AuditEntry
from apps.scans import indexing, registry
from apps.scans.models import Correction, DetectedCard, ModelVersion
from ml import engines as known
from tests.factories import make_user, make_variant
from tests.scans.conftest import cards_of, make_scan
from tests.scans.embedders import NEW, OLD, pictured

pytestmark = pytest.mark.django_db
LIST = reverse("admin:scans_modelversion_changelist")


@pytest.fixture
def admin(client):
    client.force_login(make_user(role=Role.ADMIN))
    return client


def address(version: ModelVersion) -> str:
    return reverse("admin:scans_modelversion_change", args=[version.pk])


def do(client, version: ModelVersion, step: str, **given: object) -> str:
    answer = client.post(address(version), {"step": step, **given}, follow=True)
    assert answer.status_code == 200
    version.refresh_from_db()
    return answer.content.decode()


class TestRegistering:
    """What the program brings is noted once."""

    def test_a_fresh_installation_serves_the_programs_defaults(self, capsys):
        call_command("register_models")
        served = dict(ModelVersion.objects.filter(state="active").values_list("stage", "version"))
        assert served == known.DEFAULTS
        call_command("register_models")
        assert "0 versions registered" in capsys.readouterr().out.splitlines()[-1]

    def test_what_serves_stays_in_service_when_a_release_brings_another_default(self, versions, monkeypatch):
        monkeypatch.setitem(known.DEFAULTS, "embed", NEW)
        registry.register()
        assert ModelVersion.objects.get(stage="embed", state="active").version == OLD

    def test_figures_and_digest_come_from_the_record_beside_the_weights(self, monkeypatch, tmp_path, settings):
        settings.VISION_MODELS_DIR = str(tmp_path)
        monkeypatch.setitem(known._LEARNED, "embed", lambda version, setup: None)
        (tmp_path / "embed-901.onnx").write_bytes(b"net")
        (tmp_path / "embed-901.json").write_text(
            '{"name": "embed", "version": "901", "sha256": "ab12", "figures": {"top1": 0.93}, "seed": 7}'
        )
        registry.register()
        row = ModelVersion.objects.get(version="embed-901")
        assert (row.state, row.digest, row.figures, row.record) == ("registered", "ab12", {"top1": 0.93}, {"seed": 7})
        (tmp_path / "embed-901.json").write_text("{")  # a copy that broke off
        assert [gone.version for gone in registry.register().gone] == ["embed-901"]
        row.refresh_from_db()
        assert not row.is_available

    def test_a_version_in_service_that_a_release_drops_gives_way_to_the_default(self, versions, monkeypatch):
        ModelVersion.objects.filter(version=OLD).update(state="retired")
        ModelVersion.objects.filter(version=NEW).update(state="active")
        dropped = ModelVersion.objects.create(stage="read", version="r-0", state="candidate", share=30)
        monkeypatch.delitem(known._WRITTEN["embed"], NEW)
        assert {row.version for row in registry.register().gone} == {NEW, "r-0"}
        assert dict(ModelVersion.objects.filter(state="active").values_list("stage", "version")) == known.DEFAULTS
        dropped.refresh_from_db()
        assert (dropped.state, dropped.share, dropped.is_available) == ("registered", 0, False)

    def test_weights_that_changed_under_their_name_are_told(self, versions):
        ModelVersion.objects.filter(version=NEW).update(digest="other")
        assert [row.version for row in registry.register().changed] == [NEW]
        assert AuditEntry.objects.filter(action="model.weights_changed").count() == 1


class TestDeciding:
    """From trial to service and back, from the admin alone."""

    def test_a_version_is_tried_promoted_and_rolled_back_in_one_step_each(self, admin, versions):
        pictured(3)
        for _ in indexing.index_pending():
            pass
        new, old = versions[NEW], versions[OLD]
        assert "is on trial" in do(admin, new, "try")
        refused = do(admin, new, "share", share=20)
        assert "3 cards that are found now would not be found" in refused
        assert "0 of 3 pictures" in refused
        assert new.share == 0
        for _ in indexing.index_pending(NEW):
            pass
        assert "sees 20 % of the scans" in do(admin, new, "share", share=20)
        assert "is in service" in do(admin, new, "promote")
        page = do(admin, new, "roll_back", reason="foils")
        assert f"{OLD} is in service again" in page
        old.refresh_from_db()
        assert (old.state, new.state) == ("active", "retired")
        assert AuditEntry.objects.get(action="model.rolled_back").reason == "foils"
        assert "Remove its index" in page

    def test_only_what_the_state_allows_is_offered_and_done(self, admin, versions):
        page = admin.get(address(versions[NEW])).content.decode()
        assert 'value="try"' in page
        assert 'value="promote"' not in page
        assert "not possible any more" in do(admin, versions[NEW], "promote")
        assert versions[NEW].state == "registered"

    @pytest.mark.parametrize("share", ["", "101", "-1", "half"])
    def test_a_share_that_is_none_is_refused(self, admin, versions, share):
        do(admin, versions[NEW], "try")
        do(admin, versions[NEW], "share", share=share)
        assert versions[NEW].share == 0

    def test_moderators_look_and_do_not_decide(self, client, versions):
        client.force_login(make_user(role=Role.MODERATOR))
        assert NEW in client.get(LIST).content.decode()
        page = client.get(address(versions[NEW]))
        assert (page.status_code, 'value="try"' in page.content.decode()) == (200, False)
        assert client.post(address(versions[NEW]), {"step": "try"}).status_code == 403

    def test_an_address_of_no_version_is_not_found(self, admin):
        for wrong in ("abc", "0190d5a2-7e1c-7c3e-9f5a-2b8f3c1d4e5f"):
            assert admin.get(reverse("admin:scans_modelversion_change", args=[wrong])).status_code == 404


def test_versions_stand_beside_each_other_with_what_members_confirmed(admin, versions):
    right, wrong = make_variant(), make_variant()
    for engine, hits in ((OLD, 6), (NEW, 9)):
        scan = make_scan(make_user(), cards=10, variants=[right, wrong])
        scan.engine_versions = {"embed": engine}
        scan.save()
        DetectedCard.objects.filter(photo__scan=scan).update(state="confirmed")
        DetectedCard.objects.filter(pk__in=[card.pk for card in cards_of(scan)[hits:]]).update(variant=wrong)
    page = admin.get(LIST).content.decode()
    assert "60.0 %" in page
    assert "31–83 %" in page
    assert "4 of 10" in page
    own = admin.get(address(versions[NEW])).content.decode()
    assert "Not told apart yet" in own
    assert "90.0 %" in own


def test_the_list_takes_as_many_queries_with_many_versions_as_with_few(admin, versions):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert admin.get(LIST).status_code == 200
        return len(found)

    few = asked()
    for number in range(12):
        ModelVersion.objects.create(stage="embed", version=f"embed-{number + 20}", is_indexed=True)
    assert asked() == few


def test_none_of_these_is_kept_apart_from_what_is_open(admin, versions):
    scan = make_scan(make_user(), cards=3, decided=True)
    scan.engine_versions = {"embed": OLD}
    scan.save()
    refused, dismissed, _open = cards_of(scan)
    Correction.objects.create(card=refused, proposed=refused.variant)
    DetectedCard.objects.filter(pk=dismissed.pk).update(state="dismissed")
    page = admin.get(LIST).content.decode()
    assert "1 of 1" in page
