"""What is installed is what was locked: every package pinned, with its hash, in one version."""

from config.audit import faults_of_locks
from config.env import ROOT

GOOD = "django==5.2.19 \\\n    --hash=sha256:aa\n    # via x\n"


def test_our_locks_are_whole():
    assert faults_of_locks(ROOT / "requirements") == []


def test_what_is_not_pinned_or_hashed_or_differs_is_named(tmp_path):
    (tmp_path / "base.txt").write_text(GOOD + "celery==5.7.0\nhttps://example.net/x.whl\n")
    (tmp_path / "dev.txt").write_text(GOOD.replace("5.2.19", "5.2.18"))
    faults = faults_of_locks(tmp_path)
    assert "base.txt: celery has no hash" in faults
    assert "base.txt: “https://example.net/x.whl” is not pinned to a version" in faults
    assert "django is 5.2.19 in base.txt and 5.2.18 in dev.txt" in faults
