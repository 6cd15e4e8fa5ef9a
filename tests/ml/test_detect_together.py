"""The outline net looks at several photos at once and finds in each what it finds in it alone."""

import numpy as np
import pytest

from ml.detect.net import NetDetector
from ml.interfaces import BatchDetector
from tests.ml.drawing import DrawnCard, drawn, placed, rectangle, table

torch = pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
pytest.importorskip("onnx", reason="onnx is not installed: config/install.sh ml")


@pytest.fixture(scope="module")
def detector(tmp_path_factory) -> NetDetector:
    """An untrained net that sees cards everywhere."""
    from ml.nets.detect import build
    from ml.train.export import export

    torch.manual_seed(3)
    net = build(folded=False)
    torch.nn.init.normal_(net.head.weight, std=0.5)
    torch.nn.init.zeros_(net.head.bias)
    folder = tmp_path_factory.mktemp("weights")
    export(net, "detect", "0", torch.rand(1, 3, 64, 64), record={}, dynamic=("batch", "height", "width"), folder=folder)
    return NetDetector(version="0", folder=folder, threads=1)


def photo(width, height, art):
    ground = table(width, height, (60, 62, 66), seed=art)
    placed(ground, drawn(DrawnCard(art=art)), rectangle(width / 2, height / 2, width / 3))
    return ground


def test_photos_of_any_sizes_are_answered_as_each_alone(detector):
    photos = [photo(300, 400, 1), photo(400, 300, 2), photo(600, 800, 3), photo(300, 400, 4)]
    together = detector.detect_many(photos)
    assert isinstance(detector, BatchDetector)
    assert all(together)
    for one, found in zip(photos, together, strict=True):
        alone = detector.detect(one)
        assert len(alone) == len(found)
        for a, b in zip(alone, found, strict=True):
            np.testing.assert_allclose(a.quad.corners, b.quad.corners, atol=0.05)
            assert a.score == pytest.approx(b.score, abs=1e-3)


def test_no_photos_no_answers(detector):
    assert detector.detect_many([]) == []
