"""PNG's texts, and the blocks that other programs put into them.

The chunks tEXt, zTXt and iTXt (PNG, third edition, 11.3.3), and the blocks that ImageMagick and exiftool put into them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Final

from ..metadata import iptc
from ..metadata.annotations import LONGEST, Annotations

XMP: Final = b"XML:com.adobe.xmp"
_RAW_PROFILE: Final = b"Raw profile type "
_COMMENT: Final = "comment"
_MOST: Final = 100  # texts that are carried on

Inflate = Callable[[bytes], bytes | None]


def texts_of(chunks: list[tuple[bytes, bytes]], inflate: Inflate) -> Annotations:
    """Comment, IPTC and texts of a file's chunks; XMP and EXIF are not texts."""
    texts: list[tuple[str, str]] = []
    comment, datasets = "", None
    for kind, body in chunks:
        if kind not in (b"tEXt", b"zTXt", b"iTXt") or len(texts) >= _MOST:
            continue
        keyword, _, rest = body.partition(b"\0")
        if keyword == XMP or not keyword:
            continue
        if keyword.startswith(_RAW_PROFILE):
            if keyword.endswith((b"iptc", b"8bim")):
                datasets = datasets or _datasets(raw_profile(kind, rest, inflate))
            continue
        text = _text(kind, rest, inflate)
        if not text:
            continue
        if keyword.lower() == b"comment" and not comment:
            comment = text
        else:
            texts.append((keyword.decode("latin-1"), text))
    return Annotations(iptc=datasets, comment=comment, texts=tuple(texts))


def _text(kind: bytes, rest: bytes, inflate: Inflate) -> str:
    if kind == b"tEXt":
        return rest.decode("latin-1")[:LONGEST]
    if kind == b"zTXt":
        return (inflate(rest[1:]) or b"").decode("latin-1")[:LONGEST]
    compressed, parts = rest[:1] == b"\1", rest[2:].split(b"\0", 2)
    plain = parts[-1] if len(parts) == 3 else b""
    return ((inflate(plain) if compressed else plain) or b"").decode("utf-8", "replace")[:LONGEST]


def raw_profile(kind: bytes, rest: bytes, inflate: Inflate) -> bytes:
    """Decode a block as ImageMagick writes it: a line break, its name, its length, hexadecimal digits."""
    plain = (inflate(rest[1:]) or b"") if kind == b"zTXt" else rest
    try:
        return bytes.fromhex(b"".join(plain.split()[2:]).decode("ascii"))
    except ValueError:
        return b""


def _datasets(block: bytes) -> bytes | None:
    block = block.removeprefix(iptc.PHOTOSHOP)
    return block if block.startswith(b"\x1c") else iptc.in_photoshop(block)


def text_chunks(annotations: Annotations) -> Iterator[tuple[bytes, bytes]]:
    """The chunks that hold comment, IPTC and texts: Latin-1 as tEXt, other letters as iTXt."""
    texts = annotations.texts
    if annotations.comment:
        texts = (("Comment", annotations.comment), *texts)
    for keyword, text in texts:
        name = keyword.encode("latin-1", "replace").strip()[:79]
        if not name:
            continue
        try:
            yield b"tEXt", name + b"\0" + text.replace("\0", " ").encode("latin-1")
        except UnicodeEncodeError:
            yield b"iTXt", name + b"\0\0\0\0\0" + text.replace("\0", " ").encode("utf-8", "replace")
    if annotations.iptc:
        block = iptc.as_photoshop(annotations.iptc)
        digits = block.hex()
        lines = "\n".join(digits[start : start + 72] for start in range(0, len(digits), 72))
        plain = f"\niptc\n{len(block):8d}\n{lines}\n".encode()
        yield b"zTXt", _RAW_PROFILE + b"iptc\0\0" + zlib.compress(plain)
