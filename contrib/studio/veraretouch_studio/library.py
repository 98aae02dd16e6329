"""The photos that the page shows: known by an id, never by a path; opened once, and kept while there is room."""

from __future__ import annotations

import hashlib
import os
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import veraretouch as vr
from veraretouch.core.errors import InvalidRequest
from veraretouch.core.photo import PhotoWarning, SaveOptions
from veraretouch.core.plan.frame import read_frame

HELD_BYTES = 2**30
THUMBNAIL = 256
TILE = 1024
SIDES = (64, 8192)
K = TypeVar("K")
V = TypeVar("V")


class UnknownPhoto(InvalidRequest):
    """No photo of this session has the id."""


@dataclass(frozen=True)
class Entry:
    """A photo of the session: its id and where it is."""

    id: str
    path: Path

    @property
    def name(self) -> str:
        """Its file's name."""
        return self.path.name


class Library:
    """The session's photos.

    Args:
        paths: of photo files, in the order in which they are shown.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._entries: dict[str, Entry] = {}
        for path in paths:
            self.add(path)
        self._opened: Held[tuple[str, int, int, str], vr.Photo] = Held(HELD_BYTES, _bytes_of)
        self._small: Held[tuple[str, int, int, str, int], vr.Photo] = Held(HELD_BYTES // 4, _bytes_of)
        self._thumbnails: Held[tuple[str, int, int], bytes] = Held(64 * 2**20, len)

    def add(self, path: Path) -> Entry:
        """Take a file among the photos; the same file has the same id in every session."""
        place = os.path.realpath(path)
        entry = Entry(hashlib.sha256(os.fsencode(place)).hexdigest()[:24], path)
        return self._entries.setdefault(entry.id, entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def entry(self, id: str) -> Entry:
        """The photo of an id.

        Raises:
            UnknownPhoto
        """
        if id not in self._entries:
            raise UnknownPhoto(f"no photo {id[:40]!r} in this session", cure="Reload the page.")
        return self._entries[id]

    def photo(self, id: str, frame: str = "") -> vr.Photo:
        """The photo in the form that is worked on: upright, in its own encoding; sRGB where that is one of greys.

        Args:
            frame: what of it is seen, in words or JSON as a plan has it; empty for all of it.

        Raises:
            UnknownPhoto, UnreadablePhoto; InvalidRequest: what is no frame.
        """
        entry, framing = self.entry(id), read_frame(frame) if frame else None
        whole = self._opened.get((id, *_stamp(entry.path), ""), lambda: _opened(entry.path))
        if framing is None:
            return whole
        return self._opened.get((id, *_stamp(entry.path), frame), lambda: whole.framed(framing))

    def small(self, id: str, side: int, frame: str = "") -> vr.Photo:
        """The photo in its frame with a long side of at most `side` pixels, from 64 to 8192."""
        least, most = SIDES
        if not least <= side <= most:
            raise InvalidRequest(f"a side of {side} pixels", cure=f"Ask for {least} to {most}.")
        photo = self.photo(id, frame)
        if side >= max(photo.width, photo.height):
            return photo
        return self._small.get((id, *_stamp(self.entry(id).path), frame, side), lambda: photo.resized(side))

    def tile(self, id: str, column: int, row: int, frame: str = "") -> vr.Photo:
        """A tile of at most 1024 x 1024 pixels of the photo at full size in its frame, counted from the upper left."""
        photo = self.photo(id, frame)
        left, top = column * TILE, row * TILE
        if not (0 <= left < photo.width and 0 <= top < photo.height):
            raise InvalidRequest(f"no tile {column}, {row} in {photo.width} x {photo.height} pixels")
        return cut(photo, left, top, TILE, TILE)

    def thumbnail(self, id: str) -> bytes:
        """A small JPEG of the photo as it is."""
        entry = self.entry(id)
        return self._thumbnails.get((id, *_stamp(entry.path)), lambda: small_jpeg(self.once(id)))

    def once(self, id: str) -> vr.Photo:
        """The photo as `photo` gives it, without being kept: going through a folder must not push out the photo that
        is worked on.
        """
        stamp = (id, *_stamp(self.entry(id).path), "")
        return self._opened.peek(stamp) or _opened(self.entry(id).path)


class Held(Generic[K, V]):
    """Values by key, made once; the longest unused go first when there is no more room."""

    def __init__(self, room: int, size: Callable[[V], int]) -> None:
        self._room, self._size, self._taken = room, size, 0
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()
        self._makers: dict[K, threading.Lock] = {}

    def peek(self, key: K) -> V | None:
        """The value, if it is held."""
        with self._lock:
            return self._values.get(key)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value; two threads that ask for it at once make it once."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            maker = self._makers.setdefault(key, threading.Lock())
        with maker:
            held = self.peek(key)
            if held is not None:
                return held
            try:
                value = make()
            finally:
                with self._lock:
                    self._makers.pop(key, None)
            with self._lock:
                self._values[key] = value
                self._taken += self._size(value)
                while self._taken > self._room and len(self._values) > 1:
                    _, gone = self._values.popitem(last=False)
                    self._taken -= self._size(gone)
            return value


def cut(photo: vr.Photo, left: int, top: int, width: int, height: int) -> vr.Photo:
    """A part of a photo; as much of it as there is."""
    rows, columns = slice(top, top + height), slice(left, left + width)
    alpha = None if photo.alpha is None else photo.alpha[rows, columns]
    return replace(photo, pixels=photo.pixels[rows, columns], alpha=alpha)


def small_jpeg(photo: vr.Photo) -> bytes:
    """A photo as a small JPEG in sRGB, without its metadata."""
    small = photo.resized(THUMBNAIL)
    shown = small.with_working(small.working(), color_space="srgb")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhotoWarning)  # that alpha is dropped
        return shown.encode("jpeg", options=SaveOptions(quality=80, strip="all"))


def _opened(path: Path) -> vr.Photo:
    photo = vr.open_photo(path)
    if photo.has_colour_encoding:
        return photo
    return photo.with_working(photo.working(), color_space="srgb")


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when the file does."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0  # opening it says why
    return found.st_mtime_ns, found.st_size


def _bytes_of(photo: vr.Photo) -> int:
    return photo.pixels.nbytes + (0 if photo.alpha is None else photo.alpha.nbytes)
