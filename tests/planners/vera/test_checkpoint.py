"""The published layout as `save_pretrained` writes it: what is read, what is dropped by name,
and what is refused by name.
"""

import json
import shutil
import warnings

import numpy as np
import pytest
import torch
from golden import document, weights
from published import ADDED, COUNTER, VOCABULARY, save_published
from safetensors import safe_open
from small_vera import ANSWER

from veraretouch import Photo, Request
from veraretouch.core.errors import InvalidDocument
from veraretouch.core.render.renderer import Renderer
from veraretouch.core.render.retoucher import Retoucher
from veraretouch.ops.neural import Neural
from veraretouch.planners.vera import checkpoint
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.prompts import prompt_for
from veraretouch.planners.vera.slow_tokenizer import read_slow_tokenizer
from veraretouch.planners.vera.writing.sampling import Forced

# One worker makes the networks for all.
pytestmark = pytest.mark.xdist_group("vera")

FACTS = document("vlm_keys.json")


def files_of(folder):
    """The files that are needed, by name, of a folder."""
    return {name: folder / name for name in checkpoint.wanted([path.name for path in folder.iterdir()])}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    with warnings.catch_warnings(action="ignore"):  # of the libraries that write it
        model = save_published(folder)
    return folder, model


@pytest.fixture(scope="module")
def read(published, tmp_path_factory):
    with warnings.catch_warnings(action="error"):
        return checkpoint.read(files_of(published[0]))


def test_the_layout_is_the_published_one(published):
    folder, _ = published
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        names = set(file.keys())
        kinds = {file.get_tensor(name).dtype for name in names}
    assert sum(name.endswith(COUNTER) for name in names) == 44
    assert "lm_head.weight" not in names
    assert kinds == {torch.float16, torch.float32, torch.int64}
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["SamanthaForCausalLLM_Unified"]
    assert (config["model_type"], config["vocab_size"]) == ("llava_qwen2", VOCABULARY)
    assert json.loads((folder / "generation_config.json").read_text())["eos_token_id"] == [151_645]
    assert not (folder / "tokenizer_config.json").exists()
    assert not (folder / "tokenizer.json").exists()


def test_what_save_pretrained_wrote_is_read_to_the_last_tensor(published, read):
    model, _, network = read
    written = published[1].state_dict()
    assert model.config.eos_token_id == (151_645,)
    assert model.lm_head.weight is model.language.embed_tokens.weight
    for name, value in model.language.state_dict().items():
        assert torch.equal(value, written[f"model.{name}"]), name
    for name, value in model.head.state_dict().items():
        assert torch.equal(value, written[f"retouch_head.{name}"]), name
    for name, value in network.state_dict().items():
        assert torch.equal(value, written[f"retouch_decoder.{name}"].float()), name
    stem = "model.vision_tower.vision_tower.model.patch_embed.0.reparam_conv.weight"
    assert any(torch.equal(value, written[stem]) for value in model.tower.state_dict().values())


def test_the_checkpoint_plans(read):
    model, words, network = read
    made = Vera(model.float(), words, Neural(network), sampler=lambda request: Forced(words.ids(ANSWER)))
    photo = Photo(np.full((50, 70, 3), 90, np.uint8))
    result = Retoucher(made, Renderer(made.ops))(photo, params={"Exposure2012": {"value": 30}})
    assert result.reasoning["lighting"]["plan"] == "Raise exposure."


def test_added_tokens_have_the_ids_that_added_tokens_json_names(read):
    words = read[1]
    assert ADDED["<retouch_light>"] == 151_646
    assert words.retouch == (151_646, 151_647, 151_648)
    assert {token: words.ids(token) for token in ADDED} == {token: [id] for token, id in ADDED.items()}
    prompt = str(prompt_for(Request.of(style="dreamy bright pink")))
    assert words.text(words.ids(prompt)) == prompt
    assert max(ADDED.values()) == VOCABULARY - 1


def test_a_slow_tokenizer_reads_as_the_fast_one_does(read):
    from qwen import words as fast

    text = "Raise exposure by 0.35 — l'été, 夏天, naïve\n\n  indented"
    assert read[1].ids(text) == fast().ids(text)


@pytest.fixture
def tokenizer(published, tmp_path):
    """A folder of the slow tokenizer's files."""
    for name in ("vocab.json", "merges.txt", "added_tokens.json"):
        shutil.copy(published[0] / name, tmp_path)
    return tmp_path


def test_a_slow_tokenizer_that_is_not_one_is_one_error(tokenizer):
    files = {name: tokenizer / name for name in ("vocab.json", "merges.txt", "added_tokens.json")}
    good = files["added_tokens.json"].read_text()
    files["added_tokens.json"].write_text(json.dumps({**ADDED, "<retouch_light>": 151_700}))
    with pytest.raises(InvalidDocument, match=r"names the id 151646 for '<retouch_color&temp>'|names the id"):
        read_slow_tokenizer(files)
    files["added_tokens.json"].write_text(good)
    files["merges.txt"].write_text("#version: 0.2\nno such merge here\n")
    with pytest.raises(InvalidDocument, match="not two tokens"):
        read_slow_tokenizer(files)
    files["merges.txt"].write_text("nowhere nothing\n")
    with pytest.raises(InvalidDocument, match=r"not the vocabulary of merges\.txt"):
        read_slow_tokenizer(files)
    files["merges.txt"].write_bytes(b"\xff\xfe\n")
    with pytest.raises(InvalidDocument, match="not UTF-8"):
        read_slow_tokenizer(files)
    files["vocab.json"].write_text("[1]")
    with pytest.raises(InvalidDocument, match="no mapping of tokens to ids"):
        read_slow_tokenizer(files)


def test_tokens_that_only_tokenizer_config_adds_are_read(tokenizer):
    (tokenizer / "added_tokens.json").unlink()
    listed = {str(id): {"content": token, "special": True} for token, id in ADDED.items()}
    about = {
        "tokenizer_class": "SamanthaTokenizer",
        "auto_map": {"AutoTokenizer": "evil.py"},
        "added_tokens_decoder": listed,
    }
    (tokenizer / "tokenizer_config.json").write_text(json.dumps(about))
    files = {name: tokenizer / name for name in ("vocab.json", "merges.txt", "tokenizer_config.json")}
    assert read_slow_tokenizer(files).retouch == (151_646, 151_647, 151_648)


def test_prefixes_frequencies_counters_and_padding_are_accepted():
    tensors = weights("keys", "vlm_keys.json")
    rows = torch.zeros(16, FACTS["config"]["hidden_size"])
    for name in ("model.embed_tokens.weight", "lm_head.weight"):
        tensors[name] = torch.cat([tensors[name], rows])
    tensors["model.rotary_emb.inv_freq"] = torch.ones(8)
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(8)
    tensors["model.vision_tower.vision_tower.model.bn." + COUNTER] = torch.tensor(3)
    model, _ = checkpoint.from_tensors({f"module.{name}": value for name, value in tensors.items()}, FACTS["config"])
    assert model.config.vocab_size == FACTS["config"]["vocab_size"] + 16
    assert len(model.lm_head.weight) == model.config.vocab_size


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rope_scaling", {"type": "linear", "factor": 2.0}),
        ("rope_scaling", {"rope_type": "yarn", "factor": 4.0}),
        ("rope_parameters", {"rope_type": "dynamic", "rope_theta": 1e6}),
        ("use_sliding_window", True),
        ("layer_types", ["full_attention", "sliding_attention"]),
        ("hidden_act", "gelu"),
        ("mm_vision_tower", "openai/clip-vit-large-patch14-336"),
        ("mm_hidden_size", 1024),
        ("mm_projector_type", "linear"),
        ("mm_patch_merge_type", "spatial_unpad"),
        ("quantization_config", {"quant_method": "awq"}),
    ],
)
def test_a_configuration_that_computes_something_else_is_refused_by_name(key, value):
    with pytest.raises(InvalidDocument, match=rf"config\.{key}: is .* which is not supported"):
        checkpoint.from_tensors({}, {**FACTS["config"], key: value})


@pytest.mark.parametrize("key", ["vocab_size", "hidden_size", "num_hidden_layers", "num_key_value_heads"])
@pytest.mark.parametrize("value", [-1, 0, 2**63, 1.5, "14"])
def test_sizes_that_no_model_has_are_refused_before_anything_is_built(key, value):
    with pytest.raises(InvalidDocument, match=rf"config\.{key}"):
        checkpoint.from_tensors({}, {**FACTS["config"], key: value})


def test_heads_have_to_share_the_hidden_size_and_each_other():
    for key, value in (("num_attention_heads", 7), ("num_key_value_heads", 3)):
        with pytest.raises(InvalidDocument, match=rf"config\.{key}: is {value}, which does not divide"):
            checkpoint.from_tensors({}, {**FACTS["config"], key: value})


@pytest.mark.parametrize(
    "data", [b"", b"PK\3\4 a pickle of torch", b"\xff" * 8 + b"{}", (9).to_bytes(8, "little") + b"not json "]
)
def test_weights_and_tokenizers_that_are_none_are_one_error(tmp_path, data):
    files = {name: tmp_path / name for name in ("config.json", "model.safetensors", "tokenizer.json")}
    files["config.json"].write_text(json.dumps(FACTS["config"]))
    files["model.safetensors"].write_bytes(data)
    with pytest.raises(InvalidDocument, match=r"model\.safetensors: is no safetensors file"):
        checkpoint.read(files)
    files["model.safetensors"].write_bytes((2).to_bytes(8, "little") + b"{}")
    files["tokenizer.json"].write_bytes(data)
    with pytest.raises(InvalidDocument, match=r"tokenizer\.json: is (no tokenizer|not UTF-8)"):
        checkpoint.read(files)


def test_values_at_rest_are_accepted_and_rope_parameters_give_theta():
    from veraretouch.planners.vera.published_config import read_config

    rest = {
        "rope_scaling": None,
        "rope_parameters": {"rope_type": "default", "rope_theta": 5e5},
        "use_sliding_window": False,
        "sliding_window": 4096,
        "layer_types": ["full_attention"] * 2,
        "hidden_act": "silu",
        "mm_vision_tower": "apple/mobileclip_l_1024",
        "eos_token_id": [151_645, 151_643],
    }
    config = read_config({**FACTS["config"], **rest})
    assert config.rope_theta == 5e5
    assert config.eos_token_id == (151_645, 151_643)


def test_an_answer_ends_at_any_of_the_end_tokens():
    from veraretouch.planners.vera.writing.writer import StopCriterion, Written

    criterion = StopCriterion((1, 2, 3), (7, 8), 100)
    assert [criterion.is_reached(Written([token])) for token in (6, 7, 8)] == [False, True, True]


def test_weights_too_few_for_the_tokenizer_are_refused(published, tmp_path):
    from safetensors.torch import load_file, save_file

    folder, _ = published
    files = files_of(folder)
    tensors = load_file(files["model.safetensors"])
    tensors["model.embed_tokens.weight"] = tensors["model.embed_tokens.weight"][:151_600].contiguous()
    save_file(tensors, tmp_path / "model.safetensors")
    config = json.loads(files["config.json"].read_text()) | {"vocab_size": 151_600}
    (tmp_path / "config.json").write_text(json.dumps(config))
    small = files | {name: tmp_path / name for name in ("model.safetensors", "config.json")}
    with pytest.raises(InvalidDocument, match="151600 rows, too few for the retouch token 151648"):
        checkpoint.read(small)
