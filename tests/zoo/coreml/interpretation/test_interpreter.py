"""The interpreter: strict about operations, inputs and types;
test_each_operation.py tells that every operation counts.
"""

import numpy as np
import pytest
import torch
from small_vera import model as small_model

from veraretouch.core.errors import IncompatibleBundle, InvalidDocument
from veraretouch.zoo.coreml.interpretation import interpreter as module
from veraretouch.zoo.coreml.interpretation.interpreter import Interpreter
from veraretouch.zoo.coreml.language import decoder
from veraretouch.zoo.coreml.packages import compress, convert, save
from veraretouch.zoo.coreml.translation.translate import program

pytestmark = pytest.mark.xdist_group("coreml")


@pytest.fixture(scope="module")
def package(small, tmp_path_factory):
    model = convert(program(small, {"x": (1, 3, 8, 8)}, ["y"]), half=lambda operation: operation.op_type != "softmax")
    return save(compress(model, 8), tmp_path_factory.mktemp("small") / "small.mlpackage", about={})


@pytest.fixture(scope="module")
def step(tmp_path_factory):
    model = convert(decoder(small_model(), 1, context=32))
    return save(model, tmp_path_factory.mktemp("step") / "step.mlpackage", about={})


def test_an_unknown_operation_is_an_error(package, picture, monkeypatch):
    monkeypatch.delitem(module.OPERATIONS, "layer_norm")
    with pytest.raises(IncompatibleBundle, match="'layer_norm' is not known to the interpreter"):
        Interpreter(package).run({"x": picture})


def test_inputs_are_judged(package, picture):
    run = Interpreter(package).run
    with pytest.raises(InvalidDocument, match=r"\['z'\] were given. It takes x"):
        run({"z": picture})
    with pytest.raises(InvalidDocument, match=r"x: has shape \(1, 3, 8, 7\). Give \(1, 3, 8, 8\)"):
        run({"x": picture[..., :7]})


def test_a_function_that_is_not_there_is_named(package):
    with pytest.raises(InvalidDocument, match=r"has no function 'prefill'. It has main"):
        Interpreter(package, "prefill")


def test_values_of_half_precision_are_rounded_to_it(package, picture):
    seen = {}

    def look(operation, results):
        seen[operation.op_type] = results[0].dtype
        return results

    Interpreter(package).run({"x": picture}, alter=look)
    assert seen["conv"] == seen["linear"] == torch.float16
    assert seen["softmax"] == torch.float32


def test_a_result_of_another_type_than_declared_is_an_error(package, picture):
    with pytest.raises(InvalidDocument, match=r"made .*float32, declared are"):
        Interpreter(package).run(
            {"x": picture},
            alter=lambda operation, found: [f.float() for f in found] if operation.op_type == "conv" else found,
        )


def test_states_are_needed_and_moved_on(step):
    interpreter = Interpreter(step)
    given = {"embeddings": np.ones((1, 1, 64), np.float16), "position": np.array([3])}
    with pytest.raises(InvalidDocument, match="state 'keys' is missing"):
        interpreter.run(given)
    states = interpreter.states()
    interpreter.run(given, states)
    moved = states["keys"].abs().sum(dim=(0, 1, 3)).nonzero().flatten().tolist()
    assert moved == [3]


def test_a_place_beyond_the_context_is_an_error(step):
    interpreter = Interpreter(step)
    given = {"embeddings": np.ones((1, 1, 64), np.float16), "position": np.array([32])}
    with pytest.raises(InvalidDocument, match="cannot be computed: index out of range"):
        interpreter.run(given, interpreter.states())


def test_results_that_are_known_are_not_computed_again(package, picture):
    interpreter, results, computed = Interpreter(package), {}, []

    def keep(operation, found):
        results[operation] = found
        return found

    wanted = interpreter.run({"x": picture}, alter=keep)

    def note(operation, found):
        computed.append(operation.op_type)
        return found

    (last,) = [operation for operation in interpreter.operations if operation.op_type == "softmax"]
    known = {operation: found for operation, found in results.items() if operation is not last}
    np.testing.assert_array_equal(interpreter.run({"x": picture}, alter=note, known=known)["y"], wanted["y"])
    assert computed == ["softmax"]
