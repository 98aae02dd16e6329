"""The networks of the planner: tower, projector, language model, and the head that makes latents of hidden states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import torch
from torch import Tensor, nn

from ...core.contract.latents import Latents
from ...core.contract.schema import Schema
from ...core.errors import InvalidDocument
from ...core.plugins.registry import registry
from ...ops.neural import WIDTH as LATENT
from .packages import package
from .tower import NAME, SIDE, Tower

GROUPS = 3
# Sliders moved less than this, in their own units, would not be seen; an op of which nothing is more is left out.
LEAST: Final = 0.004
_CURE: Final = "Fetch the bundle again."


def _size(most: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "maximum": most}


# A JSON Schema of the sizes: room for models ten times as large as the published one.
SIZES: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "vocab_size": _size(1_000_000),
        "hidden_size": _size(8192),
        "intermediate_size": _size(65_536),
        "num_hidden_layers": _size(128),
        "num_attention_heads": _size(128),
        "num_key_value_heads": _size(128),
        "rms_norm_eps": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "rope_theta": {"type": "number", "exclusiveMinimum": 0},
        "max_position_embeddings": _size(1_000_000),
        "tie_word_embeddings": {"type": "boolean"},
        "head_size": _size(65_536),
        "tower": {"type": "string", "pattern": "^[a-z0-9_]{1,64}$"},
        "picture_side": {"type": "integer", "minimum": 32, "maximum": 4096},
        "slots": {"type": "array", "maxItems": 64, "items": {"type": "string", "maxLength": 64}, "uniqueItems": True},
    },
}


@dataclass(frozen=True)
class VeraConfig:
    """Sizes of the language model and the head; names as in the published config.json,
    defaults those of the published model.

    Attributes:
        tower: timm's name of the vision tower, which gives a map of features; `picture_side`: pixels a side of the
            picture that it is shown.
        slots: ids of ops whose slots a second head fills, so that every edit is also sliders; none in the published
            model.
    """

    vocab_size: int = 151_936
    hidden_size: int = 896
    intermediate_size: int = 4864
    num_hidden_layers: int = 24
    num_attention_heads: int = 14
    num_key_value_heads: int = 2
    rms_norm_eps: float = 1e-6
    rope_theta: float = 1_000_000.0
    max_position_embeddings: int = 32_768
    tie_word_embeddings: bool = False
    head_size: int = 1344
    tower: str = NAME
    picture_side: int = SIDE
    slots: tuple[str, ...] = ()
    eos_token_id: tuple[int, ...] = (151_645,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", tuple(self.slots))  # as JSON has it, a list

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> VeraConfig:
        """The configuration that a document holds; what it does not name keeps its default,
        what is not known here is left.

        Raises:
            InvalidDocument: a value of another kind, or heads that the hidden size or one another do not fit.
        """
        found: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in document:
                value, default = document[field.name], field.default
                if field.name == "eos_token_id":
                    value = _end_tokens(value)
                elif field.name == "slots" and isinstance(value, list) and all(type(op) is str for op in value):
                    value = tuple(value)
                if type(value) is not type(default) and not (isinstance(default, float) and type(value) is int):
                    raise InvalidDocument(f"is {value!r}", path=f"config.{field.name}", cure=_CURE)
                found[field.name] = value
        made = cls(**found)
        for key, number, of in (
            ("num_attention_heads", made.num_attention_heads, made.hidden_size),
            ("num_key_value_heads", made.num_key_value_heads, made.num_attention_heads),
        ):
            if of % number:
                raise InvalidDocument(f"is {number}, which does not divide {of}", path=f"config.{key}", cure=_CURE)
        return made

    def document(self) -> dict[str, Any]:
        """As a JSON object."""
        return {**asdict(self), "slots": list(self.slots), "eos_token_id": list(self.eos_token_id)}


def _end_tokens(value: Any) -> Any:
    """One id or a list of ids as a tuple; anything else as it is."""
    ids = value if isinstance(value, list) else [value]
    return tuple(ids) if ids and all(type(id) is int for id in ids) else value


class VeraModel(nn.Module):
    """Pictures and words in, hidden states, logits and latents out.

    Args:
        config: the sizes. Weights are drawn at random until they are loaded.
    """

    def __init__(self, config: VeraConfig) -> None:
        super().__init__()
        transformers = package("transformers")
        self.config = config
        size = config.hidden_size
        self.tower = Tower(config.tower)
        self.projector = nn.Sequential(nn.Linear(self.tower.width, size), nn.GELU(), nn.Linear(size, size))
        self.language = transformers.Qwen2Model(
            transformers.Qwen2Config(
                vocab_size=config.vocab_size,
                hidden_size=size,
                intermediate_size=config.intermediate_size,
                num_hidden_layers=config.num_hidden_layers,
                num_attention_heads=config.num_attention_heads,
                num_key_value_heads=config.num_key_value_heads,
                rms_norm_eps=config.rms_norm_eps,
                rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
                max_position_embeddings=config.max_position_embeddings,
                use_sliding_window=False,
            )
        )
        self.lm_head = nn.Linear(size, config.vocab_size, bias=False)
        if config.tie_word_embeddings:
            self.lm_head.weight = self.language.embed_tokens.weight
        inner = config.head_size
        self.head = nn.Sequential(
            nn.Linear(GROUPS * size, inner),
            nn.LayerNorm(inner),
            nn.GELU(),
            nn.Linear(inner, inner),
            nn.LayerNorm(inner),
            nn.GELU(),
            nn.Linear(inner, GROUPS * LATENT),
        )
        with torch.device("cpu"):  # an op that is imported now makes tables of its own, also while shapes are tried
            self.slot_schema = Schema.of([registry.ops.load(op) for op in config.slots]) if config.slots else None
        self.slot_head = nn.Sequential() if self.slot_schema is None else _slot_head(size, inner, self.slot_schema.size)

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the language model."""
        found: torch.dtype = self.language.embed_tokens.weight.dtype
        return found

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        found: torch.device = self.language.embed_tokens.weight.device
        return found

    def see(self, pictures: Tensor) -> Tensor:
        """Pictures (B, 3, side, side) in [0, 1] as embeddings (B, tokens, hidden size); the published model's side is
        1024, its tokens 256.
        """
        seen: Tensor = self.projector(self.tower(pictures.to(self.device, self.dtype)))
        return seen

    def embed(self, ids: Sequence[int]) -> Tensor:
        """Token ids as embeddings (1, length, hidden size)."""
        embedded: Tensor = self.language.embed_tokens(torch.tensor([list(ids)], dtype=torch.long, device=self.device))
        return embedded

    def latent(self, hidden: Tensor) -> Tensor:
        """The latent (B, 3, 896) of three hidden states (B, 3, hidden size): light, colour, single colours."""
        made: Tensor = self.head(hidden.flatten(1))
        return made.reshape(len(hidden), GROUPS, LATENT)

    def sliders(self, hidden: Tensor) -> Latents:
        """The slots of built-in ops (B) by three hidden states (B, 3, hidden size), where `slots` of the configuration
        names ops.
        """
        assert self.slot_schema is not None
        return Latents.squash(self.slot_schema, self.slot_head(hidden.flatten(1)).float())


def _slot_head(size: int, inner: int, count: int) -> nn.Sequential:
    """Hidden states to raw slots, at the identity until it is trained."""
    last = nn.Linear(inner, count)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Linear(GROUPS * size, inner), nn.LayerNorm(inner), nn.GELU(), last)
