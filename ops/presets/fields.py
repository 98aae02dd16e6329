"""Camera Raw's settings that no slot carries: what each is, its neutral value, and when a look depends on it. Data.

A name that stands in no table here and none of `ops.crs` is reported as unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LENS: Final = "lenses are corrected by profiles alone"
UPRIGHT: Final = "Adobe's own finding of perspective, and its shifts, are not rendered"
OLDER: Final = "it belongs to an older process version"
PROFILE: Final = "profiles and their tables are not rendered"
RETOUCH: Final = "retouching is not rendered"
GLOBAL: Final = "no op of ours does this"


@dataclass(frozen=True)
class Known:
    """Settings whose names match: why they are not rendered, where they rest,
    and from which size a look depends on them.

    Attributes:
        rest: values that do nothing; None where any value does nothing by itself.
        essential: the size from which a preset is refused without `--partial`; infinity for never, 0 for always.
    """

    names: re.Pattern[str]
    why: str
    rest: frozenset[str] | None = frozenset({"0"})
    essential: float = float("inf")


def _known(names: str, why: str, *rest: str, essential: float = float("inf")) -> Known:
    return Known(re.compile(names), why, frozenset(rest or ("0",)), essential)


def _idle(names: str) -> Known:
    return Known(re.compile(names), "", None)


KNOWN: Final = (
    # Words about the file, and settings that only shape others (listed below by their amounts).
    _idle(
        r"Version|ProcessVersion|HasSettings|AlreadyApplied|RawFileName|PresetType|Cluster|UUID|Supports\w+|CameraModelRestriction"
        r"|Copyright|ContactInfo|Name|ShortName|SortName|Group|Description|ToneCurveName(2012)?|RequiresRGBTables|Stubbed"
        r"|LookName|CompatibleVersion|RequiresRenditionBehavior|Treatment|ShowIn\w+|AsShot\w+|Enable\w+|Auto(Brightness|Contrast|Exposure|GrayscaleMix|Shadows|Tone)|WhiteBalance"
    ),
    _idle(
        r"VignetteMidpoint|GrainSeed|orientation|AutoWhiteVersion|ToggleStyle\w+|RangeMaskMapInfo|Table_[0-9A-F]{32}"
        r"|Defringe(Purple|Green)Hue(Lo|Hi)|LensProfile(Setup|Name|Filename|Digest|IsEmbedded|ChromaticAberrationScale)|Upright(?!Version)\w+|UprightVersion"
        r"|Crop(Constrain\w+|Units?|Width|Height)|OverrideLookVignette|CameraProfileDigest|CurveRefineSaturation"
    ),
    _known(r"VignetteAmount", LENS, essential=30),
    _known(r"LensManualDistortionAmount|ChromaticAberration[RB]|Defringe\w*", LENS),
    _known(r"Perspective(Upright|X|Y)", UPRIGHT, "0", "0.0", "0.00"),
    _known(r"RGBTable\w*|LookTable\w*", PROFILE, "", "0", essential=0),
    # Point Colour without a sample: Camera Raw writes 19 numbers of -1, and a variance of -50.
    _known(r"PointColors?", GLOBAL, "", "0", "-1", essential=0),
    _known(r"ColorVariance", GLOBAL, "", "0", "-50", essential=0),
    _known(r"LensBlur", GLOBAL, "", essential=0),
    _known(r"CameraProfile", PROFILE, "", "Default Profile", "Adobe Standard", "Adobe Color", "Embedded"),
    _known(r"RetouchInfo|RetouchAreas|RedEyeInfo", RETOUCH, "", "0", "1"),
    _known(r"HDREditMode|SDR\w+|HDRMaxValue", GLOBAL),
    _known(
        r"Temperature", "Kelvin belong to raw files; the photo at hand is rendered already", "", essential=float("inf")
    ),
    _known(r"Tint", "it belongs to Kelvin of raw files; the photo at hand is rendered already", "0"),
    # Where older versions rest, as every file of theirs has them.
    _known(r"Exposure|Clarity|FillLight|HighlightRecovery", OLDER, "0", "0.00"),
    _known(r"Shadows", OLDER, "5"),
    _known(r"Brightness", OLDER, "50"),
    _known(r"Contrast", OLDER, "25"),
    _known(r"ToneCurve(Red|Green|Blue)?", OLDER, ""),
)

# What older process versions have in place of the fields that we render.
OLD_SLIDERS: Final = frozenset({"Exposure", "Shadows", "Brightness", "Contrast", "FillLight", "HighlightRecovery"})

# Profiles that Camera Raw gives to every raw file: on a photo that is rendered already they have no place.
MONOCHROME_LOOK: Final = "Adobe Monochrome"
"""The profile that Camera Raw gives to every photo in black and white: it says that the photo is one."""

DEFAULT_LOOKS: Final = frozenset(
    {"Adobe Color", "Adobe Standard", "Adobe Landscape", "Adobe Neutral", "Adobe Portrait", "Adobe Vivid"}
)


def known(name: str) -> Known | None:
    """The row of a setting."""
    return next((row for row in KNOWN if row.names.fullmatch(name)), None)
