"""Two embedders' indexes side by side: built beside the one that serves, switched, rolled back, pruned, without a gap."""

from __future__ import annotations

import numpy as np
import psycopg
import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.urls import reverse

from apps.accounts.models import Role
from apps.catalog.images import store_reference
from apps.catalog.models import ProductImage
from apps.core.models import AuditEntry
from apps.scans import engines, indexes, indexing, rollout, tasks
from apps.scans.actions import versions as steps
from apps.scans.models import Fingerprint, ModelVersion
from tests.factories import make_user, picture_bytes
from tests.scans.conftest import make_scan
from tests.scans.embedders import NEW, OLD, card_picture, pictured

pytestmark = pytest.mark.django_db


def found(scan, product_seed: int) -> str:
    """The name of the card that a scan's own pipeline finds for a picture of it."""
    pipeline = engines.pipeline_for(scan).pipeline
    queries = pipeline.embedder.embed([np.asarray(card_picture(product_seed))])
    (matches,) = pipeline.index.nearest(queries, k=1)
    assert matches[0].distance < 50
    return matches[0].key


@pytest.fixture
def background(monkeypatch) -> list[tuple]:
    """Tasks of indexing that were given to the queue."""
    sent: list[tuple] = []
    for task in (tasks.index_references, tasks.prune_index):
        monkeypatch.setattr(task, "apply_async", lambda given, task=task, **options: sent.append((task, given)))
    return sent


def work_off(background) -> None:
    """What a worker does with them."""
    while background:
        task, given = background.pop(0)
        task(*given)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    cache.clear()


@pytest.fixture
def trial(versions, background, django_capture_on_commit_callbacks):
    """Cards indexed by the old embedder, and the new one on trial, its index not built yet."""
    products = pictured(6)
    for _ in indexing.index_pending():
        pass
    with django_capture_on_commit_callbacks(execute=True):
        steps.begin_trial(version=versions[NEW], by=None)
    return products


class TestBuilding:
    """The new index grows while the old one answers."""

    def test_what_is_registered_and_not_on_trial_is_not_indexed(self, versions):
        pictured(2)
        for _ in indexing.index_pending():
            pass
        assert set(Fingerprint.objects.values_list("engine", flat=True)) == {OLD}

    def test_searches_answer_from_the_old_index_while_the_new_one_is_built(self, trial, background, monkeypatch):
        scan = make_scan()
        monkeypatch.setattr(indexing, "BATCH", 2)
        answers = []
        for _ in indexing.index_pending(NEW):
            answers.append(found(scan, 3))
        assert answers == [str(trial[3].pk)] * 3
        assert Fingerprint.objects.filter(engine=OLD).count() == Fingerprint.objects.filter(engine=NEW).count() == 6

    def test_beginning_a_trial_has_the_index_built_in_the_background(self, trial, background):
        assert indexing.progress(NEW) == indexing.Progress(pictures=6, done=0, lacking=6, searchable=True)
        assert [given for _, given in background] == [[NEW, ""]]
        work_off(background)
        assert indexing.progress(NEW).is_complete

    def test_a_task_takes_its_turn_and_leaves_the_rest_to_the_next(self, trial, background, monkeypatch):
        monkeypatch.setattr(indexing, "BATCH", 2)
        background.clear()
        turns = 0
        background.append((None, [NEW, ""]))
        while background:
            _, (engine, after) = background.pop(0)
            indexing.carry_on(engine=engine, after=after or None, seconds=0)
            turns += 1
        assert turns == 4  # three batches, and one that finds nothing left
        assert indexing.progress(NEW).is_complete

    def test_what_a_killed_worker_left_is_taken_up_by_the_schedule(self, trial, background, monkeypatch):
        monkeypatch.setattr(indexing, "BATCH", 2)
        indexing.carry_on(engine=NEW, seconds=0)
        background.clear()  # the message went with the worker
        assert Fingerprint.objects.filter(engine=NEW).count() == 2
        assert indexing.keep_up() == [], "it may still be waiting in the queue"
        cache.clear()  # three minutes later
        tasks.index_references()
        work_off(background)
        assert Fingerprint.objects.filter(engine=NEW).count() == 6
        assert indexing.keep_up() == []

    def test_a_picture_that_cannot_be_read_is_not_tried_every_minute(self, trial, background):
        ProductImage.objects.filter(product=trial[0]).update(file="catalog/gone.webp")
        work_off(background)
        indexing.carry_on(engine=OLD)
        assert indexing.keep_up() == []
        pictured(1, first=50)
        assert set(indexing.keep_up()) == {OLD, NEW}

    def test_new_pictures_are_indexed_for_the_one_in_service_and_the_one_on_trial(self, trial, background):
        work_off(background)
        pictured(1, first=50)
        tasks.index_references()
        assert {given[0] for _, given in background} == {OLD, NEW}
        work_off(background)
        assert Fingerprint.objects.filter(engine=OLD).count() == Fingerprint.objects.filter(engine=NEW).count() == 7

    def test_a_picture_that_was_replaced_is_indexed_anew(self, trial, background):
        work_off(background)
        before = Fingerprint.objects.get(engine=OLD, product=trial[0]).bits
        store_reference(trial[0], picture_bytes(240, 336))
        assert indexing.unindexed(OLD).count() == 1
        for _ in indexing.index_pending():
            pass
        assert indexing.unindexed(OLD).count() == 0
        assert Fingerprint.objects.get(engine=OLD, product=trial[0]).bits != before

    def test_an_engine_that_is_not_here_gets_no_fingerprints_of_another(self, trial):
        assert list(indexing.index_pending("embed-77")) == []
        assert not Fingerprint.objects.filter(engine="embed-77").exists()

    def test_the_command_builds_one_version_by_name(self, trial, capsys):
        call_command("index_images", engine=NEW)
        assert f"{NEW}: 6 pictures indexed" in capsys.readouterr().out
        with pytest.raises(CommandError, match="no embedder embed-77 here"):
            call_command("index_images", engine="embed-77")


class TestSwitching:
    """A version serves only when it can find what is found now, and the way back is one step."""

    def test_an_incomplete_index_gets_no_scans(self, trial, versions):
        for step in (
            lambda: steps.set_share(version=versions[NEW], share=10, by=None),
            lambda: steps.promote(version=versions[NEW], by=None),
        ):
            with pytest.raises(steps.IndexIncomplete, match="6 cards that are found now would not be found"):
                step()
        assert rollout.in_service().active["embed"] == OLD

    def test_an_index_without_its_search_structure_gets_no_scans(self, trial, versions, background, monkeypatch):
        work_off(background)
        monkeypatch.setattr(indexes, "EXACT_ROWS", 3)
        with pytest.raises(steps.IndexIncomplete, match="still being built"):
            steps.promote(version=versions[NEW], by=None)
        assert NEW in indexing.keep_up()
        connection.check_constraints()  # an index is not built over rows whose checks are still to come
        indexing.make_searchable(NEW)
        steps.promote(version=versions[NEW], by=None)

    def test_a_share_of_scans_is_looked_at_by_the_trial_and_each_scan_always_by_the_same(
        self,
        trial,
        versions,
        background,
    ):
        work_off(background)
        steps.set_share(version=versions[NEW], share=50, by=None)
        scans = [make_scan(cards=0, photos=0) for _ in range(40)]
        chosen = [engines.pipeline_for(scan).versions["embed"] for scan in scans]
        assert set(chosen) == {OLD, NEW}
        assert chosen == [engines.pipeline_for(scan).versions["embed"] for scan in scans]
        for scan in (scans[chosen.index(OLD)], scans[chosen.index(NEW)]):
            assert found(scan, 4) == str(trial[4].pk)

    def test_promoting_rolling_back_and_promoting_again(self, trial, versions, background, moderator):
        work_off(background)
        scan = make_scan()
        steps.set_share(version=versions[NEW], share=5, by=moderator)
        steps.promote(version=versions[NEW], by=moderator)
        assert engines.pipeline_for(scan).versions["embed"] == NEW
        assert found(scan, 2) == str(trial[2].pk)

        pictured(1, first=60)  # comes while the new one serves, and is known after the way back too
        tasks.index_references()
        work_off(background)
        back = steps.roll_back(version=versions[NEW], by=moderator, reason="worse on foils")
        assert (back.version, engines.pipeline_for(scan).versions["embed"]) == (OLD, OLD)
        assert found(scan, 60)
        trail = AuditEntry.objects.filter(target_type="scans.modelversion", actor_id=moderator.pk).order_by("pk")
        assert [(entry.action, entry.target_id == str(back.pk)) for entry in trail] == [
            ("model.share_set", False),
            ("model.retired", True),
            ("model.promoted", False),
            ("model.retired", False),
            ("model.rolled_back", True),
        ]
        assert trail.last().reason == "worse on foils"

        with pytest.raises(steps.NothingBefore, match="no version to go back to"):
            steps.roll_back(version=versions[OLD], by=moderator)
        steps.begin_trial(version=versions[NEW], by=moderator)
        steps.promote(version=versions[NEW], by=moderator)
        assert rollout.in_service().active["embed"] == NEW

    def test_a_withdrawn_trial_sees_no_scan(self, trial, versions, background):
        work_off(background)
        steps.set_share(version=versions[NEW], share=100, by=None)
        steps.withdraw(version=versions[NEW], by=None)
        assert engines.pipeline_for(make_scan()).versions["embed"] == OLD
        with pytest.raises(rollout.WrongState, match="not on trial"):
            steps.set_share(version=versions[NEW], share=10, by=None)

    def test_one_trial_at_a_time(self, trial, versions):
        third = ModelVersion.objects.create(stage="embed", version="embed-3")
        with pytest.raises(steps.OtherTrial, match="on trial already"):
            steps.begin_trial(version=third, by=None)

    def test_a_version_that_the_program_lost_is_not_tried_and_does_not_stop_the_worker(self, trial, versions):
        ModelVersion.objects.filter(version=OLD).update(state="retired")
        lost = ModelVersion.objects.create(stage="embed", version="embed-9", state="active", is_available=False)
        assert engines.pipeline_for(make_scan()).versions["embed"] == OLD
        lost.state = "retired"
        lost.save()
        with pytest.raises(steps.NotRunnable, match="weights are not there"):
            steps.begin_trial(version=lost, by=None)

    @pytest.mark.parametrize("share", [-1, 101])
    def test_a_share_is_a_percentage(self, trial, versions, share):
        with pytest.raises(steps.InvalidInput, match="from 0 to 100"):
            steps.set_share(version=versions[NEW], share=share, by=None)


class TestPruning:
    """An index goes when nobody needs it."""

    @pytest.fixture
    def promoted(self, trial, versions, background):
        work_off(background)
        return steps.promote(version=versions[NEW], by=None)

    def test_the_index_of_a_version_in_use_stays(self, trial, versions):
        for version in (OLD, NEW):
            with pytest.raises(steps.InUse):
                steps.prune_index(version=versions[version], by=None)

    def test_pruning_takes_the_old_rows_and_leaves_the_new(
        self,
        promoted,
        versions,
        background,
        django_capture_on_commit_callbacks,
    ):
        with django_capture_on_commit_callbacks(execute=True):
            steps.prune_index(version=versions[OLD], by=None)
        work_off(background)
        assert set(Fingerprint.objects.values_list("engine", flat=True)) == {NEW}
        assert rollout.kept_embedders() == [NEW]
        with pytest.raises(steps.IndexIncomplete, match="was removed"):
            steps.roll_back(version=promoted, by=None)

    def test_the_command_prunes_at_once(self, promoted, capsys):
        call_command("prune_index", OLD)
        assert "6 fingerprints removed" in capsys.readouterr().out
        for wrong, said in ((NEW, "in service"), ("embed-77", "registered")):
            with pytest.raises(CommandError, match=said):
                call_command("prune_index", wrong)


def test_an_embedders_index_is_used_by_its_own_searches_alone(versions, monkeypatch):
    pictured(5)
    for engine in (OLD, NEW):
        list(indexing.index_pending(engine))
        connection.check_constraints()
        assert indexes.ensure(engine)
        assert indexes.are_built(engine)
        assert not indexes.ensure(engine)
    with connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        cursor.execute("set local enable_bitmapscan = off")
        for engine in (OLD, NEW):
            cursor.execute(
                "explain select id from scans_fingerprint where engine = %s order by bits <~> %s::bit(256) limit 5",
                [engine, "01" * 128],
            )
            assert indexes.name_of(engine, "bits") in "\n".join(line for (line,) in cursor.fetchall())
    indexes.drop(OLD)
    assert (indexes.are_built(OLD), indexes.are_built(NEW)) == (False, True)


@pytest.mark.django_db(transaction=True)
def test_an_index_whose_building_broke_off_is_built_anew():
    other = psycopg.connect(**connection.get_connection_params())
    other.execute("lock table scans_fingerprint in row exclusive mode")  # somebody writes, and does not come to an end
    with connection.cursor() as cursor:
        cursor.execute("set lock_timeout = '100ms'")
        with pytest.raises(OperationalError):
            indexes.ensure(OLD)
        cursor.execute("reset lock_timeout")
        cursor.execute("select to_regclass(%s) is not null", [indexes.name_of(OLD, "bits")])
        assert cursor.fetchone()[0], "what is left is there, and no use"
    other.close()
    assert not indexes.are_built(OLD)
    assert indexes.ensure(OLD)
    assert indexes.are_built(OLD)
    indexes.drop(OLD)


def admin_page(version: ModelVersion) -> str:
    return reverse("admin:scans_modelversion_change", args=[version.pk])


@pytest.fixture
def moderator():
    return make_user(role=Role.MODERATOR)
