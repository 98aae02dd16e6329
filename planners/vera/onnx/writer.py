"""Write answers with ONNX Runtime: what `decode.Writer` does, one answer after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ..decode import OnToken, Written
from ..model import VeraModel
from ..packages import package
from ..sampling import Choice
from .graph import Graph

BITS: Final = {"float32": 32, "int8": 8, "int4": 4}


class OnnxWriter:
    """Writes answers to prompts.

    Args:
        weights: `float32`, `int8` or `int4`, in blocks of 32. In int8 and int4 the products are of integers: activations are rounded to
            8 bits within each block.
        retouch, end, most: as for `decode.Writer`.
    """

    def __init__(self, model: VeraModel, weights: str, *, retouch: Sequence[int], end: int, most: int) -> None:
        self.config = model.config
        self.retouch, self.end, self.most = tuple(retouch), end, most
        self._embeddings = model.language.embed_tokens.weight.detach()
        self._session = _session(Graph(model, bits=BITS[weights], most=model.config.max_position_embeddings))

    @torch.inference_mode()
    def write(
        self,
        prefix: Sequence[int],
        prompts: Sequence[Tensor],
        choices: Sequence[Choice],
        *,
        on_token: OnToken | None = None,
    ) -> list[Written]:
        """Answers to prompts that begin with the same tokens; see `decode.Writer.write`."""
        before = self._embeddings[list(prefix)]
        return [
            self._write(torch.cat([before, prompt]), choice, row, on_token)
            for row, (prompt, choice) in enumerate(zip(prompts, choices, strict=True))
        ]

    def _write(self, prompt: Tensor, choice: Choice, row: int, on_token: OnToken | None) -> Written:
        written = Written()
        run = _Run(self._session, self.config, capacity=len(prompt) + self.most)
        embedded = prompt
        while True:
            state, logits = run.step(embedded.float())
            token = choice.next(logits, written.tokens)
            written.tokens.append(token)
            if token in self.retouch:
                written.states.setdefault(token, state.to(prompt.dtype, copy=True))
            if on_token is not None:
                on_token(row, token)
            if len(written.states) == len(self.retouch) or token == self.end or len(written.tokens) >= self.most:
                return written
            embedded = self._embeddings[token].unsqueeze(0)


class _Run:
    """One answer under way: the cache of keys and values, written in place."""

    def __init__(self, session: Any, config: Any, *, capacity: int) -> None:
        runtime = package("onnxruntime")
        self.session, self.length = session, 0
        wide = config.hidden_size // config.num_attention_heads
        shape = (1, config.num_key_value_heads, capacity, wide)
        self._binding = session.io_binding()
        for name in ("state", "logits"):
            self._binding.bind_output(name)
        for layer in range(config.num_hidden_layers):
            for part in ("key", "value"):
                held = runtime.OrtValue.ortvalue_from_numpy(np.zeros(shape, np.float32))
                self._binding.bind_ortvalue_input(f"past.{layer}.{part}", held)
                self._binding.bind_ortvalue_output(f"present.{layer}.{part}", held)

    def step(self, embedded: Tensor) -> tuple[Tensor, Tensor]:
        """Read embeddings (length, hidden size); the state (hidden size,) and the logits (vocabulary,) at the last of them."""
        self.length += len(embedded)
        self._binding.bind_cpu_input("embeds", embedded.unsqueeze(0).numpy())
        self._binding.bind_cpu_input("last", np.array([self.length - 1], np.int32))
        self._binding.bind_cpu_input("total", np.array(self.length, np.int32))
        self.session.run_with_iobinding(self._binding)
        state, logits = (torch.from_numpy(made.numpy())[0] for made in self._binding.get_outputs()[:2])
        return state, logits


def _session(graph: Graph) -> Any:
    """A session whose weights are the graph's own."""
    runtime = package("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    values = {name: runtime.OrtValue.ortvalue_from_numpy(tensor.numpy()) for name, tensor in graph.weights.items()}
    options.add_external_initializers(list(values), list(values.values()))
    return runtime.InferenceSession(graph.serialised(), options, providers=["CPUExecutionProvider"])
