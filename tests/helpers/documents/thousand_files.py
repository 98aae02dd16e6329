"""Photo files of every format that is read, whole and damaged, made of tests/data by a seed.

`python tests/helpers/documents/thousand_files.py FOLDER [--count 1000] [--seed 0]` makes them. The first half is whole:
encoders of others write the pictures, exiftool the metadata. The other half are copies of those, each damaged once.
"""

from __future__ import annotations

import argparse
import io
import random
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from file_damages import DAMAGES, damage
from PIL import Image, ImageCms

from veraretouch.core.photo.color.icc import ADOBE_RGB, DISPLAY_P3

DATA = Path(__file__).parents[2] / "data"
PROFILES = {
    "none": None,
    "sRGB": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    "P3": DISPLAY_P3,
    "Adobe": ADOBE_RGB,
}
# What exiftool writes; names and dates differ from file to file.
METADATA = {
    "none": {},
    "exif": {
        "EXIF:Make": "Acme", "EXIF:Model": "One", "EXIF:DateTimeOriginal": "{date}", "EXIF:CreateDate": "{date}",
        "EXIF:ModifyDate": "{later}", "EXIF:OffsetTimeOriginal": "+02:00", "EXIF:SubSecTimeOriginal": "{number}",
        "EXIF:Artist": "{name}", "EXIF:Copyright": "(c) {name}",
    },
    "gps": {
        "EXIF:GPSLatitude": "{north}", "EXIF:GPSLatitudeRef": "N", "EXIF:GPSLongitude": "{east}",
        "EXIF:GPSLongitudeRef": "W", "EXIF:GPSAltitude": "{number}.5", "EXIF:GPSAltitudeRef": "0",
        "EXIF:GPSDateStamp": "2023:01:02", "EXIF:GPSTimeStamp": "03:04:05", "EXIF:DateTimeOriginal": "{date}",
    },
    "xmp": {
        "XMP-dc:Creator": "{name}", "XMP-dc:Rights": "(c) {name}", "XMP-xmp:CreateDate": "{date}",
        "XMP-photoshop:DateCreated": "{date}", "XMP-exif:GPSLatitude": "{north}", "XMP-exif:GPSLongitude": "-{east}",
        "XMP-exif:DateTimeOriginal": "{date}",
    },
    "iptc": {
        "IPTC:By-line": "A. Nobody", "IPTC:CopyrightNotice": "(c) nobody", "IPTC:DateCreated": "2023:04:05",
        "IPTC:Keywords": "{number}",
    },
}  # fmt: skip
NAMES = ("A. Nobody", "Ünïcøde 写真", "long " * 60, "<&> \"quoted\" 'too'")


@dataclass(frozen=True)
class MadeFile:
    """One file. `whole`: the file that a damaged one was made of. `expected`: the upright (H, W, 3) uint8 picture."""

    path: Path
    kind: str
    damage: str = ""
    whole: Path | None = None
    expected: np.ndarray | None = None


def make(folder: Path, *, count: int = 1000, seed: int = 0) -> list[MadeFile]:
    """Make the files in a new folder: the same ones for the same seed and the same encoders."""
    folder.mkdir(parents=True)
    draw = random.Random(seed)
    photos = sorted((DATA / "photos").glob("*.jpg"))
    wholes, commands = [], []
    for number in range(count - count // 2):
        kind = list(KINDS)[number % len(KINDS)]
        picture = _picture(draw.choice(photos), draw)
        suffix, encode = KINDS[kind]
        path = folder / f"{number:04}-{kind}{suffix}"
        path.write_bytes(encode(picture, PROFILES[draw.choice(list(PROFILES))], draw))
        tags = _tags(draw)
        turned = kind in TURNED and draw.random() < 0.5
        orientation = draw.randint(2, 8) if turned else 1
        if turned:
            tags["EXIF:Orientation"] = str(orientation)
        if tags and suffix != ".bmp":
            commands.append((path, tags))
        expected = None if kind in UNKNOWN else turn(_seen(picture, kind), orientation)
        wholes.append(MadeFile(path, kind, expected=expected))
    _write_metadata(commands, folder.with_name(f"{folder.name}.arguments"))
    spoilt = []
    for number in range(count // 2):
        whole = wholes[number % len(wholes)]
        how = list(DAMAGES)[number % len(DAMAGES)]
        path = folder / f"{len(wholes) + number:04}-{whole.kind}-{how}{whole.path.suffix}"
        path.write_bytes(damage(whole.path.read_bytes(), how, draw))
        spoilt.append(MadeFile(path, whole.kind, how, whole.path, whole.expected))
    return wholes + spoilt


def turn(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The picture as EXIF's orientation, 1..8, asks to show it."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}
    return np.flip(pixels, flips.get(orientation, ()))


def _picture(path: Path, draw: random.Random) -> np.ndarray:
    """A part of a photo, (H, W, 3) uint8, between 24x40 and 96x150 pixels."""
    with Image.open(path) as image:
        pixels = np.array(image.convert("RGB"))
    height, width = draw.randint(24, 96), draw.randint(40, 150)
    top, left = draw.randint(0, len(pixels) - height), draw.randint(0, pixels.shape[1] - width)
    return np.ascontiguousarray(pixels[top : top + height, left : left + width])


def _seen(picture: np.ndarray, kind: str) -> np.ndarray:
    return _grey(picture)[..., None].repeat(3, axis=2) if "grey" in kind else picture


def _grey(picture: np.ndarray) -> np.ndarray:
    return np.array(Image.fromarray(picture).convert("L"))


def _tags(draw: random.Random) -> dict[str, str]:
    """The metadata of one file: up to three kinds of them."""
    words = {
        "name": draw.choice(NAMES), "number": str(draw.randint(100, 999)),
        "date": f"20{draw.randint(10, 25)}:0{draw.randint(1, 9)}:1{draw.randint(0, 9)} 07:08:09",
        "later": f"2026:01:0{draw.randint(1, 9)} 10:11:12",
        "north": f"{draw.uniform(1, 89):.4f}", "east": f"{draw.uniform(1, 179):.4f}",
    }  # fmt: skip
    tags: dict[str, str] = {}
    for chosen in draw.sample(list(METADATA), draw.randint(1, 3)):
        tags |= {tag: text.format(**words) for tag, text in METADATA[chosen].items()}
    if draw.random() < 0.4:
        dpi = str(draw.choice((72, 96, 240, 300)))
        tags |= {"EXIF:XResolution": dpi, "EXIF:YResolution": dpi, "EXIF:ResolutionUnit": "2"}
    return tags


def _write_metadata(commands: list[tuple[Path, dict[str, str]]], arguments: Path) -> None:
    """Write the tags of all files by one exiftool; a tag that a format does not hold is left out."""
    lines = []
    for path, tags in commands:
        lines += ["-q", "-q", "-m", "-n", "-charset", "UTF8", "-overwrite_original"]
        lines += [f"-{tag}={value}" for tag, value in tags.items()]
        lines += [str(path), "-execute"]
    arguments.write_text("\n".join(lines), "utf-8")
    subprocess.run(["exiftool", "-@", str(arguments)], capture_output=True, check=False)


def _pillow(picture, profile, name, **options):
    file = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    image.save(file, name, **({"icc_profile": profile} if profile else {}), **options)
    return file.getvalue()


def _alpha(picture):
    ramp = np.linspace(64, 255, picture.shape[1]).astype(np.uint8)
    return np.dstack((picture, np.broadcast_to(ramp, picture.shape[:2])))


def _deep(picture):
    return picture.astype(np.uint16) * 257


def _jpeg(picture, profile, draw):
    options = {"quality": draw.randint(75, 98), "subsampling": draw.randint(0, 2)}
    return _pillow(picture, profile, "JPEG", **options, **draw.choice(({}, {"dpi": (240, 240)}, {"comment": b"seen"})))


def _tiff(picture, profile, draw, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, picture, iccprofile=profile, metadata=None, software=False, **options)
    return file.getvalue()


def _heif(picture, profile, draw):
    deep = picture.dtype == np.uint16
    mode = "RGB;16" if deep else {3: "RGB", 4: "RGBA"}[picture.shape[2]]
    made = pillow_heif.from_bytes(mode, picture.shape[1::-1], picture.tobytes())
    file = io.BytesIO()
    made.save(file, format="HEIF", quality=92, chroma=444, **({"icc_profile": profile} if profile else {}))
    return file.getvalue()


def _frames(picture, name):
    """The picture, and then its negative."""
    frames = [Image.fromarray(frame) for frame in (picture, 255 - picture)]
    if name == "GIF":
        frames = [frame.quantize(256) for frame in frames]
    return _pillow(frames[0], None, name, save_all=True, append_images=frames[1:])


def _raw(picture, profile, draw):
    return (DATA / "cases" / "raw.dng").read_bytes()


# Suffix, and what makes a file's bytes of an (H, W, 3) uint8 picture, a profile and a random generator.
KINDS = {
    "jpeg": (".jpg", _jpeg),
    "png": (".png", lambda p, c, d: _pillow(p, c, "PNG", dpi=(300, 300))),
    "tiff": (".tif", lambda p, c, d: _tiff(p, c, d, photometric="rgb", resolution=(240, 240), resolutionunit="INCH")),
    "webp": (".webp", lambda p, c, d: _pillow(p, c, "WEBP", quality=90)),
    "heic": (".heic", _heif),
    "avif": (".avif", lambda p, c, d: _pillow(p, c, "AVIF", quality=90)),
    "jxl": (".jxl", lambda p, c, d: imagecodecs.jpegxl_encode(p, level=95)),
    "raw": (".dng", _raw),
    "bmp": (".bmp", lambda p, c, d: _pillow(p, None, "BMP", dpi=(120, 120))),
    "gif": (".gif", lambda p, c, d: _pillow(Image.fromarray(p).quantize(256), None, "GIF")),
    "jpeg-grey": (".jpg", lambda p, c, d: _pillow(_grey(p), None, "JPEG", quality=95)),
    "jpeg-progressive": (".jpeg", lambda p, c, d: _pillow(p, c, "JPEG", quality=90, progressive=True)),
    "jpeg-cmyk": (".jpg", lambda p, c, d: _pillow(Image.fromarray(p).convert("CMYK"), None, "JPEG", quality=95)),
    "png-16": (".png", lambda p, c, d: imagecodecs.png_encode(_deep(p))),
    "png-alpha": (".png", lambda p, c, d: _pillow(_alpha(p), c, "PNG")),
    "png-grey": (".png", lambda p, c, d: _pillow(_grey(p), None, "PNG")),
    "png-palette": (".png", lambda p, c, d: _pillow(Image.fromarray(p).quantize(256), None, "PNG")),
    "tiff-16": (".tif", lambda p, c, d: _tiff(_deep(p), c, d, photometric="rgb", compression="zlib", predictor=True)),
    "tiff-float": (".tif", lambda p, c, d: _tiff((p / 255).astype(np.float32), c, d, photometric="rgb")),
    "tiff-grey": (".tif", lambda p, c, d: _tiff(_grey(p), None, d, photometric="minisblack", compression="lzw")),
    "tiff-big": (".tiff", lambda p, c, d: _tiff(p, c, d, photometric="rgb", bigtiff=True, byteorder=">")),
    "tiff-planes": (".tif", lambda p, c, d: _tiff(p.transpose(2, 0, 1), c, d, photometric="rgb", planarconfig=2)),
    "tiff-cmyk": (".tif", lambda p, c, d: _pillow(Image.fromarray(p).convert("CMYK"), None, "TIFF")),
    "tiff-pages": (".tif", lambda p, c, d: _frames(p, "TIFF")),
    "gif-animated": (".gif", lambda p, c, d: _frames(p, "GIF")),
    "png-16-grey-alpha": (".png", lambda p, c, d: imagecodecs.png_encode(_deep(_alpha(_grey(p)[..., None])))),
    "webp-lossless": (".webp", lambda p, c, d: _pillow(_alpha(p), c, "WEBP", lossless=True)),
    "heic-16": (".heic", lambda p, c, d: _heif(_deep(p), c, d)),
    "avif-12": (".avif", lambda p, c, d: imagecodecs.avif_encode(_deep(p) >> 4, level=95, bitspersample=12)),
    "jxl-16": (".jxl", lambda p, c, d: imagecodecs.jpegxl_encode(_deep(p), level=100, lossless=True)),
}
TURNED = {kind for kind in KINDS if kind.startswith(("jpeg", "png", "tiff", "webp"))} - {"tiff-big"}  # not exiftool's
UNKNOWN = {"raw", "jpeg-cmyk", "tiff-cmyk"}  # whose colours another program makes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    if shutil.which("exiftool") is None:
        parser.error("exiftool is needed: apt install libimage-exiftool-perl")
    made = make(chosen.folder, count=chosen.count, seed=chosen.seed)
    print(f"{len(made)} files in {chosen.folder}")


if __name__ == "__main__":
    main()
