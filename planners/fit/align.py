"""Two pictures of one scene brought to the same pixels: another size, and a crop or a shift of a few pixels.

The shift is where the phases of both pictures' edges agree best (Kuglin and Hines 1975): edges,
since an edit of tones and colours leaves them where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ...core.photo import Photo
from ...core.photo.resize import resize
from .pairs import Picture, luma_of

Plane = NDArray[np.float32]

WINDOW: Final = 1024
PIXELS: Final = 2**18
# A crop takes off a few pixels, and so leaves another size; a larger difference is another scale.
SAME_SCALE: Final = 0.04
# How far a peak of the phases has to stand out, in standard deviations of the others.
SHARP: Final = 12.0
# Below this correlation of their edges two pictures do not show the same scene.
ALIKE: Final = 0.25


@dataclass(frozen=True)
class Aligned:
    """The part that two pictures share, (H, W, 3) float32, extended sRGB, at most about half a megapixel.

    `shift`: where the after's pixels lie in the before's, down and right; `scale`: before's size by after's;
    `likeness`: -1..1, how far their edges agree.
    """

    before: Picture
    after: Picture
    shift: tuple[int, int] = (0, 0)
    scale: float = 1.0
    likeness: float = 1.0

    @property
    def alike(self) -> bool:
        """Whether they show the same scene."""
        return self.likeness >= ALIKE


def align(before: Photo, after: Photo) -> Aligned:
    """What two photos share, pixel by pixel."""
    scale = before.height / after.height
    rescaled = max(abs(before.height / after.height - 1), abs(before.width / after.width - 1)) > SAME_SCALE
    if rescaled:
        before, after = _same_size(before, after)
    else:
        scale = 1.0
    one, two = (np.clip(photo.working(), 0, 1) for photo in (before, after))
    down, right = shift_between(luma_of(one), luma_of(two))
    one, two = _shared(one, two, down, right)
    factor = max(1, round((one.shape[0] * one.shape[1] / PIXELS) ** 0.5))
    one, two = _reduced(one, factor), _reduced(two, factor)
    return Aligned(one, two, (down, right), scale, _likeness(luma_of(one), luma_of(two)))


def shift_between(before: Plane, after: Plane) -> tuple[int, int]:
    """Where `after` begins in `before`, in whole pixels down and right; (0, 0) where the two do not say."""
    height, width = (min(a, b, WINDOW) for a, b in zip(before.shape, after.shape, strict=True))
    if min(height, width) < 16:
        return 0, 0
    corners = [
        [(side - size) // 2 for side, size in zip(p.shape, (height, width), strict=True)] for p in (before, after)
    ]
    one, two = (
        plane[top : top + height, left : left + width]
        for plane, (top, left) in zip((before, after), corners, strict=True)
    )
    taper = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    spectra = [np.fft.rfft2(_edges(plane) * taper) for plane in (one, two)]
    product = spectra[0] * spectra[1].conj()
    peaks = np.fft.irfft2(product / (np.abs(product) + 1e-9), s=(height, width))
    place = int(peaks.argmax())
    if peaks.flat[place] < SHARP * float(peaks.std()):
        return 0, 0
    down, right = divmod(place, width)
    down, right = (down if down <= height // 2 else down - height), (right if right <= width // 2 else right - width)
    down, right = down + corners[0][0] - corners[1][0], right + corners[0][1] - corners[1][1]
    most = 0.1 * min(before.shape)
    return (down, right) if max(abs(down), abs(right)) <= most else (0, 0)


def _same_size(before: Photo, after: Photo) -> tuple[Photo, Photo]:
    """The larger at the size of the smaller."""
    if before.width * before.height >= after.width * after.height:
        return _at_size(before, (after.width, after.height)), after
    return before, _at_size(after, (before.width, before.height))


def _at_size(photo: Photo, size: tuple[int, int]) -> Photo:
    pixels, _ = resize(photo.pixels, None, size)
    return Photo(pixels, profile=photo.profile)


def _shared(before: Picture, after: Picture, down: int, right: int) -> tuple[Picture, Picture]:
    height = min(before.shape[0] - max(0, down), after.shape[0] - max(0, -down))
    width = min(before.shape[1] - max(0, right), after.shape[1] - max(0, -right))
    return (
        before[max(0, down) : max(0, down) + height, max(0, right) : max(0, right) + width],
        after[max(0, -down) : max(0, -down) + height, max(0, -right) : max(0, -right) + width],
    )


def _reduced(picture: Picture, factor: int) -> Picture:
    """Averages of squares of pixels."""
    if factor == 1:
        return picture
    height, width = (side // factor * factor for side in picture.shape[:2])
    total = np.zeros((height // factor, width // factor, 3), np.float32)
    for down in range(factor):
        for right in range(factor):
            total += picture[down:height:factor, right:width:factor]
    return (total / factor**2).astype(np.float32)


def _edges(plane: Plane) -> Plane:
    """How steep it is; strong edges do not outweigh many weak ones."""
    down, right = np.diff(plane, axis=0, append=plane[-1:]), np.diff(plane, axis=1, append=plane[:, -1:])
    steep = np.sqrt(np.hypot(down, right))
    edges: Plane = steep - steep.mean()
    return edges


def _likeness(before: Plane, after: Plane) -> float:
    one, two = _edges(before), _edges(after)
    size = float(np.sqrt((one * one).mean() * (two * two).mean()))
    return float((one * two).mean()) / size if size > 1e-6 else 1.0
