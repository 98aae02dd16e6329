"""The planner `vera`: shows the photo to the model, reads its answer, and turns its hidden states into latents of the
op `neural`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal, get_args

import torch
from torch import Tensor

from ...core.contract.latents import Latents
from ...core.contract.planner import Proposal, Thought
from ...core.contract.quantisation import dequantised, quantised
from ...core.contract.request import Mode, Request
from ...core.contract.schema import Schema
from ...core.errors import InvalidRequest, UnknownBundle, UnusableAnswer
from ...core.photo import Photo
from ...core.plan.arithmetic import bounded
from ...ops.neural import FILE as RENDERER
from ...ops.neural import Neural
from ..params import read_params
from ..rules.color_wish import asks_for_color
from ..saving import save_weights
from . import checkpoint, weights
from .answer import RETOUCH_TOKENS, read_answer
from .model import LEAST, SIZES, VeraConfig, VeraModel
from .picture import picture_of
from .precision import Runtime, precision_of
from .prompts import Prompt, prompt_for
from .tokenizer import Tokenizer
from .writing.cuda_graphs import GraphWriter
from .writing.onnx.onnx_writer import OnnxWriter
from .writing.sampling import Sampled, Sampler, Sampling
from .writing.single_writer import SingleWriter
from .writing.writer import StopCriterion, Writer, Written

OnText = Callable[[int, str], None]
"""Called with a photo's place in the batch and the next piece of its answer."""

_Asked = int | tuple[str, int]
"""What has one answer: a photo's place in its batch, or a prompt without a picture and its seed."""

_SLOTS = ("light", "global_color", "specific_color")
_REMEMBERED = 64

Head = Literal["neural", "sliders"]
"""Which head's edits are planned: embeddings of `neural`, or slots of built-in ops."""


# What a bundle's configuration may say; keys of others are left alone.
_CONFIGURATION: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "model": SIZES,
        "head": {"enum": ["neural", "sliders"]},
        "sampling": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "temperature": {"type": "number", "minimum": 0},
                "top_k": {"type": "integer", "minimum": 1},
                "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            },
        },
    },
}


class Vera:
    """Plan by the published vision-language model: auto, style and param.

    Args:
        model: its networks; `tokenizer`: its own; `neural`: the op that its latents are for.
        sampling: how tokens are chosen, as published by default and as a bundle's configuration says; `sampler` makes
            something else of a request that chooses them.
        runtime: who writes the answers; torch where it is left out.
        head: whose edits are planned; `sliders` only for a model whose configuration names `slots`. In param mode they
            are what the request says wherever there is a slider for each of its values.

    Attributes:
        stored: how `save_bundle` writes weights.

    Raises:
        UnknownBundle: no weights. InvalidRequest: sliders of a model that has none.
    """

    id = "vera"
    version = "0.1.0"
    modes: frozenset[Mode] = frozenset({"auto", "style", "param"})
    dtypes = ("float32", "bfloat16", "float16", "int8", "int4")
    configuration_schema = _CONFIGURATION
    schema = Schema.of([Neural])

    def __init__(
        self,
        model: VeraModel | None = None,
        tokenizer: Tokenizer | None = None,
        neural: Neural | None = None,
        *,
        sampling: Sampling | None = None,
        sampler: Callable[[Request], Sampler] | None = None,
        runtime: Runtime | None = None,
        head: Head = "neural",
    ) -> None:
        if model is None or tokenizer is None or neural is None:
            raise UnknownBundle("planner 'vera' has no weights of its own", cure='Load them: zoo.load("vera-0.5b").')
        if head not in get_args(Head):
            raise InvalidRequest(f"head is {head!r}", cure=f"It is one of {', '.join(get_args(Head))}.")
        self.model, self.tokenizer, self.neural = model.eval(), tokenizer, neural
        self.head: Head = head
        self.ops: tuple[Neural, ...] | None = (neural,)
        if head == "sliders":
            if model.slot_schema is None:
                raise InvalidRequest("this model has no sliders", cure="Leave head out: its edits are of `neural`.")
            self.schema, self.ops = model.slot_schema, None
        self.sampling = sampling or Sampling()
        self.sampler = sampler or (lambda request: Sampled(self.sampling, request.seed))
        most = min(self.sampling.most_tokens, model.config.max_position_embeddings)
        stop = StopCriterion(tokenizer.retouch, model.config.eos_token_id, most)
        self._writer = _writer(model, stop, runtime or Runtime())
        self._remembered: OrderedDict[_Asked, Written] = OrderedDict()
        self.stored: Literal["as it is", "int8"] = "as it is"

    def asks_for_color(self, request: Request) -> bool:
        """Whether the request's words ask for colour, as the lexicon of `rules` reads them."""
        return asks_for_color(request.prompt)

    def plan(self, photos: Sequence[Photo], requests: Sequence[Request], *, on_text: OnText | None = None) -> Proposal:
        """Propose latents and the model's own reasoning for each photo.

        The same photo, request and seed give the same answer, alone or in a batch. A parameter file is answered once,
        for however many photos; the tower does not see them then.

        Args:
            on_text: hears the answers as they are written.

        Raises:
            InvalidRequest: see `prompts.prompt_for`.
            UnusableAnswer: an answer without any retouch token.
        """
        prompts = [prompt_for(request) for request in requests]
        answers = self._answers(prompts, photos, requests, on_text)
        rows = [self._read(answer, prompt) for answer, prompt in zip(answers, prompts, strict=True)]
        hidden, used = torch.stack([states for states, _, _ in rows]), [groups for _, groups, _ in rows]
        with torch.no_grad():
            latents = self.latents(hidden, used).to("cpu", torch.float32)
        if self.ops is None:
            read = [latents.row(row) for row in range(latents.batch)]
            latents = Latents.cat([self._as_asked(*row) for row in zip(read, requests, prompts, strict=True)])
        return Proposal(latents, [thoughts for _, _, thoughts in rows])

    def latents(self, hidden: Tensor, used: Sequence[Collection[str]]) -> Latents:
        """What the planner's head makes of the states (B, 3, hidden size) that predicted the retouch tokens, for the
        groups of each row that are used; differentiable.
        """
        return self._embeddings(hidden, used) if self.ops is not None else self._sliders(hidden, used)

    def _embeddings(self, hidden: Tensor, used: Sequence[Collection[str]]) -> Latents:
        """Embeddings of `neural` by states (B, 3, hidden size); zeros for groups that are not used."""
        on = [[group in groups for group in RETOUCH_TOKENS.values()] for groups in used]
        mask = torch.tensor(on, device=hidden.device, dtype=hidden.dtype).unsqueeze(2)
        latent = self.model.latent(hidden) * mask
        values = {slot: latent[:, place] for place, slot in enumerate(_SLOTS)}
        present = torch.tensor([bool(groups) for groups in used], device=latent.device)
        return Latents(self.schema, {Neural.id: values}, present={Neural.id: present})

    def _sliders(self, hidden: Tensor, used: Sequence[Collection[str]]) -> Latents:
        """Slots of built-in ops by the same states, without those that nobody would see."""
        moved = self.model.sliders(hidden).masked(used)
        raw = moved.unsquash()
        seen = Latents.squash(self.schema, torch.where(raw.abs() < LEAST, torch.zeros_like(raw), raw))
        identity = Latents.identity(self.schema, len(hidden)).to(hidden.device)
        present = {
            op: torch.stack([self._differs(value, identity.values[op][name]) for name, value in slots.items()]).any(
                dim=0
            )
            for op, slots in seen.values.items()
        }
        return Latents(self.schema, seen.values, present=present)

    def _as_asked(self, read: Latents, request: Request, prompt: Prompt) -> Latents:
        """A row with the values that a request gives exactly, where there are sliders for all of them; what the model
        reads of them in its prompt is near, and no more.
        """
        given = read_params(request.params or {}, bounded=False) if request.mode == "param" else {}
        if not given or not given.keys() <= self.schema.specs.keys():
            return read
        values = {
            # Numbers of a parameter file beyond a slider's ends are at its ends.
            op: {
                n: torch.tensor(bounded(v, self.schema.spec(op).slots[n])).float().unsqueeze(0)
                for n, v in slots.items()
            }
            for op, slots in given.items()
        }
        return Latents(self.schema, values, batch=1).masked([prompt.groups])

    def _answers(
        self, prompts: Sequence[Prompt], photos: Sequence[Photo], requests: Sequence[Request], on_text: OnText | None
    ) -> list[Written]:
        """The answer to each prompt; those that begin alike are written side by side, and the same one, where no photo
        is shown, once.
        """
        keys: list[_Asked] = [
            row if prompt.after is not None else (str(prompt), request.seed)
            for row, (prompt, request) in enumerate(zip(prompts, requests, strict=True))
        ]
        answers: dict[_Asked, Written] = dict(self._remembered)
        batches: dict[tuple[int, ...], dict[_Asked, int]] = {}
        for row, key in enumerate(keys):
            if key not in answers:
                ids, shared = self.tokenizer.ids(prompts[row].before), self.tokenizer.ids(prompts[row].shared)
                batches.setdefault(tuple(ids[: _alike(ids, shared)]), {}).setdefault(key, row)
        for prefix, first in batches.items():
            rows = list(first.values())
            embedded = [self._embed(prompts[row], photos[row], len(prefix)) for row in rows]
            samplers = [self.sampler(requests[row]) for row in rows]
            written = self._writer.write(prefix, embedded, samplers, on_token=self._tell(rows, on_text))
            answers |= dict(zip(first, written, strict=True))
        for key in keys:
            if not isinstance(key, int):
                self._remember(key, answers[key])
        return [answers[key] for key in keys]

    @torch.inference_mode()
    def _embed(self, prompt: Prompt, photo: Photo, skipped: int) -> Tensor:
        """What follows the first tokens of a prompt, embedded: (length, hidden size)."""
        rest = self.tokenizer.ids(prompt.before)[skipped:]
        parts = [self.model.embed(rest)] if rest else []
        if prompt.after is not None:
            parts += [
                self.model.see(picture_of(photo, self.model.config.picture_side).unsqueeze(0)),
                self.model.embed(self.tokenizer.ids(prompt.after)),
            ]
        return torch.cat(parts, dim=1)[0]

    @staticmethod
    def _differs(value: Tensor, identity: Tensor) -> Tensor:
        """Whether each row (B,) of a slot's values (B, *shape) is another than the identity."""
        return (value != identity).reshape(len(value), -1).any(dim=1)

    def _read(self, answer: Written, prompt: Prompt) -> tuple[Tensor, frozenset[str], dict[str, Thought]]:
        """The states (3, hidden size) that predicted the retouch tokens, the groups that are edited, and the
        reasoning.
        """
        states = [answer.states.get(token) for token in self.tokenizer.retouch]
        text = self.tokenizer.text(answer.tokens)
        if all(state is None for state in states):
            raise UnusableAnswer(
                f"the model's answer of {len(answer.tokens)} tokens holds no edit: {text[:200]!r}",
                cure="Ask again with another seed, or in other words.",
            )
        blank = torch.zeros(self.model.config.hidden_size, dtype=self.model.dtype, device=self.model.device)
        hidden = torch.stack([blank if state is None else state for state in states])
        written = {group for state, group in zip(states, RETOUCH_TOKENS.values(), strict=True) if state is not None}
        thoughts = read_answer(text)
        for state, group in zip(states, RETOUCH_TOKENS.values(), strict=True):
            if state is None:
                thought = thoughts.setdefault(group, {})
                thought["plan"] = f"{thought.get('plan', '')} (The answer held no edit for it: left alone.)".strip()
        return hidden, prompt.groups & written, thoughts

    def _tell(self, rows: Sequence[int], on_text: OnText | None) -> Callable[[int, int], None] | None:
        if on_text is None:
            return None
        streams = self.tokenizer.stream
        listeners = [streams(lambda piece, row=row: on_text(row, piece)) for row in rows]  # type: ignore[misc]
        return lambda place, token: listeners[place](token)

    def _remember(self, key: _Asked, answer: Written) -> None:
        self._remembered[key] = answer
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    @classmethod
    def from_bundle(
        cls, bundle: Any, *, device: Any = None, dtype: Any = None, runtime: str = "torch", head: Head | None = None
    ) -> Vera:
        """The planner of a bundle: float32 unless another `dtype` is wished for the model; the renderer's network stays
        in float32.

        Args:
            dtype: a torch dtype or its name; or `int8`, `int4`: only the language model's weights, on ONNX Runtime.
            runtime: `onnx` writes the answers with ONNX Runtime in float32, too; `graphs` on a CUDA device with one
                CUDA graph a token.
            head: see `Vera`; the one that the bundle was packed with where it is left out.

        Raises:
            InvalidDocument: tensors that are missing, left over, or of another shape.
            InvalidRequest: a dtype or runtime that is not known here, or not for this device. MissingExtra: ONNX
                Runtime is not installed.
        """
        torch_dtype, chosen = precision_of(dtype, runtime, device)
        tensors = dequantised(bundle.tensors(weights.FILE), path=weights.FILE)
        model = weights.load(VeraConfig.of(bundle.configuration.get("model", {})), tensors)
        with bundle.open("tokenizer.json") as file:
            tokenizer = Tokenizer(file.read().decode())
        if chosen.name != "onnx":
            model = model.to(device=device, dtype=torch_dtype)
        else:
            for part in (model.tower, model.projector, model.head, model.slot_head, model.language.embed_tokens):
                part.float()  # the layers of the language model stay as they are stored: only the graph reads them
        neural, said = Neural.from_bundle(bundle, device=device), bundle.configuration
        sampling = Sampling(**said.get("sampling", {}))
        return cls(model, tokenizer, neural, sampling=sampling, runtime=chosen, head=head or said.get("head", "neural"))

    def save_bundle(self, folder: Path) -> dict[str, Any]:
        """Write the weights, in 8 bits where `stored` is `int8`, and the tokenizer; the configuration."""
        for file, state in ((weights.FILE, weights.state(self.model)), (RENDERER, self.neural.network.state_dict())):
            save_weights(quantised(state) if self.stored == "int8" else state, folder / file)
        (folder / "tokenizer.json").write_text(self.tokenizer.json(), encoding="utf-8")
        chosen = asdict(self.sampling)
        del chosen["most_tokens"]
        return {"model": self.model.config.document(), "head": self.head, "sampling": chosen}

    @staticmethod
    def published_files(names: Collection[str]) -> list[str]:
        """Which files of a published repository are needed; see `published.wanted`."""
        return checkpoint.wanted(names)

    @classmethod
    def from_published(cls, files: Mapping[str, Path]) -> Vera:
        """The planner of a published checkpoint; see `published.read`."""
        model, tokenizer, network = checkpoint.read(files)
        return cls(model, tokenizer, Neural(network))


def _writer(model: VeraModel, stop: StopCriterion, runtime: Runtime) -> Writer | SingleWriter:
    if runtime.name == "onnx":
        return OnnxWriter(model, runtime.weights, stop)
    return GraphWriter(model, stop) if runtime.name == "graphs" else Writer(model, stop)


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts have in common at their beginning."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))
