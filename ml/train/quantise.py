"""Eight-bit copies of exported nets, for processors that multiply eight bits fast.

    python -m ml.train.quantise detect 1 --config ml/train/configs/detect-small.toml [--data DIR] [--backgrounds DIR]

A copy is kept only where it earns it: whoever makes one measures it on real photographs first (docs/recognition.md).
"""

import argparse
import hashlib
import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from tqdm import tqdm

from ml import runtime
from ml.train.export import write_whole
from ml.train.loop import read_config
from ml.types import Floats

QUANTISED = {"Conv", "Add", "Relu", "Clip", "Mul", "HardSwish", "Concat", "Resize", "MaxPool"}
"""Steps that are done in eight bits, where they work on (n, channels, height, width); the rest stays as it is."""


class _Samples(CalibrationDataReader):
    def __init__(self, name: str, batches: Iterable[Floats]) -> None:
        self.rows = ({name: batch} for batch in batches)

    def get_next(self) -> dict[str, Any] | None:
        return next(self.rows, None)


def quantise(
    stage: str,
    version: str,
    batches: Iterable[Floats],
    *,
    keep: Sequence[str] = (),
    figures: Mapping[str, object] | None = None,
    folder: Path = runtime.SHIPPED,
) -> Path:
    """Write `<stage>-<version>-int8.onnx` beside the net it comes from, and its digest into the net's record.

    batches: what the net is served, float32 NCHW; a hundred varied rows are enough to find the range of every value.
    Activations unsigned, weights signed per channel, both rounded to the nearest of 256 steps; the net's last convolutions
    (whose outputs it gives away) and the nodes of `keep` stay in float32. figures: what it costs, for the record.
    """
    source = runtime.weights(stage, version, folder=folder)
    model = widened(onnx.load(source.path))
    with tempfile.TemporaryDirectory() as place:
        plain, ready, small = (Path(place) / name for name in ("plain.onnx", "ready.onnx", "small.onnx"))
        onnx.save(model, plain)
        quant_pre_process(plain, ready, skip_symbolic_shape=True)
        graph = onnx.shape_inference.infer_shapes(onnx.load(ready)).graph
        quantize_static(
            ready,
            small,
            _Samples(graph.input[0].name, batches),
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            nodes_to_quantize=[name for name in _nodes_of_maps(graph) if name not in keep],
        )
        content = small.read_bytes()
    path = source.path.with_name(f"{runtime.name_of(stage, version)}{runtime.EIGHT_BITS}.onnx")
    told = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "figures": dict(figures or {})}
    write_whole(path, content)
    record = json.dumps({**source.record, "int8": told}, indent=2, ensure_ascii=False) + "\n"
    write_whole(source.path.with_suffix(".json"), record.encode())
    return path


def widened(model: Any) -> Any:
    """The model with its parameters as float32 and without the Casts, through which a quantiser does not see."""
    graph = model.graph
    names = {tensor.name for tensor in graph.initializer}
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in names]
    origin = {node.output[0]: node.input[0] for node in casts}
    for node in casts:
        graph.node.remove(node)
    for node in graph.node:
        node.input[:] = [origin.get(name, name) for name in node.input]
    for tensor in graph.initializer:
        if tensor.name in origin.values():
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    return model


def _nodes_of_maps(graph: Any) -> list[str]:
    """The nodes that work on feature maps and do not make an answer; sums that compute a size are not among them."""
    ranks = {
        value.name: len(value.type.tensor_type.shape.dim)
        for value in (*graph.value_info, *graph.output)
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    }
    answers = {value.name for value in graph.output}
    return [
        node.name
        for node in graph.node
        if node.op_type in QUANTISED and ranks.get(node.output[0]) == 4 and node.output[0] not in answers
    ]


def scenes_for_detect(config: Mapping[str, Any], data: Path | None, backgrounds: Path | None) -> Iterator[Floats]:
    """What the outline net is served: composed scenes as it was trained on, one by one, without end."""
    from ml.generate.backgrounds import Backgrounds
    from ml.train import detect

    seed, told = config["schedule"].get("seed", 1), config["scenes"]
    fronts, backs = detect.pictures_for(data, drawn=min(200, told["drawn"]), seed=seed)
    card, grounds = detect.card_source(fronts, backs), Backgrounds(backgrounds)
    size = told["size"] // detect.STRIDE * detect.STRIDE
    for number in itertools.count():
        rng = np.random.default_rng([seed, 0x1278, number])
        scenes = detect.make_batch(rng, card=card, backgrounds=grounds, size=size, count=1)["pixels"]
        yield np.asarray(scenes.astype(np.float32) / np.float32(127.5) - np.float32(1), np.float32)


def sheets_for_grade(config: Mapping[str, Any], data: Path | None, backgrounds: Path | None) -> Iterator[Floats]:
    """What the wear net is served: patches of worn cards as it was trained on, one by one, without end."""
    from ml.generate.sources import split
    from ml.train import grade

    seed, told = config["schedule"].get("seed", 1), config["patches"]
    patches = grade.Patches(
        split(data)[0] if data else [], told["size"], told["batch"], told["cards"], told["window"], told["strength"]
    )
    for number in itertools.count():
        made = patches(np.random.default_rng([seed + 0x1278, number]))["pixels"]
        yield from (np.ascontiguousarray(made[i : i + 1], np.float32) for i in range(len(made)))


SERVED = {"detect": scenes_for_detect, "grade": sheets_for_grade}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=SERVED)
    parser.add_argument("version")
    parser.add_argument("--config", type=Path, required=True, help="what the net was trained with")
    parser.add_argument("--data", type=Path, help="folder with cards/refs.csv")
    parser.add_argument("--backgrounds", type=Path, help="folder of photographs")
    parser.add_argument("--rows", type=int, default=128, help="how many inputs find the ranges")
    parser.add_argument("--folder", type=Path, default=runtime.SHIPPED)
    told = parser.parse_args()
    served = SERVED[told.stage](read_config(told.config), told.data, told.backgrounds)
    rows = tqdm(itertools.islice(served, told.rows), total=told.rows, desc="ranges")
    print(quantise(told.stage, told.version, rows, folder=told.folder))


if __name__ == "__main__":
    main()
