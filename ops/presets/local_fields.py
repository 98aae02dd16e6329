"""The local sliders of Camera Raw (`crs:Local*`): the one table that says which slot each drives, and on what scale.

Names: ExifTool's table of the namespace `crs` (`Image::ExifTool::XMP`, sCorrection). Scales: Adobe publishes none. That
a local slider is stored as a hundredth of what the panel shows, and exposure as a quarter of its EV, is what several
public programs that read and write these files found in Lightroom's own files, in agreement. That toning is our tint of
all tones is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class LocalField:
    """One local slider.

    Attributes:
        name: without the `crs:` prefix.
        op, slot: the slot that it drives.
        scale: slot value = stored value * scale.
        low, high: the range of the stored value.
    """

    name: str
    op: str
    slot: str
    scale: float = 1.0
    low: float = -1.0
    high: float = 1.0


_ALL: Final = (
    LocalField("LocalExposure2012", "exposure", "ev", 4.0),
    LocalField("LocalContrast2012", "contrast", "amount"),
    LocalField("LocalHighlights2012", "tone_regions", "highlights"),
    LocalField("LocalShadows2012", "tone_regions", "shadows"),
    LocalField("LocalWhites2012", "tone_regions", "whites"),
    LocalField("LocalBlacks2012", "tone_regions", "blacks"),
    LocalField("LocalTemperature", "white_balance", "temperature"),
    LocalField("LocalTint", "white_balance", "tint"),
    LocalField("LocalSaturation", "saturation", "amount"),
    LocalField("LocalToningHue", "color_grading", "global_hue", 1.0, 0.0, 360.0),
    LocalField("LocalToningSaturation", "color_grading", "global_saturation", 1.0, 0.0, 1.0),
    LocalField("LocalClarity2012", "clarity", "amount"),
    LocalField("LocalTexture", "texture", "amount"),
    LocalField("LocalDehaze", "dehaze", "amount"),
    LocalField("LocalSharpness", "sharpening", "amount"),
    LocalField("LocalLuminanceNoise", "noise_reduction", "luminance"),
)

LOCAL_FIELDS: Final = {field.name: field for field in _ALL}

BY_SLOT: Final = {(field.op, field.slot): field for field in _ALL}

NO_OP: Final = "no op of ours does this"
OLDER: Final = "it belongs to an older process version"

# Local sliders that drive no slot: why. What rests at 0 or is no number above does nothing.
UNRENDERED_FIELDS: Final = {
    "LocalHue": NO_OP,
    "LocalMoire": NO_OP,
    "LocalDefringe": NO_OP,
    "LocalGrain": "the scale of local grain is not published",
    "LocalExposure": OLDER,
    "LocalContrast": OLDER,
    "LocalClarity": OLDER,
    "LocalBrightness": OLDER,
}

# They shape other settings, and do nothing by themselves.
IDLE_FIELDS: Final = frozenset({"LocalCurveRefineSaturation"})
