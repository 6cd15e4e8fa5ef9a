"""Which version looks at which scan: evenly, the same everywhere, and never another than the states allow."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.scans import rollout
from apps.scans.models import ModelVersion

State = ModelVersion.State
names = st.text(min_size=1, max_size=20)


class TestShare:
    """The place of a scan is a pure function."""

    @given(st.uuids(), names, names)
    def test_a_scan_has_one_place_from_zero_to_below_a_hundred(self, scan, stage, version):
        place = rollout.place_of(scan, stage=stage, version=version)
        assert 0 <= place < 100
        assert place == rollout.place_of(uuid.UUID(str(scan)), stage=stage, version=version)

    @given(st.uuids(), names, names, st.integers(0, 100), st.integers(0, 100))
    def test_a_growing_share_only_adds_scans(self, scan, stage, version, one, other):
        less, more = sorted((one, other))
        sees = [rollout.sees_trial(scan, stage=stage, version=version, share=share) for share in (0, less, more, 100)]
        assert sees == sorted(sees)
        assert (sees[0], sees[-1]) == (False, True)

    @pytest.mark.parametrize("share", [1, 10, 50, 90])
    def test_the_share_is_met(self, share):
        scans = [uuid.UUID(int=n) for n in range(20_000)]
        seen = sum(rollout.sees_trial(scan, stage="embed", version="embed-1", share=share) for scan in scans)
        # four standard deviations of a fair draw
        assert abs(seen / 200 - share) < 4 * (share * (100 - share) / 20_000) ** 0.5

    def test_two_trials_choose_independently(self):
        scans = [uuid.UUID(int=n) for n in range(20_000)]
        both = sum(
            rollout.sees_trial(scan, stage="embed", version="embed-1", share=50)
            and rollout.sees_trial(scan, stage="detect", version="detect-1", share=50)
            for scan in scans
        )
        assert abs(both - 5_000) < 4 * (20_000 * 0.25 * 0.75) ** 0.5

    def test_the_place_stays_what_it_was_in_every_release(self):
        scan = uuid.UUID("0190d5a2-7e1c-7c3e-9f5a-2b8f3c1d4e5f")
        assert rollout.place_of(scan, stage="embed", version="embed-1") == pytest.approx(29.41, abs=0.01)


class TestService:
    """What a scan is looked at with."""

    @given(st.uuids(), st.integers(0, 100))
    def test_a_scan_gets_the_trial_or_the_version_in_service_and_all_else_as_it_is(self, scan, share):
        service = rollout.Service({"embed": "old", "read": "r"}, {"embed": ("new", share)})
        chosen = service.versions_for(scan)
        in_trial = rollout.sees_trial(scan, stage="embed", version="new", share=share)
        assert chosen == {"embed": "new" if in_trial else "old", "read": "r"}

    def test_a_trial_of_a_stage_that_nothing_serves_yet_is_seen_by_its_share_alone(self):
        service = rollout.Service({}, {"grade": ("grade-1", 100)})
        assert service.versions_for(uuid.uuid4()) == {"grade": "grade-1"}


class TestStates:
    """The table is the whole truth."""

    @given(st.lists(st.sampled_from(["try", "promote", "withdraw", "replace", "restore"]), max_size=12))
    def test_any_steps_lead_only_where_the_table_says(self, steps):
        version = ModelVersion(stage="embed", version="x")
        for step in steps:
            allowed = rollout.TRANSITIONS[State(version.state)]
            if step in allowed:
                version.state = rollout.after(version, step)
            else:
                with pytest.raises(rollout.WrongState, match="embed x"):
                    rollout.after(version, step)

    def test_every_state_can_be_left_and_reached(self):
        assert set(rollout.TRANSITIONS) == set(State.values)
        assert {to for row in rollout.TRANSITIONS.values() for to in row.values()} == set(State.values)
        assert all(rollout.TRANSITIONS.values())


@pytest.mark.django_db
def test_workers_follow_a_change_within_the_time_that_the_settings_say(settings, monkeypatch):
    settings.MODEL_VERSIONS_KEPT_SECONDS = 5
    clock = [1000.0]
    monkeypatch.setattr(rollout.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(rollout, "_held", None)
    row = ModelVersion.objects.create(stage="embed", version="a", state=State.ACTIVE)
    assert rollout.in_service().active == {"embed": "a"}
    ModelVersion.objects.filter(pk=row.pk).update(version="b")
    clock[0] += 4.9
    assert rollout.in_service().active == {"embed": "a"}
    clock[0] += 0.2
    assert rollout.in_service().active == {"embed": "b"}


@pytest.mark.django_db
def test_asking_many_times_reads_the_table_once(settings, monkeypatch, django_assert_num_queries):
    settings.MODEL_VERSIONS_KEPT_SECONDS = 5
    monkeypatch.setattr(rollout, "_held", None)
    with django_assert_num_queries(1):
        for _ in range(50):
            rollout.in_service()
