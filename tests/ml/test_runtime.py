"""One weights file, two backends, the same answers; and what is said where a net cannot be had."""

import json
import sys
import types

import numpy as np
import pytest

from ml import runtime

torch = pytest.importorskip("torch", reason="torch is not installed: config/install.sh ml")
pytest.importorskip("onnx", reason="onnx is not installed: config/install.sh ml")

from torch import nn  # noqa: E402

from ml.nets.folding import fold  # noqa: E402
from ml.train.export import CannotExport, export  # noqa: E402
from ml.train.quantise import quantise  # noqa: E402

RECORD = {"trained_on": "nothing", "seed": 7, "config": {}, "figures": {}, "limits": "A test's."}


class Tiny(nn.Module):
    """All that our nets are made of: strides, depthwise convolutions, a map at half size and a vector of unit length."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1))
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.deep = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1, groups=8), nn.BatchNorm2d(8), nn.ReLU())
        self.map = nn.Conv2d(8, 5, 1)
        self.head = nn.Linear(8, 16)

    def forward(self, pixels: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
        features = self.deep(self.stem(pixels - self.mean))
        pooled = nn.functional.interpolate(features, scale_factor=2.0, mode="nearest")
        return self.map(pooled), nn.functional.normalize(self.head(features.mean((2, 3))))


def build(folded: bool = True) -> nn.Module:
    net = Tiny()
    return fold(net) if folded else net


@pytest.fixture
def trained() -> nn.Module:
    torch.manual_seed(7)
    net = build(folded=False)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.2, 3)
    return net


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ml.nets.tiny", module := types.ModuleType("ml.nets.tiny"))
    module.__spec__ = types.SimpleNamespace(name="ml.nets.tiny")
    module.build = build
    return tmp_path


def exported(net, folder, version="1"):
    example = torch.rand(2, 3, 32, 48)
    return export(
        net, "tiny", version, example, record=RECORD, outputs=("map", "vector"), folder=folder,
        dynamic=("batch", "height", "width"),
    )  # fmt: skip


def near(model: runtime.Model) -> float:
    """What a backend's precision may move an answer by, as a share of the largest."""
    return 2e-2 if model.precision == "float16" else 1e-3


def pixels(*shape):
    return np.random.default_rng(3).random(shape, np.float32)


def test_folding_keeps_the_answers_and_the_names(trained):
    batch = torch.rand(2, 3, 40, 24)
    before = trained.eval()(batch)
    after = fold(trained)(batch)
    for a, b in zip(before, after, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in fold(trained).modules())
    assert {n for n, _ in fold(trained).named_parameters()} == {n for n, _ in build().named_parameters()}


def test_both_backends_give_the_same_answers_from_one_file_at_any_size(trained, folder):
    exported(trained, folder)
    onnx = runtime.load("tiny", folder=folder, threads=1)
    other = runtime.load("tiny", folder=folder, backend="torch")
    for shape in [(1, 3, 32, 48), (3, 3, 64, 32)]:
        for a, b in zip(onnx.run(pixels(*shape)), other.run(pixels(*shape)), strict=True):
            assert a.dtype == b.dtype == np.float32
            np.testing.assert_allclose(a, b, rtol=near(other), atol=near(other) * np.abs(a).max())
    assert (onnx.version, onnx.device, onnx.record["trained_on"]) == ("1", "cpu", "nothing")


def test_equal_parameters_keep_names_of_their_own(trained, folder):
    for norm in (trained.stem[1], trained.deep[1]):
        nn.init.zeros_(norm.bias)
        nn.init.zeros_(norm.running_mean)
    exported(trained, folder)
    model = runtime.load("tiny", folder=folder, backend="torch")
    assert len(model.run(pixels(1, 3, 16, 16))) == 2


def test_a_file_is_half_the_size_of_its_parameters(trained, folder):
    wide = nn.Linear(8, 4096)
    trained.head = wide
    path = exported(trained, folder)
    assert path.stat().st_size < 0.6 * sum(4 * p.numel() for p in trained.parameters())


def test_a_large_batch_is_run_in_parts_with_the_same_answer(trained, folder, monkeypatch):
    exported(trained, folder)
    model = runtime.load("tiny", folder=folder)
    whole = model.run(pixels(5, 3, 32, 32))
    monkeypatch.setitem(runtime._PIXELS_AT_ONCE, "onnx", 2 * 32 * 32)
    for a, b in zip(whole, model.run(pixels(5, 3, 32, 32)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "batch", [np.zeros((3, 8, 8), np.float32), np.zeros((1, 3, 8, 8)), np.zeros((0, 3, 8, 8), "f4")]
)
def test_a_batch_of_another_shape_or_type_is_refused(trained, folder, batch):
    exported(trained, folder)
    with pytest.raises(ValueError, match="float32"):
        runtime.load("tiny", folder=folder).run(batch)


def test_a_parameter_that_the_net_does_not_use_is_not_lost_in_silence(trained, folder):
    trained.unused = nn.Parameter(torch.ones(3))
    with pytest.raises(CannotExport, match="unused"):
        exported(trained, folder)
    assert not list(folder.iterdir())


def test_a_value_beyond_half_precision_is_refused(trained, folder):
    nn.init.constant_(trained.map.bias, 1e6)
    with pytest.raises(CannotExport, match=r"map\.bias"):
        exported(trained, folder)


def test_the_newest_version_is_taken_by_number_and_another_by_name(trained, folder):
    for version in ("2", "10", "9"):
        exported(trained, folder, version)
    assert runtime.versions("tiny", folder) == ["2", "9", "10"]
    assert runtime.load("tiny", folder=folder).version == "10"
    assert runtime.load("tiny", "9", folder=folder).version == "9"


def test_a_missing_version_is_named_with_those_that_are_there(trained, folder):
    exported(trained, folder)
    with pytest.raises(runtime.WeightsMissing, match=r"tiny-4\.onnx .* there is: 1"):
        runtime.load("tiny", "4", folder=folder)
    with pytest.raises(runtime.WeightsMissing, match="No weights of absent"):
        runtime.load("absent", folder=folder)


def test_a_damaged_file_is_not_run(trained, folder):
    path = exported(trained, folder)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(runtime.WeightsDamaged, match="record"):
        runtime.load("tiny", folder=folder)
    path.with_suffix(".json").write_text("{")
    with pytest.raises(runtime.WeightsDamaged, match=r"tiny-1\.json"):
        runtime.load("tiny", folder=folder)


def test_weights_of_another_net_are_refused(trained, folder):
    trained.head = nn.Linear(8, 17)
    exported(trained, folder)
    with pytest.raises(runtime.WeightsDamaged, match="do not fit"):
        runtime.load("tiny", folder=folder, backend="torch")


def test_an_unknown_backend_is_named():
    with pytest.raises(runtime.UnknownBackend, match="onnx, torch"):
        runtime.load("tiny", backend="tensorflow")


def test_a_record_says_what_the_file_is(trained, folder):
    record = json.loads(exported(trained, folder).with_suffix(".json").read_text())
    assert record["name"] == "tiny"
    assert record["input"] == [None, 3, None, None]
    assert record["outputs"] == ["map", "vector"]
    assert record["seed"] == 7


class TestEightBits:
    """A copy in eight bits: near the net's own answers, and taken only where the processor is fast with it."""

    @pytest.fixture
    def quantised(self, trained, folder):
        exported(trained, folder)
        rows = pixels(24, 3, 32, 48)
        quantise("tiny", "1", [rows[i : i + 1] for i in range(len(rows))], folder=folder)
        return folder

    def test_its_answers_are_near(self, quantised):
        plain, small = (runtime.load("tiny", folder=quantised, precision=p) for p in ("float32", "int8"))
        for a, b in zip(plain.run(pixels(2, 3, 64, 32)), small.run(pixels(2, 3, 64, 32)), strict=True):
            assert np.abs(a - b).max() < 0.05 * np.abs(a).max()
        assert (plain.precision, small.precision) == ("float32", "int8")

    @pytest.mark.parametrize(("fast", "precision"), [(True, "int8"), (False, "float32")])
    def test_the_processor_decides(self, quantised, monkeypatch, fast, precision):
        monkeypatch.setattr(runtime, "multiplies_eight_bits_fast", lambda: fast)
        assert runtime.load("tiny", folder=quantised).precision == precision
        assert runtime.load("tiny", folder=quantised, backend="torch").precision == "float32"

    def test_it_is_no_version_of_its_own(self, quantised):
        assert runtime.versions("tiny", quantised) == ["1"]
        assert set(runtime.weights("tiny", folder=quantised).record["int8"]) == {"sha256", "bytes", "figures"}

    def test_where_there_is_none_float32_is_taken_or_its_lack_said(self, trained, folder, monkeypatch):
        monkeypatch.setattr(runtime, "multiplies_eight_bits_fast", lambda: True)
        exported(trained, folder)
        assert runtime.load("tiny", folder=folder).precision == "float32"
        with pytest.raises(runtime.WeightsMissing, match="eight bits"):
            runtime.load("tiny", folder=folder, precision="int8")

    def test_a_damaged_one_is_not_run(self, quantised):
        path = quantised / "tiny-1-int8.onnx"
        path.write_bytes(path.read_bytes() + b"?")
        with pytest.raises(runtime.WeightsDamaged, match="int8"):
            runtime.load("tiny", folder=quantised, precision="int8")


SHIPPED = sorted(path.stem for path in runtime.SHIPPED.glob("*.onnx") if not path.stem.endswith(runtime.EIGHT_BITS))


@pytest.mark.parametrize("name", SHIPPED or [pytest.param("", marks=pytest.mark.skip(reason="no weights are shipped"))])
class TestShipped:
    """Every weights file that ships, on both backends."""

    @pytest.fixture
    def batch(self, name):
        record = json.loads((runtime.SHIPPED / f"{name}.json").read_text())
        shape = [size or default for size, default in zip(record["input"], (2, 3, 256, 320), strict=True)]
        return np.random.default_rng(5).random(shape, np.float32)

    def test_both_backends_give_the_same_answers(self, name, batch):
        stage, _, version = name.partition("-")
        onnx = runtime.load(stage, version, threads=1, precision="float32").run(batch)
        other = runtime.load(stage, version, backend="torch")
        for a, b in zip(onnx, other.run(batch), strict=True):
            np.testing.assert_allclose(a, b, rtol=near(other), atol=near(other) * max(1.0, float(np.abs(a).max())))

    def test_its_copy_in_eight_bits_is_near(self, name, batch):
        stage, _, version = name.partition("-")
        if "int8" not in runtime.weights(stage, version).record:
            pytest.skip("it ships without one")
        plain, small = (runtime.load(stage, version, precision=p).run(batch) for p in ("float32", "int8"))
        for a, b in zip(plain, small, strict=True):
            assert np.corrcoef(a.ravel(), b.ravel())[0, 1] > 0.98

    def test_its_record_says_where_it_comes_from_and_what_it_reaches(self, name, batch):
        stage, _, version = name.partition("-")
        record = runtime.weights(stage, version).record
        assert {"name", "version", "sha256", "trained_on", "seed", "config", "figures", "limits"} <= set(record)
        assert record["name"] == stage
        assert record["version"] == version


def test_all_that_ships_is_small_enough_for_a_repository():
    assert sum(path.stat().st_size for path in runtime.SHIPPED.glob("*.onnx")) < 15_000_000
