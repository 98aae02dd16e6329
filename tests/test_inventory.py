"""The public names are those of tests/data/public_names.txt, and each says what a caller must know."""

import ast
import inspect
import re
import sys
import textwrap
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from generate.inventory import MODULES, Field, public

from veraretouch import errors, retouch

ROOT = Path(__file__).parents[1]
RECORDED = (ROOT / "tests" / "data" / "public_names.txt").read_text(encoding="utf-8").split()
NAMES = public()

ERRORS = {name for name, thing in vars(errors).items() if inspect.isclass(thing)}
# (B, 3, H, W), "a number", "[0, 1]", "0..1", "from 0 to 600", "pixels": what tells of a shape or a range.
SHAPE = re.compile(r"\((B|N|H|3|\.\.\.|\*|n|slot)\b[^)]*\)|\bshapes?\b|\bscalars?\b|elementwise|\bas `\w+|as in `")
RANGE = re.compile(
    r"\[-?[\d.]+, |-?\d ?\.\. ?-?\d|\bfrom -?\d|\bat most\b|\bat least\b|\babove -?\d|\bbelow -?\d|\bany finite number|"
    r"\b(seconds|pixels|degrees|CIEDE2000|stops)\b"
)
SOURCES = re.compile(r"\((1[89]|20)\d\d\)|\b(1[89]|20)\d\d\b|DNG|ASC CDL|IEC|see `core\.|Source: ")


def test_no_public_name_disappears_or_comes_in_unrecorded():
    gone = [name for name in RECORDED if name not in NAMES]
    new = [name for name in NAMES if name not in RECORDED]
    assert (gone, new) == ([], []), (
        "a name that goes needs a deprecation first, a name that comes a line in CHANGELOG.md; "
        "then record them: .venv/bin/python docs/build.py --names"
    )


def test_each_recorded_name_stands_once_and_every_module_has_some():
    assert len(set(RECORDED)) == len(RECORDED)
    for module in MODULES:
        assert any(name.startswith(f"{module}.") for name in RECORDED), module


IMPORT = re.compile(r"^[ >.]*from (veraretouch(?:\.\w+)*) import (\([^)]*\)|.+)$", re.MULTILINE)
STRANGERS = [
    path
    for folder, pattern in (
        ("docs/guide", "*.md"),
        ("contrib", "**/*.py"),
        ("contrib", "**/*.jinja"),
        (".", "README.md"),
    )
    for path in sorted((ROOT / folder).glob(pattern))
    # aether makes our datasets, the studio and the tools for assistants show our plans, cluster and server do the
    # commands' work: all are changed with the rooms that they are made of.
    if not {"aether", "dapo", "mcp", "ray", "serve", "studio"} & set(path.parts)
]


@pytest.mark.parametrize("path", STRANGERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_guides_the_template_and_plugins_import_is_public(path):
    things = [thing for thing in NAMES.values() if thing is not Field]
    hidden = [
        f"{module}.{name}"
        for module, names in IMPORT.findall(path.read_text(encoding="utf-8"))
        for name in re.findall(r"\w+", re.sub(r"#.*| as \w+", "", names))
        if not any(thing is getattr(import_module(module), name) for thing in things)
        and not inspect.ismodule(getattr(import_module(module), name))
    ]
    assert hidden == [], "add them to docs/generate/inventory.py, or import what is public"


def functions():
    """Name -> function of every public function, method and property; constructors under their class's name."""
    for name, thing in NAMES.items():
        if isinstance(thing, property):
            thing = thing.fget
        elif isinstance(thing, classmethod | staticmethod):
            thing = thing.__func__
        elif inspect.isclass(thing):
            thing = vars(thing).get("__init__")
        # What dataclasses write has no source of its own.
        if (
            inspect.isfunction(thing)
            and thing.__module__.startswith("veraretouch")
            and "<" not in thing.__code__.co_filename
        ):
            yield name, thing


def told(name, *, module=True):
    """What documentation a caller finds: the docstring, that of the class of a member, that of the module."""
    thing = NAMES[name]
    text = inspect.getdoc(thing) or ""
    owner = name.rpartition(".")[0]
    if inspect.isclass(NAMES.get(owner)) and NAMES[owner] is not Field:
        text += "\n" + (inspect.getdoc(NAMES[owner]) or "")
    elif module and owner in MODULES:
        text += "\n" + (sys.modules[getattr(thing, "__module__", owner)].__doc__ or "")
    return text


@cache
def tree(function):
    return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]


def raised(function):
    """The errors of ours that a function raises itself, `raise Name(...)`,
    and those of the private helpers that it calls.
    """
    module, found, seen, waiting = sys.modules[function.__module__], set(), set(), [function]
    owner = getattr(module, function.__qualname__.split(".")[0], None)
    while waiting:
        each = waiting.pop()
        if each in seen:
            continue
        seen.add(each)
        for node in ast.walk(tree(each)):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
                found |= {node.exc.func.id} & ERRORS
            if isinstance(node, ast.Call):
                called = node.func
                helper = None
                if isinstance(called, ast.Name) and called.id.startswith("_"):
                    helper = vars(module).get(called.id)
                elif isinstance(called, ast.Attribute) and called.attr.startswith("_") and inspect.isclass(owner):
                    helper = vars(owner).get(called.attr)
                helper = getattr(helper, "__func__", helper)
                if inspect.isfunction(helper) and helper.__module__ == function.__module__:
                    waiting.append(helper)
    return found


def annotated(function, wanted):
    """The parameters whose annotation names one of these types."""
    hints = inspect.get_annotations(function)
    return [name for name, hint in hints.items() if name != "return" and names_one(hint, wanted)]


def gives(function, wanted):
    """Whether what it returns is annotated by one of these types."""
    return names_one(inspect.get_annotations(function).get("return", ""), wanted)


def names_one(hint, wanted):
    return bool(re.search(rf"\b({wanted})\b", str(getattr(hint, "__name__", hint))))


FUNCTIONS = dict(functions())


def test_every_public_name_says_what_it_is():
    silent = [
        name
        for name, thing in NAMES.items()
        if (
            inspect.isclass(thing)
            or isinstance(thing, property | classmethod | staticmethod)
            or inspect.isfunction(thing)
        )
        and thing is not Field
        and not (inspect.getdoc(thing) or "").strip()
    ]
    assert silent == []


def test_fields_of_public_classes_are_told_of_in_the_docstring_of_their_class():
    plain = {"message", "seconds"}  # say it themselves
    untold = []
    for name, thing in NAMES.items():
        owner, _, field = name.rpartition(".")
        if (
            thing is Field
            and field not in plain
            and inspect.isclass(NAMES.get(owner))
            and not re.search(rf"\b{field}\b", inspect.getdoc(NAMES[owner]) or "")
        ):
            untold.append(name)
    assert untold == []


def test_whatever_raises_an_error_of_ours_says_which():
    untold = {
        name: sorted(missing) for name, function in FUNCTIONS.items() if (missing := unnamed(name, raised(function)))
    }
    assert untold == {}


def unnamed(name, found):
    """The errors that the docstring names neither themselves nor by the class above them."""
    text = told(name)
    return {each for each in found if not any(base.__name__ in text for base in getattr(errors, each).__mro__[:-3])}


def test_retouch_says_what_it_raises_for_a_planner_that_nobody_knows():
    with pytest.raises(errors.VeraRetouchError) as caught:
        retouch(np.zeros((4, 4, 3), np.uint8), planner="nope")
    assert f"{type(caught.value).__name__}: `planner`" in told("veraretouch.retouch")


TENSORS = "Tensor|FloatArray|NDArray|Planes|Lab"


def test_whatever_takes_or_gives_tensors_says_itself_of_which_shape():
    untold = [
        name
        for name, function in FUNCTIONS.items()
        if (annotated(function, TENSORS) or gives(function, TENSORS)) and not SHAPE.search(told(name, module=False))
    ]
    assert untold == []


def test_whatever_takes_numbers_says_what_they_are():
    untold = []
    for name, function in FUNCTIONS.items():
        text = told(name)
        for parameter in annotated(function, "float|int"):
            if not re.search(rf"\b{parameter}\b", text) or not RANGE.search(text):
                untold.append(f"{name}({parameter})")
    assert untold == []


FORMULAS = [*sorted((ROOT / "ops").glob("*.py")), *sorted((ROOT / "core" / "color").glob("*.py"))]
NO_FORMULA = {"__init__", "commands", "crs", "export", "planes"}


@pytest.mark.parametrize("path", [path for path in FORMULAS if path.stem not in NO_FORMULA], ids=lambda path: path.stem)
def test_the_header_of_a_formula_states_its_source(path):
    header = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    assert SOURCES.search(header), (
        f"{path.relative_to(ROOT)}: name the paper, the standard or the program that it follows"
    )
