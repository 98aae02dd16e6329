"""From torch to MIL: a network is exported to ATen operations, and each of them is written as MIL operations.

What depends on no input is computed by torch and becomes a constant: matrices that are inverted in float64 arrive as
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from ....core.errors import BrokenPlugin
from ...extras import builder, coremltools
from .aten import TRANSLATIONS
from .operands import constant, symbolic

# Tensors of so many numbers are compared by value.
_SMALL: Final = 1024
_BROKEN_DOWN: Any = torch.export.default_decompositions()
# In its parts it asks whether a row is masked out altogether, which none is where there is no mask.
_BROKEN_DOWN.pop(torch.ops.aten._safe_softmax.default)
# And computes the same in two ways.
for _overload in (torch.ops.aten.lerp.Scalar, torch.ops.aten.lerp.Tensor):
    _BROKEN_DOWN.pop(_overload, None)


def program(
    network: nn.Module, inputs: Mapping[str, Sequence[int]], outputs: Sequence[str], *, by_value: bool = False
) -> Any:
    """The MIL program of a network in evaluation mode, in float32; its inputs are float32 tensors of fixed shapes.

    Args:
        inputs: name -> shape, in the order of the network's arguments; `outputs`: names of what it returns.
            Buffers that its attribute `written` names are written down as they are: what follows from them is computed
            on the phone.
        by_value: trace it on zeros, where some shapes depend on values, and not on shapes alone, which takes no
            computing.

    Raises:
        BrokenPlugin: the network does something that has no translation.
    """
    stored = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    weights = [value.detach() for value in stored.values()]
    examples = [torch.zeros(*shape) for shape in inputs.values()]

    def forward(weights: Sequence[Tensor], given: Sequence[Tensor]) -> Any:
        return torch.func.functional_call(network, dict(zip(stored, weights, strict=True)), tuple(given))

    with torch.no_grad():
        network.eval()
        trace = make_fx(torch.func.functionalize(forward), _BROKEN_DOWN, tracing_mode="real" if by_value else "fake")
        traced = trace(weights, examples)

    written = getattr(network, "written", ())

    def body(*given: Any) -> list[Any]:
        held = [
            builder().const(val=constant(value)) if name in written else value
            for name, value in zip(stored, weights, strict=True)
        ]
        with torch.no_grad():
            found = _Translator(traced).run(*held, *given, enable_io_processing=False)
        return list(found) if isinstance(found, list | tuple) else [found]

    return write(body, {name: tensor(shape) for name, shape in inputs.items()}, outputs)


def tensor(shape: Sequence[int], dtype: str = "fp32") -> Any:
    """An input of a program: fp32, fp16 or int32."""
    types = coremltools().converters.mil.mil.types
    return builder().placeholder(shape=tuple(shape), dtype=getattr(types, dtype))


def write(body: Callable[..., Sequence[Any]], inputs: Mapping[str, Any], outputs: Sequence[str]) -> Any:
    """The MIL program that a function writes.

    Args:
        body: takes the inputs' variables and gives as many as there are output names.
        inputs: name -> `tensor` or state.
    """
    mil, mb = coremltools().converters.mil, builder()
    mb.name_count.clear()  # else names would tell how many programs came before
    written = mil.mil.Program()
    with mil.mil.Function(dict(inputs), opset_version=coremltools().target.iOS18) as function:
        found = body(*(function.inputs[name] for name in inputs))
        function.set_outputs([mb.identity(x=value, name=name) for value, name in zip(found, outputs, strict=True)])
    written.add_function("main", function)
    return written


class _Translator(torch.fx.Interpreter):
    """Runs a graph on tensors and MIL variables: what meets a variable is written down, the rest is computed.

    What is asked for twice is written once.
    """

    def __init__(self, graph: torch.fx.GraphModule) -> None:
        super().__init__(graph)
        # What was written for an operation and its arguments; the arguments stay, or another object might take their
        # place in memory.
        self._written: dict[Any, tuple[Any, Any]] = {}

    def run_node(self, node: torch.fx.Node) -> Any:
        if getattr(node.target, "_overloadpacket", None) is torch.ops.aten.full_like:
            like, value = node.meta["tensor_meta"], float(str(node.args[1]))  # shape and dtype are all that counts
            return torch.full(like.shape, value, dtype=like.dtype)
        return super().run_node(node)

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not symbolic((args, kwargs)):
            return super().call_function(target, args, kwargs)
        name = getattr(target, "_overloadpacket", target)
        if name not in TRANSLATIONS:
            raise BrokenPlugin(
                f"operation {target} has no translation to Core ML", cure="Add one to zoo/coreml/translation/aten.py."
            )
        key = (name, _key(args), _key(kwargs))
        if key not in self._written:
            self._written[key] = TRANSLATIONS[name](*args, **kwargs), (args, kwargs)
        return self._written[key][0]


def _key(value: Any) -> Any:
    """What is equal for arguments that are the same: variables by themselves, small tensors by their values."""
    if isinstance(value, dict):
        return tuple((name, _key(each)) for name, each in sorted(value.items()))
    if isinstance(value, list | tuple):
        return tuple(map(_key, value))
    if isinstance(value, Tensor) and value.numel() <= _SMALL:
        return value.dtype, tuple(value.shape), tuple(value.flatten().tolist())
    if value is None or isinstance(value, bool | int | float | str | torch.dtype):
        return type(value), value
    return id(value)
