"""Write a photo: whole or not at all, with metadata that is true of the new picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from ..atomic_write import new_file
from ..errors import UnwritablePhoto, VeraRetouchError, nearest
from .color import encoding
from .formats.jpeg import quality_to_write
from .formats.table import FORMATS
from .losses import PhotoWarning
from .metadata import xmp
from .metadata.annotations import Annotations
from .metadata.exif import Exif, parse, serialise
from .outgoing import Outgoing
from .output_sharpening import sharpened_for
from .picture import Picture, SaveOptions
from .resize import fitted
from .suffixes import EXTENSIONS, writer_of

_THUMBNAIL_SIDE = 160  # pixels, as DCF's thumbnails


def save(photo: Picture, path: Path, options: SaveOptions, name: str | None = None) -> Path:
    """Write `photo` to `path`, in the format of that name or of the path's suffix; see `Photo.save`."""
    name = name or writer_of(path.suffix.lower())
    if name is None:
        raise UnwritablePhoto(
            f"{str(path)!r}: no format is known for the suffix {path.suffix!r};"
            f" {', '.join(sorted(EXTENSIONS.writable))} are.{nearest(path.suffix.lower(), EXTENSIONS.writable)}",
            cure="Give the file one of these suffixes",
        )
    _check(photo, name, options)
    if not options.overwrite and path.exists():
        raise _exists(path)
    outgoing = _prepare(photo, name, options)
    with _writing(path, overwrite=options.overwrite) as file:
        _writer(name)(file, outgoing)
    return path


def encode(photo: Picture, name: str, options: SaveOptions) -> bytes:
    """Return the file, as bytes, that `save` would write in the format of that name; see `Photo.encode`."""
    _check(photo, name, options)
    file = io.BytesIO()
    _writer(name)(file, _prepare(photo, name, options))
    return file.getvalue()


def format_named(name: str) -> str:
    """Return the name in `FORMATS` of a format that somebody calls "jpeg", "JPEG", "jpg" or ".jpg".

    Raises UnwritablePhoto for others, and for formats that are only read.
    """
    found = writer_of(f".{name.lower().removeprefix('.')}") or name.upper()
    if found not in FORMATS or FORMATS[found].write is None:
        known = sorted(suffix[1:] for suffix in EXTENSIONS.writable)
        raise UnwritablePhoto(
            f"no format {name!r} is written; {', '.join(known)} are",
            cure=nearest(name.lower(), known).lstrip() or "Give one of these",
        )
    return found


def _writer(name: str) -> Callable[[BinaryIO, Outgoing], None]:
    write = FORMATS[name].write
    assert write is not None
    return write


def _check(photo: Picture, name: str, options: SaveOptions) -> None:
    """Refuse options out of range, and a picture that the format cannot hold."""
    if options.quality is not None and not 1 <= options.quality <= 100:
        raise UnwritablePhoto(f"quality is {options.quality}; it must be from 1 to 100")
    if options.strip not in ("none", "gps", "all"):
        raise UnwritablePhoto(f"strip is {options.strip!r}; it must be 'none', 'gps' or 'all'")
    if max(photo.width, photo.height) > FORMATS[name].longest_side:
        raise UnwritablePhoto(
            f"{photo.width}x{photo.height} pixels do not fit into {name}; its limit is {FORMATS[name].longest_side}",
            cure="Save as TIFF or PNG, or resize the photo",
        )


def _prepare(photo: Picture, name: str, options: SaveOptions) -> Outgoing:
    kind = FORMATS[name]
    if options.output_sharpening is not None:
        photo = replace(photo, pixels=sharpened_for(photo.pixels, options.output_sharpening))
    if photo.alpha is not None and not kind.alpha:
        warnings.warn(f"{name} holds no transparency: the alpha channel is dropped", PhotoWarning, stacklevel=5)
    dtype = photo.pixels.dtype if photo.pixels.dtype in kind.dtypes else np.dtype(kind.dtypes[0])
    pixels, profile = encoding.to_depth(photo.pixels, dtype), photo.profile
    as_grey = photo.fits_one_channel
    if as_grey and not encoding.is_grey_profile(profile):
        profile = None  # sRGB's: a profile of three channels cannot stand beside one
    layers = [pixels[..., 0] if as_grey else pixels]
    if photo.alpha is not None and kind.alpha:
        layers.append(encoding.to_depth(photo.alpha, dtype))
    block, annotations = _metadata(photo, name, options)
    return Outgoing(
        np.ascontiguousarray(layers[0]) if len(layers) == 1 else np.dstack(layers),
        quality=quality_to_write(options.quality, photo.quality),
        profile=profile,
        exif=block,
        xmp=xmp.for_saving(
            photo.xmp if options.strip != "all" else None,
            width=photo.width,
            height=photo.height,
            strip_gps=options.strip == "gps",
            notes=options.metadata,
        ),
        annotations=annotations,
    )


def _metadata(photo: Picture, name: str, options: SaveOptions) -> tuple[bytes | None, Annotations]:
    """The EXIF block, true of the new picture, and what the format holds beside it."""
    tree = (parse(photo.exif) if photo.exif and options.strip != "all" else None) or Exif()
    if options.software is not None:
        tree.set_software(options.software)
    kept, lost = photo.annotations.stripped(options.strip).put_into(tree, FORMATS[name].annotations)
    if lost:
        warnings.warn(f"{name} has no place for {' and '.join(lost)}: dropped", PhotoWarning, stacklevel=6)
    if options.strip == "gps":
        tree.remove_positions()
    if options.strip == "all" and options.software is None:
        return None, kept
    if not tree:
        return None, kept
    tree.describe(
        width=photo.width,
        height=photo.height,
        srgb=photo.profile is None or encoding.is_srgb(photo.profile),
    )
    if tree.thumbnail is not None:
        tree.thumbnail = _thumbnail(photo)
    return serialise(tree)[0], kept


def _thumbnail(photo: Picture) -> bytes:
    """Make the JPEG of IFD1 from the new pixels, in sRGB as its readers take it to be."""
    small = photo.pixels
    if max(photo.width, photo.height) > _THUMBNAIL_SIDE:
        small = fitted(small, None, _THUMBNAIL_SIDE)[0]
    pixels = encoding.quantise(encoding.to_working(small, photo.profile), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=85)
    return file.getvalue()


@contextmanager
def _writing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """`new_file` with this module's errors."""
    try:
        with new_file(path, overwrite=overwrite) as file:
            yield file
    except (VeraRetouchError, MemoryError):
        raise
    except FileExistsError:
        raise _exists(path) from None
    except FileNotFoundError as error:
        raise UnwritablePhoto(f"the folder {str(path.parent)!r} does not exist", cure="Make it first") from error
    except Exception as error:  # encoders raise unrelated classes, as decoders do
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnwritablePhoto(
            f"{str(path)!r} could not be written: {reason}", cure="Check the folder's permissions and free space"
        ) from error


def _exists(path: Path) -> UnwritablePhoto:
    return UnwritablePhoto(f"{str(path)!r} exists already", cure="Choose another name, or allow overwriting")
