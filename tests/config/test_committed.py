"""What a commit must not bring: large files and secrets."""

import subprocess
from pathlib import Path

import pytest

from config.committed import LARGEST, findings
from config.env import ROOT

# Put together here, so that this file holds none itself.
SECRETS = [
    "-----BEGIN RSA PRIVATE" + " KEY-----\n" + "QUJD" * 16,
    "sk_live" + "_4eC39HqLyjWDarjtT1zdp7dc",
    "tk_" + "0123456789" * 4,
    "AKIA" + "ABCDEFGHIJKLMNOP",
]


@pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: secret[:12])
def test_a_secret_is_named_by_its_kind_and_not_repeated(tmp_path, secret):
    file = tmp_path / "settings.py"
    file.write_text(f"KEY = '{secret}'\n")
    [said] = findings(file)
    assert str(file) in said
    assert secret not in said


def test_a_large_file_is_named(tmp_path):
    file = tmp_path / "catalogue.json"
    file.write_bytes(bytes(LARGEST + 1))
    assert "1024 are allowed" in findings(file)[0]


def test_a_nets_weights_may_be_larger(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    file = folder / "detect-1.onnx"
    file.write_bytes(bytes(LARGEST + 1))
    assert findings(file) == []
    file.write_bytes(bytes(7 * LARGEST))
    assert "6144 are allowed" in findings(file)[0]


def test_what_is_committed_is_clean():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("this is no clone")
    assert [found for name in listed.stdout.split("\0") if name for found in findings(Path(ROOT, name))] == []
