"""Take what people hand over as a photo."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidPhoto
from .assemble import assemble
from .decoded import Decoded
from .load import PhotoSource, open_photo
from .photo import Photo

if TYPE_CHECKING:
    from PIL import Image

PhotoLike: TypeAlias = "PhotoSource | Image.Image | NDArray[Any] | Photo"
_RULE = "(H, W), (H, W, 1), (H, W, 3) or (H, W, 4)"


def as_photo(source: PhotoLike) -> Photo:
    """Make a photo of a path, a file's bytes, an open file, a PIL image, an array or a photo.

    Arrays are (H, W), (H, W, 1), (H, W, 3) or (H, W, 4): uint8, uint16, or floats in [0, 1], sRGB. A PIL image's EXIF
    orientation is applied, as to a file's. Raises InvalidPhoto, with the value, the rule and the cure, for anything
    else.
    """
    if isinstance(source, Photo):
        return source
    if isinstance(source, str | os.PathLike | bytes | bytearray | memoryview):
        return open_photo(source)
    if isinstance(source, np.ndarray):
        return assemble(Decoded(_checked(source)))
    from PIL import Image

    if isinstance(source, Image.Image):
        return _from_pil(source)
    if hasattr(source, "read"):
        return open_photo(source)
    raise InvalidPhoto(
        f"a {type(source).__module__}.{type(source).__qualname__} is no photo; a path, bytes, an open file, a PIL image"
        " or an array is",
        cure="Convert it to one of these",
    )


def _from_pil(image: Image.Image) -> Photo:
    from .formats.pillow_image import pixels_of

    if 0 in image.size:
        raise InvalidPhoto(f"a PIL image of {image.size[0]}x{image.size[1]} is empty; both sides must be at least 1")
    try:
        opened = pixels_of(image)
    except InvalidPhoto:
        raise
    except Exception as error:  # PIL decodes late: a damaged file shows only here, in one of many classes
        raise InvalidPhoto(
            f"the PIL image cannot be decoded: {error}", cure="Open the file again, or another"
        ) from error
    return assemble(opened._replace(exif=image.info.get("exif"), xmp=image.info.get("xmp")))


def _checked(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array as (H, W), (H, W, 3) or (H, W, 4) of uint8, uint16 or float32."""
    if array.dtype not in (np.uint8, np.uint16) and array.dtype.kind != "f":
        raise InvalidPhoto(
            f"an array of {array.dtype}; a photo's is uint8, uint16, or floats in [0, 1]",
            cure="Convert it: array.astype(numpy.uint8), or divide by its maximum",
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        channels_first = array.ndim == 3 and array.shape[0] in (1, 3, 4)
        raise InvalidPhoto(
            f"an array of shape {array.shape}; a photo's is {_RULE}",
            cure="Move the channels last: array.transpose(1, 2, 0)" if channels_first else "Pass one photo at a time",
        )
    if array.size == 0:
        raise InvalidPhoto(f"an array of shape {array.shape} is empty; height and width must be at least 1")
    if array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            raise InvalidPhoto(
                "an array with NaN or infinite values; a photo's floats lie in [0, 1]", cure="Use numpy.nan_to_num"
            )
        if low < 0 or high > 1:
            raise InvalidPhoto(
                f"an array of {array.dtype} from {low:g} to {high:g}; a photo's floats lie in [0, 1]",
                cure="Divide by 255 (or 65535), or clip with numpy.clip(array, 0, 1)",
            )
        array = array.astype(np.float32, copy=False)
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array
