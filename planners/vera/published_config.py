"""The published config.json: what its keys must say for the networks here to be the model,
and the sizes that they give.

A key that changes what a network computes is a row of `_ALLOWED`: other values are refused by name.
Keys that only describe training or serving are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ...core.errors import InvalidDocument
from ...core.strict_json import judge_by, shorten
from .model import SIZES, VeraConfig
from .tower import WIDTH

MODEL_TYPE: Final = "llava_qwen2"
TOWER: Final = "mobileclip_l_1024"


def _is_rope(value: Any) -> bool:
    """Whether rotary positions are plain ones: no scaling, no kind but `default`."""
    return value is None or (isinstance(value, dict) and value.get("rope_type", value.get("type")) in (None, "default"))


def _is_full_attention(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(kind == "full_attention" for kind in value))


def _is_tower(value: Any) -> bool:
    return isinstance(value, str) and value.rstrip("/").rpartition("/")[2] == TOWER


def _one_of(*values: Any) -> Callable[[Any], bool]:
    return lambda value: any(value == known and type(value) is type(known) for known in values)


# Key -> whether its value is supported, and what is.
_ALLOWED: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "hidden_act": (_one_of("silu"), "'silu'"),
    "rope_scaling": (_is_rope, "null"),
    "rope_parameters": (_is_rope, "the rope type 'default'"),
    "use_sliding_window": (_one_of(False, None), "false"),
    "layer_types": (_is_full_attention, "'full_attention' for every layer"),
    "mm_vision_tower": (_is_tower, repr(TOWER)),
    "mm_hidden_size": (_one_of(WIDTH), str(WIDTH)),
    "mm_projector_type": (_one_of("mlp2x_gelu"), "'mlp2x_gelu'"),
    "mm_patch_merge_type": (_one_of("flat"), "'flat'"),
    "mm_use_im_start_end": (_one_of(False, None), "false"),
    "mm_use_im_patch_token": (_one_of(False, None), "false"),
    "quantization_config": (_one_of(None), "null"),
}


def read_config(document: Any, *, vocab_size: int | None = None, head_size: int | None = None) -> VeraConfig:
    """The sizes of a published config.json.

    Args:
        vocab_size, head_size: rows of the embedding and of the retouch head's first layer, as the weights have them. An
            embedding padded beyond the document's `vocab_size` is accepted.

    Raises:
        InvalidDocument: a value that the networks here do not support, or of another kind; its key is named.
    """
    if not isinstance(document, Mapping):
        raise InvalidDocument(f"is {shorten(document)}", path="config.json", cure="It must be a JSON object.")
    if (kind := document.get("model_type")) not in (None, MODEL_TYPE):
        raise InvalidDocument(
            f"is of the kind {shorten(kind)}", path="config.model_type", cure=f"{MODEL_TYPE!r} is read."
        )
    for key, (is_supported, supported) in _ALLOWED.items():
        if key in document and not is_supported(document[key]):
            raise InvalidDocument(
                f"is {shorten(document[key])}, which is not supported",
                path=f"config.{key}",
                cure=f"Supported: {supported}. Is it another model?",
            )
    from jsonschema import Draft202012Validator

    found = dict(document)
    rope = document.get("rope_parameters")
    if isinstance(rope, dict) and "rope_theta" in rope:  # where transformers 5 writes it
        found["rope_theta"] = rope["rope_theta"]
    judge_by(found, Draft202012Validator(SIZES), name="config")
    config = VeraConfig.of(found)
    if head_size is not None:
        found["head_size"] = head_size
    if vocab_size is not None and vocab_size > config.vocab_size:
        found["vocab_size"] = vocab_size
    return VeraConfig.of(found)
