"""From a trained net to what ships: an ONNX file with half-precision parameters, and a record of it beside."""

import hashlib
import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from ml.nets.folding import fold
from ml.runtime import SHIPPED, name_of

__all__ = ["export", "fold"]

OPSET = 17
SHAPE = ("batch", "channels", "height", "width")
AXES = {"batch": 0, "height": 2, "width": 3}
LARGEST_HALF = 65504.0


class CannotExport(ValueError):
    """The net has something that a weights file cannot hold, or answers differently from one."""


def export(
    module: nn.Module,
    stage: str,
    version: str,
    example: torch.Tensor,
    *,
    record: Mapping[str, Any],
    inputs: Sequence[str] = ("pixels",),
    outputs: Sequence[str] = ("out",),
    dynamic: Sequence[str] = ("batch",),
    folder: Path = SHIPPED,
) -> Path:
    """Fold, write `<stage>-<version>.onnx` and `.json` into `folder`, check that both runtimes agree; returns the file.

    example: a batch as the net takes it, float32 NCHW. dynamic: which of batch, height and width may change from call
    to call. record: what people and the registry are told (trained_on, seed, config, figures, limits); name, version,
    sha256 and the shapes are added. Initializers carry the names of `state_dict()`, parameters as float16.
    Raises CannotExport: a parameter is lost, or beyond float16's range; the answers differ.
    """
    net = rounded(fold(module.cpu()))
    graph = _traced(net, example, inputs=inputs, outputs=outputs, dynamic=dynamic)
    _name_every_parameter(graph, net)
    _halve(graph, {name for name, _ in net.named_parameters()})
    onnx.checker.check_model(graph)
    content = graph.SerializeToString()
    _hold_to(net, example, content)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name_of(stage, version)}.onnx"
    told = {
        "name": stage,
        "version": version,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "parameters": sum(p.numel() for p in net.parameters()),
        "input": [None if axis in dynamic else size for axis, size in zip(SHAPE, example.shape, strict=True)],
        "outputs": list(outputs),
        **record,
    }
    write_whole(path, content)
    write_whole(path.with_suffix(".json"), (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode())
    return path


def rounded(module: nn.Module) -> nn.Module:
    """The same module with its parameters at what float16 can hold. Raises CannotExport beyond its range."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if not torch.isfinite(parameter).all() or parameter.abs().max() > LARGEST_HALF:
                raise CannotExport(f"{name} holds values beyond half precision.")
            parameter.copy_(parameter.half().float())
    return module


def _traced(
    net: nn.Module, example: torch.Tensor, *, inputs: Sequence[str], outputs: Sequence[str], dynamic: Sequence[str]
) -> onnx.ModelProto:
    with torch.no_grad():
        answers = net(example)
    answers = answers if isinstance(answers, tuple | list) else (answers,)
    axes = {inputs[0]: {AXES[axis]: axis for axis in dynamic}}
    for name, answer in zip(outputs, answers, strict=True):
        axes[name] = {AXES[a]: a if a == "batch" else f"{name}_{a}" for a in dynamic if AXES[a] < answer.dim()}
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        file = Path(place) / "traced.onnx"
        # the tracing exporter needs only `onnx`; the newer one needs two more packages and renames parameters
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            net,
            (example,),
            file,
            dynamo=False,
            opset_version=OPSET,
            # folding here would transpose and rename parameters; the runtime folds when it loads
            do_constant_folding=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
        )
        return onnx.load_model(file)


def _name_every_parameter(model: onnx.ModelProto, net: nn.Module) -> None:
    """Give parameters that the exporter merged, because they are equal, initializers of their own again."""
    graph, state = model.graph, net.state_dict()
    held = {tensor.name for tensor in graph.initializer}
    for node in [n for n in graph.node if n.op_type == "Identity" and n.output[0] in state and n.input[0] in held]:
        graph.initializer.append(numpy_helper.from_array(state[node.output[0]].numpy(), node.output[0]))
        graph.node.remove(node)
    held = {tensor.name for tensor in graph.initializer}
    lost = [name for name, _ in net.named_parameters() if name not in held]
    if lost:
        raise CannotExport(f"Not used by the net, or renamed on the way: {', '.join(lost)}.")


def _halve(model: onnx.ModelProto, names: set[str]) -> None:
    """Store these float32 initializers as float16, each with a Cast in front of its readers."""
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.name not in names or tensor.data_type != TensorProto.FLOAT:
            continue
        name, wide = tensor.name, f"{tensor.name}.float32"
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), name))
        casts.append(helper.make_node("Cast", [name], [wide], name=f"{name}/widen", to=TensorProto.FLOAT))
        for node in graph.node:
            for position, used in enumerate(node.input):
                if used == name:
                    node.input[position] = wide
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _hold_to(net: nn.Module, example: torch.Tensor, content: bytes) -> None:
    """Raise CannotExport where ONNX Runtime does not give the module's own answer."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        answers = net(example)
    answers = answers if isinstance(answers, tuple | list) else (answers,)
    for ours, theirs in zip(answers, session.run(None, {session.get_inputs()[0].name: example.numpy()}), strict=True):
        if not np.allclose(ours.numpy(), theirs, rtol=1e-3, atol=1e-3 * max(1.0, float(ours.abs().max()))):
            raise CannotExport("The exported file answers differently from the net.")


def write_whole(path: Path, content: bytes) -> None:
    """Write beside and rename: a reader sees the old file or the new one."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.replace(path)
