"""What the model is asked, in the words that it was trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ...core.contract.request import Request
from ...core.errors import InvalidRequest
from ...core.plan.addresses import Values
from ...ops.crs import FIELDS, PARAMETER_FILE
from ..params import field_numbers, read_params

IMAGE: Final = "<image>"
_HEAD: Final = "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n"
_TAIL: Final = "<|im_end|>\n<|im_start|>assistant\n"

_AUTO: Final = (
    "\n<Auto_Retouch_Task>\nNow, you are acting as a Retouch Agent. When I provide an image, please state the problems"
    " found in the image (from 3 aspects: lighting, global_color, specific color), and give the solution and retouch"
    " tokens."
)
_STYLE: Final = (
    "\n<Style_Retouch_Task>\nNow, you are acting as a Retouch Agent. I will provide an image and an instruction, please"
    " give me a retouch plan and retouch tokens.\n Instruction: "
)
_PARAM: Final = (
    "<Professional_Retouch_Task>\nNow, you are acting as a Retouch Agent. I will provide an image and an professional"
    " instruction (plain text description or retouch operator parameters range from -1.0 to 1.0), please give me a"
    " retouch plan and retouch tokens.\n Instruction: "
)
_TITLES: Final = {
    "lighting": "Light Adjustment",
    "global_color": "Color and Temperature Adjustment",
    "specific_color": "Specific Color Adjustment",
}
_NOTHING: Final = 1e-4

# Tokens of the model's own besides those of its answers: ends of turns, and tasks.
SPECIAL: Final = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<Auto_Retouch_Task>",
    "<Style_Retouch_Task>",
    "<Professional_Retouch_Task>",
)


@dataclass(frozen=True)
class Prompt:
    """Text before the picture and after it; no text after it where there is no picture.
    `groups` are those that are edited.

    `shared` is how much of `before` is the same in every prompt of its kind.
    """

    before: str
    after: str | None
    groups: frozenset[str]
    shared: str

    def __str__(self) -> str:
        return self.before if self.after is None else self.before + IMAGE + self.after


def prompt_for(request: Request) -> Prompt:
    """The prompt of a request.

    Raises:
        InvalidRequest: a mode that the model has not, markers of its own in the words, values that it has no names for.
    """
    groups = frozenset(PARAMETER_FILE) if request.groups is None else request.groups
    if request.mode == "auto":
        return Prompt(_HEAD, _AUTO + _TAIL, groups, _HEAD)
    if request.mode == "style":
        words = request.prompt or ""
        for marker in ("<|im_", IMAGE, "<|endoftext|>"):
            if marker in words:
                raise InvalidRequest(f"the style holds {marker!r}, which ends the prompt", cure="Leave it out.")
        return Prompt(_HEAD, _STYLE + words + _TAIL, groups, _HEAD)
    if request.mode == "param":
        given = request.params or {}
        fields = parameters(read_params(given, bounded=False), field_numbers(given))
        moved = {group for group, values in fields.items() if any(abs(value) > _NOTHING for value in values.values())}
        words = str({_TITLES[group]: values for group, values in fields.items()})
        return Prompt(_HEAD + _PARAM + words + _TAIL, None, groups & moved, _HEAD + _PARAM)
    raise InvalidRequest(f"the model has no mode {request.mode!r}", cure="Use auto, style or param.")


def passages() -> list[str]:
    """What stands the same in every prompt of a kind: around the picture, around a style's words, and between numbers.

    >>> passages()[-2]
    ", 'LuminanceAdjustmentMagenta': "
    """
    words = str({_TITLES[group]: fields for group, fields in parameters({}).items()})
    between = words.split("0.0")
    return [_HEAD, _AUTO + _TAIL, _STYLE, _TAIL, _PARAM + between[0], *between[1:-1], between[-1] + _TAIL]


def parameters(values: Values, numbers: Mapping[str, float] | None = None) -> dict[str, dict[str, float]]:
    """The 38 fields of the published parameter file, by group, each in [-1, 1] and rounded to three places.

    Args:
        values: op -> slot -> value.
        numbers: what a parameter file says of a field, from -100 to 100; it is taken as it is,
            since the way through a slot's unit rounds.

    Raises:
        InvalidRequest: a value of an op, slot or band that no field stands for.
    """
    known = {(FIELDS[name].op, FIELDS[name].slot) for names in PARAMETER_FILE.values() for name in names}
    for op, slots in values.items():
        for slot in slots:
            if (op, slot) not in known:
                raise InvalidRequest(
                    f"params.{op}.{slot}: the model has no word for it",
                    cure="It knows the 38 fields of the published parameter file; the planner 'rules' knows every op.",
                )
    return {
        group: {name: _of_field(name, values, numbers or {}) for name in names}
        for group, names in PARAMETER_FILE.items()
    }


def _of_field(name: str, values: Values, numbers: Mapping[str, float]) -> float:
    if name in numbers:
        return round(numbers[name] / 100, 3) + 0.0
    field = FIELDS[name]
    value = values.get(field.op, {}).get(field.slot)
    if value is None:
        return 0.0
    number = float(value if field.index is None else value[field.index])
    return round(field.to_parameter_file(number) / 100, 3) + 0.0
