"""Camera Raw's fields (`crs:` names): the one table that says which slot each drives, and on what scale.

XMP presets carry a field in its own unit and format; the published VeraRetouch parameter file carries every field as
-100..100 of its slider's range. That file's scale of exposure is not published: here 100 stands for the slider's end, 5
EV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..core.color.hue_bands import BANDS


@dataclass(frozen=True)
class CrsField:
    """One Camera Raw field.

    Attributes:
        name: without the `crs:` prefix.
        low, high, unit, form: range, unit and printed format of the XMP value.
        op, slot, index: the slot it drives; index is the band's, where the slot is a vector.
        scale: slot value = XMP value * scale.
    """

    name: str
    low: float
    high: float
    unit: str
    form: str
    op: str
    slot: str
    index: int | None
    scale: float

    def from_xmp(self, value: float) -> float:
        """The slot value of an XMP value."""
        return value * self.scale

    def to_xmp(self, value: float) -> str:
        """The XMP text of a slot value, in the field's own format."""
        return self.form.format(value / self.scale + 0.0)

    def from_parameter_file(self, value: float) -> float:
        """The slot value of a published parameter file's -100..100."""
        return value / 100 * self.high * self.scale

    def to_parameter_file(self, value: float) -> float:
        """The published parameter file's -100..100 of a slot value."""
        return value / self.scale / self.high * 100


def _percent(name: str, op: str, slot: str, index: int | None = None) -> CrsField:
    return CrsField(name, -100, 100, "percent", "{:+.0f}", op, slot, index, 0.01)


def _share(name: str, op: str, slot: str, low: float = 0, high: float = 100) -> CrsField:
    return CrsField(name, low, high, "percent", "{:.0f}", op, slot, None, 0.01)


def _degrees(name: str, op: str, slot: str) -> CrsField:
    return CrsField(name, 0, 360, "degree", "{:.0f}", op, slot, None, 1.0)


def _bands(form: str, op: str, slot: str) -> list[CrsField]:
    return [_percent(form.format(band.capitalize()), op, slot, index) for index, band in enumerate(BANDS)]


_LIGHT: Final = [
    CrsField("Exposure2012", -5, 5, "EV", "{:+.2f}", "exposure", "ev", None, 1.0),
    _percent("Contrast2012", "contrast", "amount"),
    _percent("Highlights2012", "tone_regions", "highlights"),
    _percent("Shadows2012", "tone_regions", "shadows"),
    _percent("Whites2012", "tone_regions", "whites"),
    _percent("Blacks2012", "tone_regions", "blacks"),
    _percent("ParametricShadows", "parametric_curve", "shadows"),
    _percent("ParametricDarks", "parametric_curve", "darks"),
    _percent("ParametricLights", "parametric_curve", "lights"),
    _percent("ParametricHighlights", "parametric_curve", "highlights"),
]
_COLOR: Final = [
    _percent("IncrementalTemperature", "white_balance", "temperature"),
    _percent("IncrementalTint", "white_balance", "tint"),
    _percent("Vibrance", "vibrance", "amount"),
    _percent("Saturation", "saturation", "amount"),
]
_MIXER: Final = [
    *_bands("HueAdjustment{}", "hsl", "hue"),
    *_bands("SaturationAdjustment{}", "hsl", "saturation"),
    *_bands("LuminanceAdjustment{}", "hsl", "luminance"),
]
_OTHERS: Final = [
    _share("ParametricShadowSplit", "parametric_curve", "shadow_split", 10, 70),
    _share("ParametricMidtoneSplit", "parametric_curve", "midtone_split", 20, 80),
    _share("ParametricHighlightSplit", "parametric_curve", "highlight_split", 30, 90),
    _percent("ShadowTint", "calibration", "shadow_tint"),
    _percent("RedHue", "calibration", "red_hue"),
    _percent("RedSaturation", "calibration", "red_saturation"),
    _percent("GreenHue", "calibration", "green_hue"),
    _percent("GreenSaturation", "calibration", "green_saturation"),
    _percent("BlueHue", "calibration", "blue_hue"),
    _percent("BlueSaturation", "calibration", "blue_saturation"),
    *_bands("GrayMixer{}", "grey_mixer", "bands"),
    _degrees("SplitToningShadowHue", "color_grading", "shadow_hue"),
    _share("SplitToningShadowSaturation", "color_grading", "shadow_saturation"),
    _percent("ColorGradeShadowLum", "color_grading", "shadow_luminance"),
    _degrees("ColorGradeMidtoneHue", "color_grading", "midtone_hue"),
    _share("ColorGradeMidtoneSat", "color_grading", "midtone_saturation"),
    _percent("ColorGradeMidtoneLum", "color_grading", "midtone_luminance"),
    _degrees("SplitToningHighlightHue", "color_grading", "highlight_hue"),
    _share("SplitToningHighlightSaturation", "color_grading", "highlight_saturation"),
    _percent("ColorGradeHighlightLum", "color_grading", "highlight_luminance"),
    _degrees("ColorGradeGlobalHue", "color_grading", "global_hue"),
    _share("ColorGradeGlobalSat", "color_grading", "global_saturation"),
    _percent("ColorGradeGlobalLum", "color_grading", "global_luminance"),
    _share("ColorGradeBlending", "color_grading", "blending"),
    _percent("SplitToningBalance", "color_grading", "balance"),
]

_DETAIL: Final = [
    _percent("Clarity2012", "clarity", "amount"),
    _percent("Texture", "texture", "amount"),
    _percent("Dehaze", "dehaze", "amount"),
    CrsField("DefringePurpleAmount", 0, 20, "twentieth", "{:.0f}", "defringe", "purple", None, 0.05),
    CrsField("DefringeGreenAmount", 0, 20, "twentieth", "{:.0f}", "defringe", "green", None, 0.05),
    _share("Sharpness", "sharpening", "amount", 0, 150),
    CrsField("SharpenRadius", 0.5, 3, "pixel", "{:+.1f}", "sharpening", "radius", None, 1.0),
    _share("SharpenDetail", "sharpening", "detail"),
    _share("SharpenEdgeMasking", "sharpening", "masking"),
    _share("LuminanceSmoothing", "noise_reduction", "luminance"),
    _share("LuminanceNoiseReductionDetail", "noise_reduction", "luminance_detail"),
    _share("LuminanceNoiseReductionContrast", "noise_reduction", "luminance_contrast"),
    _share("ColorNoiseReduction", "noise_reduction", "color"),
    _share("ColorNoiseReductionDetail", "noise_reduction", "color_detail"),
    _share("ColorNoiseReductionSmoothness", "noise_reduction", "color_smoothness"),
]
_EFFECTS: Final = [
    _percent("PostCropVignetteAmount", "vignette", "amount"),
    _share("PostCropVignetteMidpoint", "vignette", "midpoint"),
    _percent("PostCropVignetteRoundness", "vignette", "roundness"),
    _share("PostCropVignetteFeather", "vignette", "feather"),
    _share("PostCropVignetteHighlightContrast", "vignette", "highlights"),
    _share("GrainAmount", "grain", "amount"),
    _share("GrainSize", "grain", "size"),
    _share("GrainFrequency", "grain", "roughness"),
]

FIELDS: Final = {field.name: field for field in [*_LIGHT, *_COLOR, *_MIXER, *_OTHERS, *_DETAIL, *_EFFECTS]}

# The vignette's style: 1 and 2 change light (and keep highlights or colours), 3 paints. `vignette.paint` says which.
VIGNETTE_STYLE: Final = "PostCropVignetteStyle"
LIGHT_STYLES: Final = ("1", "2")
PAINT_STYLE: Final = "3"

# Point curves, which XMP writes as pairs of 0..255: see `presets.curves`.
CURVES: Final = {
    "ToneCurvePV2012": "luma",
    "ToneCurvePV2012Red": "red",
    "ToneCurvePV2012Green": "green",
    "ToneCurvePV2012Blue": "blue",
}

# A file with split toning and no ColorGradeBlending: shadows and highlights run into each other without midtones
# between.
LEGACY_BLENDING: Final = 1.0

# The three groups of the published parameter file, in its order: 10, 4 and 24 fields.
PARAMETER_FILE: Final = {
    "lighting": [field.name for field in _LIGHT],
    "global_color": [field.name for field in _COLOR],
    "specific_color": [field.name for field in _MIXER],
}
