"""What a drill refuses at once, and the aims it is held to. Whole drills need Barman: `make drill`."""

import pytest
from django.core.management import CommandError, call_command

from apps.backups.drill import Aims
from apps.backups.models import RestoreDrill


@pytest.mark.parametrize(
    "at", ["yesterday", "2026-11-22T01:30:00", "2099-01-01T00:00:00+00:00", "2026-13-45T00:00:00Z"]
)
def test_only_a_moment_that_was_can_be_gone_back_to(at):
    with pytest.raises(CommandError, match="--at"):
        call_command("restore_drill", at=at)


@pytest.mark.django_db
def test_a_drill_that_cannot_even_begin_fails_and_is_kept(settings, tmp_path):
    settings.BARMAN_CONFIG = str(tmp_path / "none.conf")
    with pytest.raises(CommandError, match="NOT good"):
        call_command("restore_drill", scratch=tmp_path)
    assert "barman" in RestoreDrill.objects.get().trouble
    assert list(tmp_path.iterdir()) == []


def test_late_or_lossy_drills_miss_their_aims():
    aims = Aims(rpo=900, rto=3600)
    assert aims.missed(RestoreDrill(rpo_seconds=899, rto_seconds=3599)) == []
    assert len(aims.missed(RestoreDrill(rpo_seconds=901, rto_seconds=3601))) == 2
