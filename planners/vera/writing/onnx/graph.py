"""The language model as an ONNX graph: embeddings in; the last position's hidden state and logits out.

Written node by node, since exporters want a checkpoint folder and a tokenizer and cannot leave out the logits of a
prompt. Operators of ONNX Runtime: GroupQueryAttention (rotary embedding, cache in place), MatMulNBits,
SkipSimplifiedLayerNormalization.
"""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, nn

from ...model import VeraModel
from ...packages import package
from .quantise import BLOCK, quantise

MICROSOFT: Final = "com.microsoft"
OPSET: Final = 21
# MatMulNBits multiplies in int8, block by block: the activations of a block share a scale, too.
_IN_INT8: Final = 4


class Graph:
    """The graph of a model's language part.

    Args:
        bits: of the weights: 32, 8 or 4. Norms, biases and the rotary tables stay in float32.
        most: positions that the rotary tables cover.

    Attributes:
        weights: name -> tensor, float32 or uint8; kept beside the graph, so that nothing is copied into it.
    """

    def __init__(self, model: VeraModel, *, bits: int, most: int) -> None:
        self.config, self.bits = model.config, bits
        self.weights: dict[str, Tensor] = {}
        self._nodes: list[Any] = []
        self._helper = package("onnx").helper
        self._write(model, most)

    def serialised(self) -> bytes:
        """The ONNX model, its weights declared and not contained."""
        onnx = package("onnx")
        kinds = {torch.float32: onnx.TensorProto.FLOAT, torch.uint8: onnx.TensorProto.UINT8}
        size, heads = self.config.hidden_size, self.config.num_key_value_heads
        wide = size // self.config.num_attention_heads

        def value(name: str, shape: list[Any], kind: int = onnx.TensorProto.FLOAT) -> Any:
            return self._helper.make_tensor_value_info(name, kind, shape)

        cache = [1, heads, "capacity", wide]
        layers = range(self.config.num_hidden_layers)
        inputs = [
            value("embeds", [1, "length", size]),
            value("last", [1], onnx.TensorProto.INT32),
            value("total", [], onnx.TensorProto.INT32),
            *(value(f"past.{layer}.{part}", cache) for layer in layers for part in ("key", "value")),
        ]
        outputs = [
            value("state", [1, size]),
            value("logits", [1, self.config.vocab_size]),
            *(value(f"present.{layer}.{part}", cache) for layer in layers for part in ("key", "value")),
        ]
        declared = []
        for name, tensor in self.weights.items():
            held = onnx.TensorProto(name=name, data_type=kinds[tensor.dtype], dims=list(tensor.shape))
            held.data_location = onnx.TensorProto.EXTERNAL
            held.external_data.add(key="location", value="memory")
            declared.append(held)
        graph = self._helper.make_graph(self._nodes, "language", inputs, outputs, declared)
        opsets = [self._helper.make_opsetid("", OPSET), self._helper.make_opsetid(MICROSOFT, 1)]
        made: bytes = self._helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
        return made

    def _write(self, model: VeraModel, most: int) -> None:
        language: Any = model.language
        rotary = language.rotary_emb(torch.zeros(1), torch.arange(most).unsqueeze(0))
        wide = self.config.hidden_size // self.config.num_attention_heads
        for name, table in zip(("cos", "sin"), rotary, strict=True):
            self.weights[name] = table[0, :, : wide // 2].float().contiguous()
        residual, made = "embeds", None
        for place, layer in enumerate(language.layers):
            residual, normed = self._norm(f"{place}.before", layer.input_layernorm, residual, made)
            attention = self._attention(f"{place}", layer.self_attn, normed)
            residual, normed = self._norm(f"{place}.between", layer.post_attention_layernorm, residual, attention)
            made = self._feed(f"{place}", layer.mlp, normed)
        _, normed = self._norm("final", language.norm, residual, made)
        self._constant("end", torch.tensor([-1]))
        self._node("Gather", [normed, "end"], ["at_end"], axis=1)
        self._constant("flat", torch.tensor([1, self.config.hidden_size]))
        self._node("Reshape", ["at_end", "flat"], ["state"])
        self._matmul("head", model.lm_head.weight, "state", "logits")

    def _norm(self, name: str, norm: Any, residual: str, added: str | None) -> tuple[str, str]:
        """The sum of a residual and what is added, and that sum normalised."""
        self.weights[f"{name}.norm"] = norm.weight.float().contiguous()
        out, epsilon = f"{name}.normed", self.config.rms_norm_eps
        if added is None:
            self._node("SimplifiedLayerNormalization", [residual, f"{name}.norm"], [out], axis=-1, epsilon=epsilon)
            return residual, out
        total = f"{name}.sum"
        self._node(
            "SkipSimplifiedLayerNormalization",
            [residual, added, f"{name}.norm"],
            [out, "", "", total],
            domain=MICROSOFT,
            epsilon=epsilon,
        )
        return total, out

    def _attention(self, name: str, attention: Any, source: str) -> str:
        parts = (attention.q_proj, attention.k_proj, attention.v_proj)
        self._matmul(f"{name}.qkv", torch.cat([part.weight for part in parts]), source, f"{name}.qkv.plain")
        self.weights[f"{name}.qkv.bias"] = torch.cat([part.bias for part in parts]).float()
        self._node("Add", [f"{name}.qkv.plain", f"{name}.qkv.bias"], [f"{name}.qkv.out"])
        self._node(
            "GroupQueryAttention",
            [f"{name}.qkv.out", "", "", f"past.{name}.key", f"past.{name}.value", "last", "total", "cos", "sin"],
            [f"{name}.attended", f"present.{name}.key", f"present.{name}.value"],
            domain=MICROSOFT,
            num_heads=self.config.num_attention_heads,
            kv_num_heads=self.config.num_key_value_heads,
            do_rotary=1,
        )
        return self._matmul(f"{name}.out", attention.o_proj.weight, f"{name}.attended", f"{name}.attention")

    def _feed(self, name: str, mlp: Any, source: str) -> str:
        gate = self._matmul(f"{name}.gate", mlp.gate_proj.weight, source, f"{name}.gate.out")
        up = self._matmul(f"{name}.up", mlp.up_proj.weight, source, f"{name}.up.out")
        self._node("Sigmoid", [gate], [f"{name}.open"])
        self._node("Mul", [gate, f"{name}.open"], [f"{name}.silu"])
        self._node("Mul", [f"{name}.silu", up], [f"{name}.wide"])
        return self._matmul(f"{name}.down", mlp.down_proj.weight, f"{name}.wide", f"{name}.fed")

    def _matmul(self, name: str, weight: Tensor | nn.Parameter, source: str, out: str) -> str:
        outputs, inputs = weight.shape
        if self.bits == 32:
            self.weights[f"{name}.weight"] = weight.detach().float().T.contiguous()
            self._node("MatMul", [source, f"{name}.weight"], [out])
            return out
        self.weights[f"{name}.codes"], scales = quantise(weight.detach(), self.bits)
        self.weights[f"{name}.scales"] = scales.flatten()
        self._node(
            "MatMulNBits",
            [source, f"{name}.codes", f"{name}.scales"],
            [out],
            domain=MICROSOFT,
            K=inputs,
            N=outputs,
            bits=self.bits,
            block_size=BLOCK,
            accuracy_level=_IN_INT8,
        )
        return out

    def _constant(self, name: str, value: Tensor) -> None:
        self._node("Constant", [], [name], value=package("onnx").numpy_helper.from_array(value.numpy(), name))

    def _node(self, kind: str, inputs: list[str], outputs: list[str], *, domain: str = "", **attributes: Any) -> None:
        self._nodes.append(self._helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
