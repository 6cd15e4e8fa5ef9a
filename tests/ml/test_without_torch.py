"""Recognition needs neither torch nor onnx: the web, the workers of the CPU and the demo run where they are not installed."""

import subprocess
import sys

from config.env import ROOT

ABSENT = "import sys; sys.modules.update(dict.fromkeys(['torch', 'torchvision', 'onnx']))\n"


def test_every_engine_is_made_and_every_shipped_net_runs_without_them():
    code = ABSENT + (
        "from ml import engines, runtime\n"
        "engines.default_pipeline(None, None)\n"
        "for path in runtime.SHIPPED.glob('*.onnx'):\n"
        "    stage, _, version = path.stem.partition('-')\n"
        "    runtime.load(stage, version)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120)


def test_the_torch_backend_says_what_it_lacks(tmp_path):
    (tmp_path / "any-1.onnx").write_bytes(b"weights")
    digest = "sha256(b'weights').hexdigest()"
    code = ABSENT + (
        "import json, pathlib; from hashlib import sha256; from ml import runtime\n"
        f"folder = pathlib.Path({str(tmp_path)!r})\n"
        f"(folder / 'any-1.json').write_text(json.dumps({{'sha256': {digest}}}))\n"
        "try: runtime.load('any', folder=folder, backend='torch')\n"
        "except runtime.BackendMissing as error: print(error)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, timeout=120, capture_output=True, text=True
    )
    assert "requirements/ml.in" in told.stdout
