"""What stands beside a planner in the same run: corrections that need no understanding, another's network,
and the best that the ops can do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from ...core.color.srgb import linear_to_srgb, srgb_to_linear
from ...core.plugins.bundles import bundle_names
from ...core.render.loading import load_retoucher
from ...core.render.renderer import Renderer
from ...core.render.retoucher import Retoucher
from ..imagemagick import imagemagick, through_imagemagick
from ..training.data import eight_bit
from .data import Case, Floats, Picture, Pictures

NOTHING: Final = "doing nothing"
CONSTANT: Final = "constant correction"
ORACLE: Final = "best the ops can do (fit)"
MAGICK: Final = "ImageMagick -auto-level -auto-gamma"
IA3DLUT: Final = "ia3dlut"

_LEAST_LIGHT: Final = 1e-4

Retouch = Callable[[Case, Pictures], Picture]


@dataclass(frozen=True)
class Peer:
    """A contestant: `retouch`, or what is `missing` for it, with the cure."""

    name: str
    retouch: Retouch | None = None
    missing: str = ""


def plain_peers() -> list[Peer]:
    """Those that look at the photo alone."""
    skimage = "" if find_spec("skimage") else "scikit-image is not installed: pip install scikit-image"
    magick = "" if imagemagick() else "ImageMagick is not installed: apt-get install imagemagick"
    network, no_network = _ia3dlut()
    return [
        Peer("Pillow autocontrast", _of_photo(autocontrast)),
        Peer("scikit-image CLAHE", None if skimage else _of_photo(equalize_adapthist), skimage),
        Peer("grey world", _of_photo(grey_world)),
        Peer(MAGICK, None if magick else _of_photo(by_imagemagick), magick),
        Peer(IA3DLUT, network, no_network),
    ]


def autocontrast(picture: Picture) -> Picture:
    """Pillow's ImageOps.autocontrast of (H, W, 3) uint8, 1 % cut off at either end."""
    from PIL import Image, ImageOps

    return np.asarray(ImageOps.autocontrast(Image.fromarray(picture), cutoff=1))


def equalize_adapthist(picture: Picture) -> Picture:
    """scikit-image's CLAHE of (H, W, 3) uint8, with its defaults."""
    from skimage.exposure import equalize_adapthist as equalize

    return eight_bit(equalize(picture))


def grey_world(picture: Picture) -> Picture:
    """Each encoded channel of (H, W, 3) uint8 scaled until the three means agree (Buchsbaum 1980)."""
    means = picture.reshape(-1, 3).mean(axis=0).clip(min=1)
    return eight_bit(picture / 255 * (means.mean() / means))


def by_imagemagick(picture: Picture) -> Picture:
    """ImageMagick's -auto-level -auto-gamma of (H, W, 3) uint8."""
    return through_imagemagick(picture, ["-auto-level", "-auto-gamma"])


def nothing(case: Case, pictures: Pictures) -> Picture:
    """The photo as it is."""
    return eight_bit(pictures.before)


class ConstantCorrection:
    """One gain a channel of linear light, the same for every photo:
    what the other photos of the subset got on average, in stops.

    Args:
        cases, light: each case with the stops (3,) between the channels' mean light before and after.
    """

    def __init__(self, cases: Sequence[Case], stops: Sequence[NDArray[np.float64]]) -> None:
        self._by_photo: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
        for case, stop in zip(cases, stops, strict=True):
            self._by_photo.setdefault((case.subset, case.photo), []).append(stop)

    def __call__(self, case: Case, pictures: Pictures) -> Picture:
        """The photo by the mean of all photos but itself; where there is no other, as it is."""
        others = [
            np.mean(stops, axis=0)
            for (subset, photo), stops in self._by_photo.items()
            if subset == case.subset and photo != case.photo
        ]
        if not others:
            return nothing(case, pictures)
        gain = torch.from_numpy(2 ** np.mean(others, axis=0)).float()
        light = srgb_to_linear(_tensor(pictures.before)) * gain[:, None, None]
        return eight_bit(linear_to_srgb(light.clamp(0, 1))[0].permute(1, 2, 0).numpy())


def stops_between(pictures: Pictures) -> NDArray[np.float64]:
    """Stops (3,) between the mean linear light of each channel before and after."""
    wanted = (pictures.after / 255).astype(np.float32)
    before, after = (
        srgb_to_linear(_tensor(rgb)).double().mean(dim=(0, 2, 3)).clamp(min=_LEAST_LIGHT).numpy()
        for rgb in (pictures.before, wanted)
    )
    stops: NDArray[np.float64] = np.log2(after / before)
    return stops


def oracle(case: Case, pictures: Pictures) -> Picture:
    """What the ops make of the photo with the sliders that explain its target best, by `fit`."""
    from ..fit.fit import fit

    plan = fit(pictures.before, pictures.after).plan
    return eight_bit(Renderer().render(pictures.before, plan, engine="exact"))


def asked(case: Case) -> Mapping[str, Any]:
    """A retoucher's keywords for a case."""
    return {"style": case.prompt, "params": case.params}


def of_retoucher(retoucher: Retoucher) -> Retouch:
    """A retoucher as a contestant, given the request of each case."""
    return lambda case, pictures: eight_bit(retoucher(pictures.before, engine="exact", **asked(case)).image)


def _ia3dlut() -> tuple[Retouch | None, str]:
    if IA3DLUT not in bundle_names():
        return None, "ia3dlut is not installed: pip install ./contrib/ia3dlut"
    retoucher = load_retoucher(IA3DLUT)
    return (lambda case, pictures: eight_bit(retoucher(pictures.before, engine="exact").image)), ""


def _of_photo(correct: Callable[[Picture], Picture]) -> Retouch:
    return lambda case, pictures: correct(eight_bit(pictures.before))


def _tensor(rgb: Floats) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)[None]))
