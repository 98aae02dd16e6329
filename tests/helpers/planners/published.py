"""A checkpoint as the published class writes it: `save_pretrained` of a small language model behind the real tower,
and a slow tokenizer.
"""

import json
from functools import cache

import torch
from golden import document, weights
from qwen import words
from small_vera import TAGS, TASKS
from torch import nn

from veraretouch.planners.vera.answer import RETOUCH_TOKENS
from veraretouch.planners.vera.packages import package

FACTS = document("vlm_keys.json")
QWEN = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
FIRST_ADDED = 151_643
VOCABULARY = 151_664
# The ids that others have read in the published added_tokens.json.
ADDED = {token: FIRST_ADDED + place for place, token in enumerate([*QWEN, *RETOUCH_TOKENS, *TASKS, *TAGS])}
COUNTER = "num_batches_tracked"
_LANGUAGE = ("model.embed_tokens.", "model.layers.", "model.norm.", "lm_head.")


def _grow(root, name, value):
    """Hang a tensor of this name below a module, as a buffer where batch norm keeps it as one."""
    *path, leaf = name.split(".")
    for part in path:
        if not hasattr(root, part):
            root.add_module(part, nn.Module())
        root = getattr(root, part)
    if leaf == COUNTER or leaf.startswith("running_"):
        root.register_buffer(leaf, value)
    else:
        root.register_parameter(leaf, nn.Parameter(value, requires_grad=False))


@cache
def model_class():
    """The published class by name, as far as a state dict and a configuration go."""
    transformers = package("transformers")

    class LlavaConfig(transformers.Qwen2Config):
        model_type = "llava_qwen2"

    class SamanthaForCausalLLM_Unified(transformers.PreTrainedModel):
        config_class = LlavaConfig
        _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}  # noqa: RUF012

        def __init__(self, config):
            super().__init__(config)
            self.model = transformers.Qwen2Model(config)
            self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
            for name, value in weights("keys", "vlm_keys.json").items():
                if not name.startswith(_LANGUAGE):
                    _grow(self, name, value)
                if name.endswith("running_var"):
                    _grow(self, name.replace("running_var", COUNTER), torch.tensor(1234))
            self.post_init()

        def _init_weights(self, module):
            """The weights are drawn above."""

        def get_input_embeddings(self):
            return self.model.embed_tokens

        def get_output_embeddings(self):
            return self.lm_head

    return LlavaConfig, SamanthaForCausalLLM_Unified


def save_published(folder):
    """Write the checkpoint and return the model that it holds: tower and renderer in float16, the rest in float32."""
    make_config, make_model = model_class()
    extra = {key: value for key, value in FACTS["config"].items() if key.startswith("mm_")}
    config = make_config(
        **{**FACTS["config"], "vocab_size": VOCABULARY, "tie_word_embeddings": True}, eos_token_id=151_645
    )
    for key, value in {**extra, "image_aspect_ratio": "pad", "unfreeze_mm_vision_tower": True}.items():
        setattr(config, key, value)
    torch.manual_seed(0)
    model = make_model(config)
    model.model.vision_tower.half()
    model.retouch_decoder.half()
    model.tie_weights()
    model.save_pretrained(folder)
    package("transformers").GenerationConfig(eos_token_id=[151_645]).save_pretrained(folder)
    save_tokenizer(folder)
    return model


def save_tokenizer(folder):
    """vocab.json, merges.txt and added_tokens.json, as a slow tokenizer is saved."""
    bpe = json.loads(words().json())["model"]
    vocabulary = {token: id for token, id in bpe["vocab"].items() if id < FIRST_ADDED}
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in bpe["merges"]]
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n", encoding="utf-8")
    (folder / "added_tokens.json").write_text(json.dumps(ADDED))
