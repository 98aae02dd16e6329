"""What share of the settings that real presets use is rendered.

    python tests/benchmarks/reading/preset_settings.py FOLDER [--before NAMES.json] [--most 20] [--json OUT.json]
    python tests/benchmarks/reading/preset_settings.py --names > NAMES.json

FOLDER holds one folder an author with presets of Lightroom or Camera Raw (.xmp, .lrtemplate). They are other people's:
none is part of this repository.

**What is counted.** A setting is in use where its value differs from its neutral one. What only shapes another setting
(the radius of a sharpening, the feather of a vignette, a hue without saturation) is in use where that one is. Each
slider of a local correction counts, and so does each profile that is not what Camera Raw gives to every photo. A crop
counts once, its angle by itself; a lens's profile counts as rendered, though lensfun may not know the lens.

**What is not counted.** Facts about the file; the process version's curves of before 2012 beside today's; names that
Camera Raw does not have, which Lightroom ignores: those are listed.

`--names` prints the names that the installed version renders; run with an earlier version, it gives the share before.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from veraretouch.core.errors import VeraRetouchError
from veraretouch.ops import crs
from veraretouch.ops.presets.fields import DEFAULT_LOOKS

try:
    from veraretouch.ops.presets.crops.settings import EDGES, FIELDS_OF_FRAME
except ImportError:  # versions without frames
    EDGES, FIELDS_OF_FRAME = {}, frozenset()
try:
    from veraretouch.ops.presets.local_fields import IDLE_FIELDS, LOCAL_FIELDS
except ImportError:  # versions without local adjustments
    IDLE_FIELDS, LOCAL_FIELDS = frozenset(), {}

CORRECTIONS: Final = (
    "MaskGroupBasedCorrections",
    "GradientBasedCorrections",
    "CircularGradientBasedCorrections",
    "PaintBasedCorrections",
)
# What shapes another setting -> the settings of which one must be in use.
SHAPES: Final = {
    **dict.fromkeys(("SharpenRadius", "SharpenDetail", "SharpenEdgeMasking"), ("Sharpness",)),
    **dict.fromkeys(("LuminanceNoiseReductionDetail", "LuminanceNoiseReductionContrast"), ("LuminanceSmoothing",)),
    **dict.fromkeys(("ColorNoiseReductionDetail", "ColorNoiseReductionSmoothness"), ("ColorNoiseReduction",)),
    **dict.fromkeys(("GrainSize", "GrainFrequency"), ("GrainAmount",)),
    **{
        f"PostCropVignette{name}": ("PostCropVignetteAmount",)
        for name in ("Midpoint", "Feather", "Roundness", "HighlightContrast", "Style")
    },
    **dict.fromkeys(
        ("ParametricShadowSplit", "ParametricMidtoneSplit", "ParametricHighlightSplit"),
        ("ParametricShadows", "ParametricDarks", "ParametricLights", "ParametricHighlights"),
    ),
    "SplitToningShadowHue": ("SplitToningShadowSaturation",),
    "SplitToningHighlightHue": ("SplitToningHighlightSaturation",),
    "ColorGradeMidtoneHue": ("ColorGradeMidtoneSat",),
    "ColorGradeGlobalHue": ("ColorGradeGlobalSat",),
    **dict.fromkeys(
        ("SplitToningBalance", "ColorGradeBlending"),
        ("SplitToningShadowSaturation", "SplitToningHighlightSaturation", "ColorGradeMidtoneSat"),
    ),
    **{f"GrayMixer{band}": ("ConvertToGrayscale",) for band in map(str.capitalize, crs.BANDS)},
}
TONE_2012: Final = {"ToneCurve": "ToneCurvePV2012"} | {
    f"ToneCurve{name}": f"ToneCurvePV2012{name}" for name in ("Red", "Green", "Blue")
}


def names() -> list[str]:
    """The settings that the installed version renders, local sliders among them."""
    found = {*crs.FIELDS, *crs.CURVES, "ConvertToGrayscale", getattr(crs, "VIGNETTE_STYLE", "ConvertToGrayscale")}
    return sorted(found | set(LOCAL_FIELDS) | FIELDS_OF_FRAME)


def in_use(settings: Mapping[str, Any], unrendered: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """The settings in use of one preset, and the names that are none of Camera Raw's; local sliders with the name of
    their correction, "LocalTint in 'Sky'".
    """
    active = {name for name, value in settings.items() if name in crs.FIELDS and _moves(name, value)}
    if str(settings.get("ConvertToGrayscale", "")).lower() == "true":
        active.add("ConvertToGrayscale")
    used, strange = [], []
    for name, value in settings.items():
        if name in SHAPES:
            kept = not any(each in active for each in SHAPES[name])
            if not kept and (name in active or name == "PostCropVignetteStyle"):
                used.append(name)
        elif name in active or (name in FIELDS_OF_FRAME and _frames(name, settings)):
            used.append(name)
        elif name in crs.CURVES:
            used += [name] if _bends(value) else []
        elif name in CORRECTIONS:
            used += list(_local(value))
        elif name in unrendered and not _says_nothing(name, value, settings):
            (strange if unrendered[name] == "it is not known here" else used).append(name)
    return used, strange


def _frames(name: str, settings: Mapping[str, Any]) -> bool:
    """Whether a setting of the frame moves it."""
    if name in EDGES:  # they count as one, HasCrop
        return False
    if name in ("HasCrop", "CropAngle") and str(settings.get("HasCrop", "")).lower() != "true":
        return False
    if name == "HasCrop":
        return any(float(settings.get(edge, rest)) != float(rest) for edge, rest in EDGES.items())
    if name in ("LensProfileDistortionScale", "LensProfileVignettingScale"):
        return str(settings.get("LensProfileEnable", "0")) == "1" and float(settings[name]) != 100
    return float(settings[name]) != (100 if name == "PerspectiveScale" else 0)


def _says_nothing(name: str, value: Any, settings: Mapping[str, Any]) -> bool:
    """Whether it is an earlier version's curve beside today's, or the profile that every photo gets."""
    if name == "Look":
        return isinstance(value, dict) and value.get("Name") in DEFAULT_LOOKS
    return TONE_2012.get(name) in settings


def _moves(name: str, value: Any) -> bool:
    """Whether a number is not where it rests; what an absent field means."""
    field = crs.FIELDS[name]
    rest = {"GrainSize": 25, "GrainFrequency": 50, "PostCropVignetteMidpoint": 50, "PostCropVignetteFeather": 50}
    rest |= {"SharpenRadius": 1, "SharpenDetail": 25, "ColorGradeBlending": 50, "ParametricShadowSplit": 25}
    rest |= {"LuminanceNoiseReductionDetail": 50, "ColorNoiseReductionDetail": 50, "ColorNoiseReductionSmoothness": 50}
    rest |= {"ParametricMidtoneSplit": 50, "ParametricHighlightSplit": 75}
    return float(value) != rest.get(name, 0) and bool(field)


def _bends(value: Any) -> bool:
    """Whether a curve is no straight line."""
    numbers = [float(part) for item in value for part in str(item).split(",")]
    return any(abs(x - y) >= 1 for x, y in zip(numbers[::2], numbers[1::2], strict=True))


def _local(value: Any) -> Iterator[str]:
    """The sliders of each correction that differ from rest."""
    for correction in value if isinstance(value, list) else [value]:
        for name, amount in correction.items() if isinstance(correction, dict) else ():
            if name.startswith("Local") and name not in IDLE_FIELDS and isinstance(amount, str) and float(amount or 0):
                yield f"{name} in {correction.get('CorrectionName', '')!r}"


def is_rendered(name: str, known: frozenset[str], unrendered: Mapping[str, str], corrections: list[str]) -> bool:
    """Whether a setting in use is rendered: by its name, and unless the reader says that this one is not."""
    slider, _, correction = name.partition(" in ")
    if not correction:
        return name in known and name not in unrendered
    left = any(each == correction or each.startswith(f"{correction}: {slider} ") for each in corrections)
    return slider in known and not left


def settings_of(path: Path) -> dict[str, Any]:
    """The settings of a file as they stand there."""
    from veraretouch.ops.presets import xmp
    from veraretouch.ops.presets.lrtemplate import read_lua

    data = path.read_bytes()
    if path.suffix.lower() == ".lrtemplate":
        settings: dict[str, Any] = read_lua(data.decode("utf-8-sig"), path.name)["value"]["settings"]
        return settings
    return xmp.settings_of(xmp.parse(data, path.name), path.name)


def measure(folder: Path, before: frozenset[str], most: int) -> dict[str, Any]:
    """Shares for each author and of all settings together, and what is missing."""
    from veraretouch.ops.presets import read_preset

    now = frozenset(names())
    authors: dict[str, Any] = {}
    missing, strange, refused = Counter[str](), Counter[str](), Counter[str]()
    for author in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(path for path in author.rglob("*") if path.suffix.lower() in (".xmp", ".lrtemplate"))
        paths = sorted(random.Random(0).sample(paths, most)) if len(paths) > most else paths
        counts = Counter[str]()
        for path in paths:
            try:
                preset = read_preset(path)
            except VeraRetouchError as error:
                refused[f"{author.name}: {error.problem.rpartition(': ')[2][:80]}"] += 1
                continue
            unrendered = {item.name: item.why for item in preset.unrendered}
            used, others = in_use(settings_of(path), unrendered)
            strange.update(others)
            corrections = [item.value for item in preset.unrendered if item.name in CORRECTIONS]
            rendered = [is_rendered(name, now, unrendered, corrections) for name in used]
            there = sum(name.partition(" in ")[0] in before for name in used)
            missing.update(name.partition(" in ")[0] for name, found in zip(used, rendered, strict=True) if not found)
            counts += Counter(presets=1, used=len(used), now=sum(rendered), before=there)
        if counts["used"]:
            authors[author.name] = dict(counts)
    return {"authors": authors, "missing": missing.most_common(), "strange": strange.most_common(), "refused": refused}


def table(found: dict[str, Any]) -> Iterator[str]:
    """The figures as a page has them."""
    rows = found["authors"]
    yield "| author | presets | settings in use | rendered before | rendered now |"
    yield "|---|---|---|---|---|"
    shares: dict[str, list[float]] = {"before": [], "now": []}
    for author, row in rows.items():
        for when, values in shares.items():
            values.append(row.get(when, 0) / row["used"])
        yield (
            f"| {author} | {row['presets']} | {row['used']} | {shares['before'][-1]:.1%} | {shares['now'][-1]:.1%} |"
        )
    total = {key: sum(row.get(key, 0) for row in rows.values()) for key in ("presets", "used", "before", "now")}
    pooled = [total[when] / total["used"] for when in shares]
    yield f"| all settings | {total['presets']} | {total['used']} | {pooled[0]:.1%} | {pooled[1]:.1%} |"
    medians = [statistics.median(values) for values in shares.values()]
    yield f"| median of authors | | | {medians[0]:.1%} | {medians[1]:.1%} |"
    for title, key in (("Not rendered", "missing"), ("Not of Camera Raw", "strange")):
        yield f"\n{title}: " + ", ".join(f"{name} {count}" for name, count in found[key]) + "."
    yield f"\nRefused: {dict(found['refused'])}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Count the settings of real presets that are rendered.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--before", type=Path, help="what --names printed with an earlier version")
    parser.add_argument("--names", action="store_true", help="print the settings that this version renders")
    parser.add_argument("--most", type=int, default=20, help="presets of one author, drawn with a seed")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.names or asked.folder is None:
        print(json.dumps(names()))
        return
    before = frozenset(json.loads(asked.before.read_text())) if asked.before else frozenset()
    found = measure(asked.folder, before, asked.most)
    print(*table(found), sep="\n")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
