"""Run a package's MIL program without Apple's runtime.

Operation by operation, each result in the precision that it is declared with.

An operation that is not known here is an error, never skipped. Values are checked against their declared shapes and
types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ....core.errors import IncompatibleBundle, InvalidDocument
from ...extras import coremltools
from .mil import DTYPES, OPERATIONS

States = dict[str, Tensor]
"""What a stateful program remembers between runs, by name."""

Alter = Callable[[Any, list[Tensor]], list[Tensor]]
"""For tests: given an operation and its results, gives other results."""

Known = Mapping[Any, list[Tensor]]
"""For tests: results of operations, which are not computed again."""

WEIGHTS: Final = "Data/com.apple.CoreML/weights"


class Interpreter:
    """A package's program, read once.

    Args:
        package: an .mlpackage folder. `function`: which of its functions; the default one is `main` or the only one.

    Raises:
        InvalidDocument: it has no such function, or is no program. MissingExtra: coremltools is not installed.
    """

    def __init__(self, package: Path, function: str | None = None) -> None:
        self.spec = coremltools().utils.load_spec(str(package))
        if self.spec.WhichOneof("Type") != "mlProgram":
            raise InvalidDocument("holds no MIL program", path=str(package), cure="Only ML programs are run here.")
        load = import_module("coremltools.converters.mil.frontend.milproto.load").load
        program = load(self.spec, self.spec.specificationVersion, file_weights_dir=str(package / WEIGHTS))
        name = function or self.spec.description.defaultFunctionName or next(iter(program.functions))
        if name not in program.functions:
            known = ", ".join(program.functions)
            raise InvalidDocument(f"has no function {name!r}", path=str(package), cure=f"It has {known}.")
        self.function = program.functions[name]
        self._kept: dict[Any, Any] = {}

    @property
    def operations(self) -> list[Any]:
        """The operations that compute something, in order; constants are not among them."""
        return [operation for operation in self.function.operations if operation.op_type != "const"]

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each input."""
        return {name: tuple(v.shape) for name, v in self.function.inputs.items() if not _is_state(v)}

    def states(self) -> States:
        """Fresh states, all zeros."""
        found = {name: v for name, v in self.function.inputs.items() if _is_state(v)}
        return {name: torch.zeros(tuple(v.shape), dtype=_dtype(v)) for name, v in found.items()}

    @torch.no_grad()
    def run(
        self,
        inputs: Mapping[str, Any],
        states: States | None = None,
        *,
        alter: Alter | None = None,
        known: Known | None = None,
    ) -> dict[str, np.ndarray[Any, Any]]:
        """The outputs by name; states are moved on in place.

        Args:
            inputs: arrays of the declared shapes; an image is (1, 3, H, W) from 0 to 255, red first.

        Raises:
            InvalidDocument: an input that is missing, too much, or of another shape; a value that is not as declared.
            IncompatibleBundle: an operation that is not known here.
        """
        values = self._given(inputs, {} if states is None else states)
        last = self._last_uses
        for place, operation in enumerate(self.function.operations):
            if operation.op_type == "const":
                continue
            results = (self._kept if known is None and alter is None else known or {}).get(operation)
            if results is None:
                results = _results(operation, values, {} if states is None else states)
                results = results if alter is None else alter(operation, results)
                _check(operation, results)
                if alter is None and operation.op_type.startswith("constexpr"):
                    self._kept[operation] = results
            values.update(zip(operation.outputs, results, strict=True))
            for variable in last.get(place, ()):
                values.pop(variable, None)
        return {variable.name: _value(variable, values).numpy() for variable in self.function.outputs}

    def peak_bytes(self) -> int:
        """The most that values of one run take at a time, and the states.

        An estimate of the memory beside the weights.
        """
        inputs = self.function.inputs.values()
        held = peak = sum(map(_bytes, inputs))
        for place, operation in enumerate(self.function.operations):
            if operation.op_type == "const" or operation.op_type.startswith("constexpr"):
                continue
            held += sum(map(_bytes, operation.outputs))
            peak = max(peak, held)
            held -= sum(_bytes(v) for v in self._last_uses.get(place, ()) if _is_computed(v) and v not in inputs)
        return peak

    def _given(self, inputs: Mapping[str, Any], states: States) -> dict[Any, Tensor]:
        wanted = self.inputs
        if set(wanted) != set(inputs):
            raise InvalidDocument(f"inputs {sorted(inputs)} were given", cure=f"It takes {', '.join(sorted(wanted))}.")
        values: dict[Any, Tensor] = {}
        for name, variable in self.function.inputs.items():
            if _is_state(variable):
                if name not in states:
                    raise InvalidDocument(f"state {name!r} is missing", cure="Begin with states().")
                continue
            value = torch.as_tensor(np.asarray(inputs[name])).to(_dtype(variable))
            if tuple(value.shape) != wanted[name]:
                raise InvalidDocument(f"has shape {tuple(value.shape)}", path=name, cure=f"Give {wanted[name]}.")
            values[variable] = value
        return values

    @cached_property
    def _last_uses(self) -> dict[int, list[Any]]:
        """After which operation a value is not needed any more."""
        last: dict[Any, int] = {}
        for place, operation in enumerate(self.function.operations):
            for value in operation.inputs.values():
                for variable in value if isinstance(value, list | tuple) else [value]:
                    if variable is not None and variable not in self.function.outputs:
                        last[variable] = place
        found: dict[int, list[Any]] = {}
        for variable, place in last.items():
            found.setdefault(place, []).append(variable)
        return found


def _results(operation: Any, values: Mapping[Any, Tensor], states: States) -> list[Tensor]:
    """What an operation makes of its inputs, rounded to what it declares."""
    kind = operation.op_type
    if kind == "read_state":
        return [states[operation.inputs["input"].name].clone()]
    if kind == "coreml_update_state":
        name = operation.inputs["state"].name
        states[name] = _value(operation.inputs["value"], values).to(states[name].dtype)
        return [states[name].clone()]
    if kind not in OPERATIONS:
        raise IncompatibleBundle(
            f"MIL operation {kind!r} is not known to the interpreter",
            cure="Add it to zoo/coreml/interpretation/mil.py.",
        )
    given = {name: _argument(value, values) for name, value in operation.inputs.items() if value is not None}
    try:
        found = OPERATIONS[kind](**given)
    except (IndexError, RuntimeError, TypeError, ValueError) as error:  # a place beyond the context, for one
        told = str(error).splitlines()[0]
        raise InvalidDocument(
            f"operation {operation.name!r} ({kind}) cannot be computed: {told}", cure="Are the inputs in their range?"
        ) from None
    results = found if isinstance(found, list) else [found]
    return [result.to(_dtype(variable)) for result, variable in zip(results, operation.outputs, strict=True)]


def _argument(value: Any, values: Mapping[Any, Tensor]) -> Any:
    """A value to compute with: half precision as float32, options as plain Python."""
    if isinstance(value, list | tuple):
        return [_argument(each, values) for each in value]
    if value not in values and value.op.op_type == "const" and not _is_weight(value.val):
        return value.val.tolist() if isinstance(value.val, np.ndarray | np.generic) else value.val
    found = _value(value, values)
    return found.float() if found.dtype == torch.float16 else found


def _is_weight(value: Any) -> bool:
    return isinstance(value, np.ndarray) and (value.dtype.kind == "f" or value.size > 64 or value.dtype == np.int8)


def _value(variable: Any, values: Mapping[Any, Tensor]) -> Tensor:
    if variable in values:
        return values[variable]
    return torch.as_tensor(np.asarray(variable.val)).to(_dtype(variable))


def _check(operation: Any, results: list[Tensor]) -> None:
    for result, variable in zip(results, operation.outputs, strict=True):
        declared = tuple(variable.shape), _dtype(variable)
        if (tuple(result.shape), result.dtype) != declared:
            raise InvalidDocument(
                f"operation {operation.name!r} made {tuple(result.shape)} {result.dtype}, declared are {declared}",
                cure="Convert the package again.",
            )


def _is_state(variable: Any) -> bool:
    return variable.sym_type.__name__ == "state" or hasattr(variable.sym_type, "wrapped_type")


def _is_computed(variable: Any) -> bool:
    return (
        variable.op is not None and variable.op.op_type != "const" and not variable.op.op_type.startswith("constexpr")
    )


def _bytes(variable: Any) -> int:
    return int(np.prod(variable.shape)) * _dtype(variable).itemsize


def _dtype(variable: Any) -> torch.dtype:
    builtin = import_module("coremltools.converters.mil.mil.types").builtin_to_string
    name = builtin(variable.dtype)
    return DTYPES[{"int4": "int8", "uint4": "uint8"}.get(name, name)]
