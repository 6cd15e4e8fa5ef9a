"""Eight-bit copies of exported nets, for processors that multiply eight bits fast.

    python -m ml.train.quantise STAGE VERSION --samples FILE.npy

A copy is kept only where it earns it: whoever makes one measures it on real photographs first (docs/recognition.md).
"""

import argparse
import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from ml import runtime
from ml.train.export import write_whole
from ml.types import Floats

QUANTISED = {"Conv", "Add", "Relu", "Clip", "Mul", "HardSwish", "Concat", "Resize", "MaxPool"}
"""Steps that are done in eight bits, where they work on (n, channels, height, width); the rest stays as it is."""


class _Samples(CalibrationDataReader):
    def __init__(self, name: str, batches: Iterable[Floats]) -> None:
        self.rows = iter([{name: batch} for batch in batches])

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


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage")
    parser.add_argument("version")
    parser.add_argument("--samples", type=Path, required=True, help="a .npy file, float32 (n, channels, height, width)")
    parser.add_argument("--folder", type=Path, default=runtime.SHIPPED)
    options = parser.parse_args()
    samples = np.load(options.samples, mmap_mode="r")
    batches = [np.ascontiguousarray(samples[i : i + 1], np.float32) for i in range(len(samples))]
    print(quantise(options.stage, options.version, batches, folder=options.folder))


if __name__ == "__main__":
    main()
