"""Write answers with ONNX Runtime, one after the other."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ...model import VeraModel
from ...packages import package
from ..single_writer import SingleWriter
from ..writer import StopCriterion
from .graph import Graph

BITS: Final = {"float32": 32, "int8": 8, "int4": 4}


class OnnxWriter(SingleWriter):
    """Writes answers to prompts.

    Args:
        weights: `float32`, `int8` or `int4`, in blocks of 32. In int8 and int4 the products are of integers:
            activations are rounded to 8 bits within each block.
        stop: what ends an answer.
    """

    def __init__(self, model: VeraModel, weights: str, stop: StopCriterion) -> None:
        super().__init__(model.language.embed_tokens.weight, stop)
        self._config = model.config
        self._session = _session(Graph(model, bits=BITS[weights], most=model.config.max_position_embeddings))

    def begin(self, length: int) -> _Run:
        """A reader with room for the prompt and the longest answer."""
        return _Run(self._session, self._config, capacity=length + self.stop.most)


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

    def read(self, embedded: Tensor) -> tuple[Tensor, Tensor]:
        """Read embeddings; see `single.Reader`."""
        self.length += len(embedded)
        self._binding.bind_cpu_input("embeds", embedded.float().unsqueeze(0).numpy())
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
