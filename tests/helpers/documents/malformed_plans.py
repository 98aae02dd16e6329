"""A corpus of malformed plans, each with fragments of the error it must get, and the ops that they name."""

import base64
import copy
import json
import math

import numpy as np

from veraretouch import Embedding, Op, Slot, Stage
from veraretouch.core.strict_json import LARGEST


class Fade(Op):
    """Fade a photo; its version 2 counts from 0 to 1 where version 1 counted per cent."""

    id = "test.fade"
    version = 2
    stage = Stage.TONE
    pointwise = True
    amount = Slot(low=0.0, high=1.0, group="lighting", doc="How far.")

    def apply(self, rgb, p):
        return rgb * (1 - p.amount)

    @classmethod
    def migrate(cls, values, version):
        return {"amount": values["amount"] / 100} if "amount" in values else None


class Embed(Op):
    """Apply a learned vector."""

    id = "test.embed"
    version = 1
    stage = Stage.NEURAL
    pointwise = True
    vector = Embedding(100, group="effects", doc="The vector.")

    def apply(self, rgb, p):
        return rgb


def base64_array(values, shape=None):
    array = np.asarray(values, dtype="<f4")
    shape = list(array.shape) if shape is None else shape
    return {"dtype": "float32", "shape": shape, "base64": base64.b64encode(array.tobytes()).decode()}


VALID = {
    "schema": "veraretouch.plan/1",
    "mode": "style",
    "prompt": "warm and bright",
    "seed": 7,
    "strength": 0.5,
    "planner": {"id": "rules", "version": "0.1.0"},
    "groups": ["lighting", "global_color", "specific_color"],
    "edits": {
        "exposure": {"version": 1, "params": {"ev": 0.35}},
        "hsl": {"version": 1, "params": {"hue": [0, 0, 0, 0.5, 0, 0, 0, 0]}},
        "test.fade": {"version": 2, "params": {"amount": 0.25}},
    },
    "reasoning": {"lighting": {"problem": "Too dark.", "plan": "Brighten by a third of a stop."}},
}


def spoil(path, value):
    """The valid plan with one value put at a path."""
    *way, last = path.split("/")
    document = copy.deepcopy(VALID)
    inner = document
    for key in way:
        inner = inner[key]
    inner[last] = value
    return document


def without(path):
    """The valid plan without the key at a path."""
    *way, last = path.split("/")
    document = copy.deepcopy(VALID)
    inner = document
    for key in way:
        inner = inner[key]
    del inner[last]
    return document


def text(old, new):
    """The valid plan's text with one spot replaced: what `json.dumps` would not write."""
    whole = json.dumps(VALID)
    assert whole.count(old) == 1, old
    return whole.replace(old, new)


def lattice(value):
    return spoil("edits", {"lut3d": {"version": 1, "params": {"lattice": value}}})


EV = "edits/exposure/params/ev"
HUE = "edits/hsl/params/hue"
DEEP = 100_000

# What is wrong: the document (an object, text or bytes), and fragments of the message: path, rule, cure.
CORPUS = {
    # The text itself.
    "empty": (b"", "plan: not JSON: Expecting value at line 1, column 1", "Mend it there"),
    "only spaces": (b" \n ", "plan: not JSON"),
    "only a BOM": (b"\xef\xbb\xbf", "plan: not JSON"),
    "binary": (bytes(range(256)) * 8, "plan: "),
    "a JPEG's head": (
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00",
        "plan: not UTF-8 text (invalid start byte at byte 0)",
        "UTF-8",
    ),
    "Latin-1": (text("warm and bright", "caf\xe9").encode("latin-1"), "not UTF-8 text", "at byte", "Save it as UTF-8"),
    "UTF-16": (json.dumps(VALID).encode("utf-16"), "not UTF-8 text", "Save it as UTF-8"),
    "UTF-32": (json.dumps(VALID).encode("utf-32"), "not UTF-8 text"),
    "UTF-16 without BOM": (json.dumps(VALID).encode("utf-16-le"), "plan: not JSON"),
    "truncated": (json.dumps(VALID)[:-40], "plan: not JSON", "line 1, column"),
    "truncated in a text": (json.dumps(VALID)[:30], "Unterminated string", "column"),
    "trailing garbage": (json.dumps(VALID) + "}", "Extra data at line 1"),
    "two documents": (json.dumps(VALID) + "\n" + json.dumps(VALID), "Extra data at line 2, column 1"),
    "a comment": (text('"seed": 7', '"seed": 7 /* lucky */'), "not JSON", "column"),
    "a trailing comma": (text('"seed": 7,', '"seed": 7,,'), "not JSON"),
    "single quotes": (str(VALID), "not JSON: Expecting property name"),
    "a raw line break in a text": (text("warm and", "warm\nand"), "Invalid control character"),
    "too large": (b" " * (LARGEST + 1), "plan: 67108865 bytes are more than 67108864", "Plans are small"),
    "deep lists": ('{"schema":' + "[" * DEEP + "]" * DEEP + "}", "plan: nested deeper than 40 levels"),
    "deep lists that do not end": ('{"schema":' + "[" * DEEP, "plan: nested deeper than 40 levels"),
    "deep objects": ('{"a":' * DEEP + "1" + "}" * DEEP, "plan: nested deeper than 40 levels"),
    "deep in params": (text("0.35", "[" * DEEP + "]" * DEEP), "nested deeper than 40 levels"),
    "fifty levels": (text("0.35", "[" * 50 + "]" * 50), "plan.edits.exposure.params.ev[0]", "nested deeper than 40"),
    "fifty levels of objects": (
        spoil("reasoning", eval("{'a':" * 50 + "1" + "}" * 50)),
        "nested deeper than 40 levels",
    ),
    "a key twice": (text('"seed": 7', '"seed": 7, "seed": 8'), "key 'seed' stands twice in one object", "Keep one"),
    "an op twice": (text('"hsl"', '"exposure"'), "key 'exposure' stands twice"),
    "a slot twice": (text('"ev": 0.35', '"ev": 0.35, "ev": 0.1'), "key 'ev' stands twice"),
    "NaN": (text("0.35", "NaN"), "plan: NaN is not a JSON number", "Give a finite number"),
    "Infinity": (text("0.35", "Infinity"), "Infinity is not a JSON number", "Give a finite number"),
    "-Infinity": (text("0.35", "-Infinity"), "-Infinity is not a JSON number"),
    "1e999": (text("0.35", "1e999"), "plan.edits.exposure.params.ev: inf is not finite", "Give a finite number"),
    "-1e999": (text("0.35", "-1e999"), "plan.edits.exposure.params.ev: -inf is not finite"),
    "1e999 in an array": (text("0.5, 0, 0", "1e999, 0, 0"), "plan.edits.hsl.params.hue[3]: inf is not finite"),
    "1e999 as strength": (text('"strength": 0.5', '"strength": 1e999'), "plan.strength: inf is not finite"),
    "an integer of 10,000 digits": (text("0.35", "9" * 10_000), "a number that cannot be read", "Give a finite number"),
    "an integer of 4,000 digits": (
        text("0.35", "9" * 4_000),
        "plan.edits.exposure.params.ev: 9999",
        "is too large",
        "300 digits",
    ),
    "a seed of 4,000 digits": (text('"seed": 7', '"seed": ' + "9" * 4_000), "plan.seed: 9999", "is too large"),
    "half a character": (text("warm and", "warm \\ud800"), "plan.prompt: 'warm \\ud800", "half a character", "Unicode"),
    "half a character in a key": (text('"hsl"', '"\\ud800"'), "key '\\ud800' is not Unicode text"),
    # The top.
    "a list": (b"[1, 2]", "plan: [1, 2] is not of type object", "Give an object"),
    "a number": (b"5", "plan: 5 is not of type object"),
    "a text": (b'"plan"', "plan: 'plan' is not of type object"),
    "null": (b"null", "plan: None is not of type object"),
    "an empty object": ("{}", "plan: lacks 'schema', 'mode', 'edits'", "Add what is missing"),
    "no schema": (without("schema"), "plan: lacks 'schema'"),
    "no mode": (without("mode"), "plan: lacks 'mode'", "Add what is missing"),
    "no edits": (without("edits"), "plan: lacks 'edits'"),
    "an extra key": (
        spoil("sede", 3),
        "plan: has an unknown key 'sede'",
        "Did you mean 'seed'?",
        "Known: schema, mode",
    ),
    "an extra key like none": (spoil("x" * 10_000, 3), "plan: has an unknown key 'xxx", "Known: schema"),
    "the next format": (
        spoil("schema", "veraretouch.plan/3") | {"layers": []},
        "plan.schema: 'veraretouch.plan/3' is not 'veraretouch.plan/1' or 'veraretouch.plan/2'",
        "This version of veraretouch reads 'veraretouch.plan/1' or 'veraretouch.plan/2'",
    ),
    "another format": (spoil("schema", 1), "plan.schema: 1 is not 'veraretouch.plan/1'"),
    "a mode like another": (spoil("mode", "styel"), "plan.mode: 'styel' is not one of 'auto'", "Did you mean 'style'?"),
    "a mode like none": (spoil("mode", "??"), "plan.mode: '??' is not one of", "Choose one of them"),
    "a mode that is a list": (spoil("mode", ["auto"]), "plan.mode: ['auto'] is not one of"),
    "a prompt that is a number": (spoil("prompt", 5), "plan.prompt: 5 is not of type string or null"),
    "a prompt without end": (spoil("prompt", "x" * 20_001), "plan.prompt: ", "more than 20000 parts"),
    "strength 1.5": (spoil("strength", 1.5), "plan.strength: 1.5 is above the maximum 1", "Give 1 or less"),
    "negative strength": (spoil("strength", -0.1), "plan.strength: -0.1 is below the minimum 0", "Give 0 or more"),
    "strength in words": (spoil("strength", "0.5"), "plan.strength: '0.5' is not of type number", "Give a number"),
    "strength true": (spoil("strength", True), "plan.strength: True is not of type number"),
    "a negative seed": (spoil("seed", -1), "plan.seed: -1 is below the minimum 0"),
    "a broken seed": (spoil("seed", 1.5), "plan.seed: 1.5 is not of type integer", "Give an integer"),
    "a seed beyond 63 bits": (spoil("seed", 2**63), "plan.seed: 9223372036854775808 is above the maximum"),
    "a seed that is true": (spoil("seed", True), "plan.seed: True is not of type integer"),
    "groups in a text": (spoil("groups", "lighting"), "plan.groups: 'lighting' is not of type array", "Give an array"),
    "groups that are numbers": (spoil("groups", [1]), "plan.groups[0]: 1 is not of type string"),
    "an empty group": (spoil("groups", [""]), "plan.groups[0]: '' has fewer than 1 parts"),
    "a group twice": (spoil("groups", ["lighting", "lighting"]), "plan.groups: ", "an item twice", "Keep one of them"),
    "a hundred thousand groups": (spoil("groups", [5] * 10**5), "plan.groups[0]: 5 is not of type string"),
    "a planner in a text": (spoil("planner", "rules"), "plan.planner: 'rules' is not of type object"),
    "a planner without version": (spoil("planner", {"id": "rules"}), "plan.planner: lacks 'version'"),
    "a planner that is null": (spoil("planner", None), "plan.planner: None is not of type object"),
    "reasoning in a text": (spoil("reasoning", "because"), "plan.reasoning: 'because' is not of type object"),
    "reasoning with an extra key": (
        spoil("reasoning/lighting/plna", "x"),
        "plan.reasoning.lighting: has an unknown key 'plna'",
        "Did you mean 'plan'?",
    ),
    # Edits.
    "edits in a list": (spoil("edits", []), "plan.edits: [] is not of type object"),
    "edits null": (spoil("edits", None), "plan.edits: None is not of type object"),
    "an edit in a number": (spoil("edits/exposure", 0.35), "plan.edits.exposure: 0.35 is not of type object"),
    "an edit without version": (without("edits/exposure/version"), "plan.edits.exposure: lacks 'version'"),
    "an edit without params": (without("edits/exposure/params"), "plan.edits.exposure: lacks 'params'"),
    "an edit with an extra key": (
        spoil("edits/exposure/param", {}),
        "plan.edits.exposure: has an unknown key 'param'",
        "Did you mean 'params'?",
    ),
    "an unknown op": (
        spoil("edits/exposre", {"version": 1, "params": {}}),
        "plan.edits.exposre: op 'exposre' is not installed",
        "Did you mean 'exposure'?",
        "Installed: calibration, cdl",
    ),
    "an unknown op of a distribution": (
        spoil("edits/acme.faded_blacks", {"version": 1, "from": "acme-film 1.2", "params": {"amount": 0.2}}),
        "plan.edits.acme.faded_blacks: op 'acme.faded_blacks' is not installed (provided by 'acme-film 1.2')",
        "pip install acme-film",
    ),
    "an unknown op of no distribution": (
        spoil("edits/acme.faded_blacks", {"version": 1, "from": " ", "params": {}}),
        "op 'acme.faded_blacks' is not installed. Installed: ",
    ),
    "an unknown op of a trap": (
        spoil("edits/acme.faded_blacks", {"version": 1, "from": "--index-url=http://evil x", "params": {}}),
        "op 'acme.faded_blacks' is not installed. Installed: ",
    ),
    "an op with an empty name": (
        spoil("edits/", {"version": 1, "params": {}}),
        "plan.edits['']: op '' is not installed",
    ),
    "an op with control codes": (
        {**VALID, "edits": {"\x1b[31mred\n": {"version": 1, "params": {}}}},
        "plan.edits['\\x1b[31mred\\n']: op '\\x1b[31mred\\n' is not installed",
    ),
    "a source that is a number": (spoil("edits/exposure/from", 5), "plan.edits.exposure.from: 5 is not of type string"),
    "an asset in a text": (spoil("edits/exposure/asset", "x"), "plan.edits.exposure.asset: 'x' is not of type object"),
    "version 0": (spoil("edits/exposure/version", 0), "plan.edits.exposure.version: 0 is below the minimum 1"),
    "a version in words": (spoil("edits/exposure/version", "1"), "version: '1' is not of type integer"),
    "a version to come": (
        spoil("edits/exposure/version", 2),
        "plan.edits.exposure.version: version 2 of op 'exposure' cannot be brought to version 1, which is installed",
        "Install the version it was made with",
    ),
    "an old version that has no way forward": (
        spoil("edits/test.fade", {"version": 1, "params": {}}),
        "plan.edits.test.fade.version: version 1 of op 'test.fade' cannot be brought to version 2",
    ),
    "an old version on which migration fails": (
        spoil("edits/test.fade", {"version": 1, "params": {"amount": [1]}}),
        "cannot be brought to version 2, which is installed: TypeError: unsupported operand",
    ),
    "an old version that migrates beyond its bounds": (
        spoil("edits/test.fade", {"version": 1, "params": {"amount": 150}}),
        "plan.edits.test.fade.params.amount: 1.5 is above the maximum 1.0",
    ),
    # Values.
    "params in a list": (
        spoil("edits/exposure/params", [0.35]),
        "plan.edits.exposure.params: [0.35] is not of type object",
    ),
    "params null": (spoil("edits/exposure/params", None), "plan.edits.exposure.params: None is not of type object"),
    "an unknown slot": (
        spoil("edits/exposure/params", {"vv": 1}),
        "plan.edits.exposure.params: op 'exposure' has no slot 'vv'",
        "Its slots: ev.",
    ),
    "an unknown slot like another": (
        spoil("edits/hsl/params", {"huee": 1}),
        "plan.edits.hsl.params: op 'hsl' has no slot 'huee'",
        "Did you mean 'hue'?",
    ),
    "a number in words": (
        spoil(EV, "0.35"),
        f"plan.{EV.replace('/', '.')}: '0.35' is not made of numbers",
        "Give a number",
    ),
    "a number that is true": (spoil(EV, True), "plan.edits.exposure.params.ev: True is not made of numbers"),
    "a number that is null": (spoil(EV, None), "plan.edits.exposure.params.ev: None is not of type number"),
    "a number in a list": (
        spoil(EV, [0.35]),
        "plan.edits.exposure.params.ev: shape [1] is not []",
        "Give a number from -5",
    ),
    "a number in an object": (
        spoil(EV, {"value": 1}),
        "plan.edits.exposure.params.ev: ",
        "lacks 'dtype', 'shape', 'base64'",
    ),
    "above the bound": (
        spoil(EV, 9.0),
        "plan.edits.exposure.params.ev: 9.0 is above the maximum 5.0",
        "Give a number from -5 to 5 EV.",
    ),
    "below the bound": (
        spoil(EV, -9.0),
        "plan.edits.exposure.params.ev: -9.0 is below the minimum -5.0",
        "from -5 to 5 EV",
    ),
    "beyond 64 bits": (spoil(EV, 10**30), "plan.edits.exposure.params.ev: 1e+30 is above the maximum 5.0"),
    "an element above the bound": (
        spoil(HUE, [0, 0, 2.5, 0, 0, 0, 0, 0]),
        "plan.edits.hsl.params.hue[2]: 2.5 is above the maximum",
        "Give an array of shape [8] from",
    ),
    "an element below the bound": (
        spoil(HUE, [0] * 7 + [-9]),
        "plan.edits.hsl.params.hue[7]: -9.0 is below the minimum",
    ),
    "an element that is true": (spoil(HUE, [0.5] * 7 + [True]), "plan.edits.hsl.params.hue: ", "not made of numbers"),
    "an element in words": (spoil(HUE, [0] * 7 + ["0.1"]), "plan.edits.hsl.params.hue: ", "not made of numbers"),
    "an element that is null": (spoil(HUE, [0] * 7 + [None]), "plan.edits.hsl.params.hue: ", "not made of numbers"),
    "an element that is an object": (spoil(HUE, [0] * 7 + [{}]), "plan.edits.hsl.params.hue: ", "not made of numbers"),
    "an array too short": (
        spoil(HUE, [0] * 7),
        "plan.edits.hsl.params.hue: shape [7] is not [8]",
        "an array of shape [8]",
    ),
    "an empty array": (spoil(HUE, []), "plan.edits.hsl.params.hue: shape [0] is not [8]"),
    "an array too deep": (spoil(HUE, [[0] * 8]), "plan.edits.hsl.params.hue: shape [1, 8] is not [8]"),
    "uneven rows": (spoil(HUE, [[0], [0, 0]]), "plan.edits.hsl.params.hue: a list of uneven rows"),
    "a scalar for an array": (spoil(HUE, 0.5), "plan.edits.hsl.params.hue: shape [] is not [8]"),
    "a vector without value": (
        spoil("edits/test.embed", {"version": 1, "params": {}}),
        "plan.edits.test.embed.params: slot 'vector' is missing and has no identity",
        "Give it, or leave the op out.",
    ),
    # The base64 form.
    "not base64": (
        spoil(HUE, base64_array([0] * 8) | {"base64": "@@@@"}),
        "plan.edits.hsl.params.hue.base64: not base64",
        "Write it with plan.save",
    ),
    "base64 of wrong padding": (spoil(HUE, base64_array([0] * 8) | {"base64": "AAA"}), "hue.base64: not base64"),
    "base64 in Greek": (spoil(HUE, base64_array([0] * 8) | {"base64": "αβγδ"}), "hue.base64: not base64"),
    "base64 too short": (
        spoil(HUE, base64_array([0] * 7, [8])),
        "plan.edits.hsl.params.hue.base64: 28 bytes are not the 32 of shape [8]",
        "Four bytes a float32",
    ),
    "base64 too long": (spoil(HUE, base64_array([0] * 9, [8])), "36 bytes are not the 32 of shape [8]"),
    "base64 of another shape": (spoil(HUE, base64_array([[0] * 4] * 2)), "hsl.params.hue: shape [2, 4] is not [8]"),
    "base64 of an enormous shape": (
        spoil(HUE, base64_array([0] * 8, [10**8] * 8)),
        "32 bytes are not the 4" + "0" * 64 + " of shape",
    ),
    "base64 with NaN": (
        spoil(HUE, base64_array([0] * 7 + [math.nan])),
        "plan.edits.hsl.params.hue[7]: nan is not finite",
    ),
    "base64 beyond a bound": (spoil(HUE, base64_array([0] * 7 + [9])), "plan.edits.hsl.params.hue[7]: 9.0 is above"),
    "base64 without shape": (
        spoil(HUE, {"dtype": "float32", "base64": ""}),
        "plan.edits.hsl.params.hue: lacks 'shape'",
    ),
    "base64 of another dtype": (
        spoil(HUE, base64_array([0] * 8) | {"dtype": "float64"}),
        "plan.edits.hsl.params.hue.dtype: 'float64' is not 'float32'",
        "Give 'float32'",
    ),
    "base64 of shape 0": (
        spoil(HUE, base64_array([], [0])),
        "plan.edits.hsl.params.hue.shape[0]: 0 is below the minimum 1",
    ),
    "base64 of no shape": (
        spoil(HUE, base64_array([], [])),
        "plan.edits.hsl.params.hue.shape: [] has fewer than 1 parts",
    ),
    # Lattices.
    "a lattice of one point": (
        lattice([[[[0, 0, 0]]]]),
        "params.lattice: a lattice of 1 points an edge",
        "Use 2 to 129",
    ),
    "a lattice of 200 points": (lattice(base64_array(np.zeros((200, 1, 1, 3)))), "a lattice of 200 points an edge"),
    "a lattice that is no cube": (
        lattice(base64_array(np.zeros((3, 3, 4, 3)))),
        "plan.edits.lut3d.params.lattice: shape [3, 3, 4, 3] is not [3, 3, 3, 3]",
    ),
    "a lattice of four channels": (
        lattice(base64_array(np.zeros((2, 2, 2, 4)))),
        "shape [2, 2, 2, 4] is not [2, 2, 2, 3]",
    ),
    "a flat lattice": (lattice([0] * 24), "plan.edits.lut3d.params.lattice: shape [24] is not [33, 33, 33, 3]"),
    "a lattice out of bounds": (
        lattice(np.full((2, 2, 2, 3), 99.0).tolist()),
        "plan.edits.lut3d.params.lattice[0][0][0][0]: 99.0 is above the maximum",
    ),
}
