"""ONNX Runtime writes what torch writes: exactly in float32, and with weights of 8 and 4 bits what torch makes of the
same rounded weights.
"""

import copy

import pytest
import torch
from small_vera import ANSWER, END, model, planner, words

from veraretouch import Photo, Renderer, Request, Retoucher, zoo
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.render.loading import load_retoucher
from veraretouch.ops.neural import Neural
from veraretouch.planners.vera.precision import Runtime, precision_of
from veraretouch.planners.vera.writing.onnx.onnx_writer import OnnxWriter
from veraretouch.planners.vera.writing.onnx.quantise import quantise, restored
from veraretouch.planners.vera.writing.sampling import Forced, Sampled, Sampling
from veraretouch.planners.vera.writing.writer import StopCriterion, Writer

pytestmark = pytest.mark.xdist_group("vera")
PREFIX = "<|im_start|>system\n"


def writer(kind=None, of=None, most=400):
    stop = StopCriterion(words().retouch, tuple(words().ids(END)), most)
    return OnnxWriter(of or model(), kind, stop) if kind else Writer(of or model(), stop)


def prompts(lengths=(3, 30)):
    generator = torch.Generator().manual_seed(1)
    return [torch.randn(length, 64, generator=generator) * 0.3 for length in lengths]


def rounded(bits):
    """The model with the weights that codes and scales stand for."""
    made = copy.deepcopy(model())
    parts = [made.lm_head, *(m for m in made.language.layers.modules() if isinstance(m, torch.nn.Linear))]
    for part in parts:
        part.weight.data = restored(*quantise(part.weight, bits), bits, part.in_features)
    return made


def test_in_float32_the_same_words_and_states():
    ids = words().ids(PREFIX)
    samplers = [Sampled(Sampling(temperature=3.0, top_p=1.0), seed) for seed in (1, 2, 1, 2)]
    ours = writer("float32", most=60).write(ids, prompts(), samplers[:2])
    theirs = writer(most=60).write(ids, prompts(), samplers[2:])
    assert [one.tokens for one in ours] == [one.tokens for one in theirs]
    forced = [Forced(words().ids(ANSWER))] * 2
    for one, other in zip(
        writer("float32").write(ids, prompts(), forced), writer().write(ids, prompts(), forced), strict=True
    ):
        assert len(one.states) == len(other.states) == 3
        for token, state in other.states.items():
            assert float((one.states[token] - state).abs().max()) < 1e-4 * float(state.abs().max())


@pytest.mark.parametrize(("kind", "bits"), [("int8", 8), ("int4", 4)])
def test_with_few_bits_what_the_rounded_weights_make(kind, bits):
    """Products are of integers: what activations lose in 8 bits is all that may differ."""
    forced = [Forced(words().ids(ANSWER))]
    (one,) = writer(kind).write(words().ids(PREFIX), prompts()[:1], forced)
    (other,) = writer(of=rounded(bits)).write(words().ids(PREFIX), prompts()[:1], forced)
    (whole,) = writer().write(words().ids(PREFIX), prompts()[:1], forced)
    for token, state in other.states.items():
        off = float((one.states[token] - state).norm() / state.norm())
        assert off < 0.03
        assert off < float((whole.states[token] - state).norm() / state.norm()) or bits == 8


@pytest.mark.parametrize("bits", [4, 8])
def test_codes_use_their_whole_range_and_err_by_half_a_step(bits):
    weight = torch.randn(7, 80, generator=torch.Generator().manual_seed(2))
    weight[3] = 0
    codes, scales = quantise(weight, bits)
    assert codes.shape == (7, 3, 32 * bits // 8)
    assert scales.shape == (7, 3)
    again = restored(codes, scales, bits, 80)
    steps = scales.abs().repeat_interleave(32, dim=1)[:, :80]
    # The end opposite to a block's largest value has one code less.
    assert float(((again - weight).abs() / steps.clamp(min=1e-12)).max()) <= 1.0001
    assert float(((again - weight).abs() <= 0.5001 * steps).float().mean()) > 0.95
    largest = weight.abs().amax()
    assert float((again - weight)[weight.abs() == largest].abs().max()) < 1e-6


@pytest.mark.slow
def test_a_planner_writes_with_it():
    photo, request = Photo(torch.rand(40, 60, 3, generator=torch.Generator().manual_seed(0)).numpy()), Request.of()
    with_onnx, plain = (planner(runtime=runtime).plan([photo], [request]) for runtime in (Runtime("onnx"), None))
    assert with_onnx.reasoning == plain.reasoning
    for name, value in plain.latents.values["neural"].items():
        assert float((with_onnx.latents.values["neural"][name] - value).abs().max()) < 1e-3


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((None, "torch", None), (torch.float32, Runtime())),
        ((torch.bfloat16, "torch", "cuda"), (torch.bfloat16, Runtime())),
        (("bfloat16", "torch", None), (torch.bfloat16, Runtime())),
        (("bfloat16", "graphs", "cuda"), (torch.bfloat16, Runtime("graphs"))),
        (("int4", "torch", None), (torch.float32, Runtime("onnx", "int4"))),
        ((None, "onnx", "cpu"), (torch.float32, Runtime("onnx"))),
    ],
)
def test_a_dtype_says_who_computes(arguments, found):
    assert precision_of(*arguments) == found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("int3", "torch", None), "int3"),
        ((None, "tensorrt", None), "tensorrt"),
        ((torch.bfloat16, "onnx", None), "bfloat16"),
        (("int8", "torch", "cuda"), "cuda"),
        ((None, "graphs", None), "needs a CUDA device"),
        (("int4", "graphs", "cuda"), "takes float32, bfloat16"),
    ],
)
def test_what_cannot_be_is_one_error(arguments, said):
    with pytest.raises(InvalidRequest, match=said):
        precision_of(*arguments)


def test_a_dtype_by_name_reaches_the_planner_and_only_one_that_has_weights(tmp_path):
    retoucher = Retoucher(planner(), Renderer([Neural()]))
    licence = {"spdx": "Apache-2.0", "commercial_use": True}
    folder = zoo.pack(retoucher, tmp_path / "small", name="small", licence=licence)
    loaded = load_retoucher(str(folder), dtype="int4")
    assert isinstance(loaded.planner._writer, OnnxWriter)
    assert loaded.planner.model.dtype == torch.float32
    with pytest.raises(InvalidRequest, match="precision is its own"):
        load_retoucher("rules", dtype="int4")
    with pytest.raises(InvalidRequest, match="quick"):
        zoo.load(folder, options={"quick": True})
