"""Places: files and folders of this machine or of an object store, by path or URL, read and written whole.

pyarrow's file systems know ``s3://``, ``gs://``, ``hdfs://`` and ``file://``; what they do not know is asked of fsspec
(``az://``, ``hf://``). What fails for a moment is tried again, what fails for good is said.
"""

from __future__ import annotations

import mimetypes
import os
import posixpath
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from veraretouch.core.atomic_write import new_file
from veraretouch.core.errors import InvalidRequest, UnreadablePhoto, UnwritablePhoto, VeraRetouchError

T = TypeVar("T")

TRIES: Final = 5
"""How often a request of an object store is made before its failure counts."""
_TIMEOUT: Final = 10.0  # seconds in which nothing comes
_PAUSE: Final = 0.5  # seconds before the second try; each later one waits twice as long, or less, by chance
# What no second try mends, beside what Python names: in the words of the stores' libraries.
_FOR_GOOD: Final = re.compile(
    "ACCESS_DENIED|NO_SUCH_|INVALID_ACCESS_KEY|SIGNATURE_DOES_NOT_MATCH|RESOURCE_NOT_FOUND|HTTP status 40[0134]"
)
_LOCAL_KINDS: Final = (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError, FileExistsError)


@dataclass(frozen=True)
class Found:
    """A file that was listed: its path below the listed folder, bytes, and when it changed, in ns since 1970."""

    name: str
    size: int
    modified: int

    @property
    def version(self) -> str:
        """What differs where the file is another one."""
        return f"{self.size}-{self.modified}"


@dataclass(frozen=True)
class Place:
    """A file or a folder.

    Attributes:
        given: the URL that its file system is made by, with whatever options and keys it bears; empty for this machine.
        path: within the file system.
    """

    given: str
    path: str

    @classmethod
    def of(cls, text: str) -> Place:
        """The place of a path or URL.

        Raises:
            InvalidRequest: a URL that no file system is found for.
        """
        if "://" not in text:
            return cls("", os.path.abspath(text))
        if text.startswith("file://"):
            return cls("", _of_url(text)[1])
        return cls(text, _of_url(text)[1].rstrip("/"))

    @property
    def name(self) -> str:
        """How people are told of it: without the options and keys of its URL."""
        return f"{urlsplit(self.given).scheme}://{self.path}" if self.given else self.path

    @property
    def local(self) -> Path | None:
        """The path of a place on this machine."""
        return None if self.given else Path(self.path)

    def __truediv__(self, name: str) -> Place:
        return replace(self, path=posixpath.join(self.path, name))

    def holds(self, other: Place) -> bool:
        """Whether another place is this one, or lies in it."""
        mine, theirs = (self.name.rstrip("/") + "/", other.name.rstrip("/") + "/")
        return theirs.startswith(mine)

    def kind(self) -> str:
        """``file``, ``folder``, or empty where nothing is."""
        kinds = {"File": "file", "Directory": "folder"}
        return kinds.get(
            _patiently(lambda: _system(self.given).get_file_info(self.path), self, reads=True).type.name, ""
        )

    def found(self) -> Found:
        """What a listing would say of a file."""
        info = _patiently(lambda: _system(self.given).get_file_info(self.path), self, reads=True)
        return Found(info.base_name, info.size or 0, info.mtime_ns or 0)

    def files(self) -> Iterator[Found]:
        """Every file in a folder and the folders in it, one folder's names at a time, hidden ones left out.

        Raises:
            UnreadablePhoto
        """
        from pyarrow.fs import FileSelector, FileType

        waiting = [""]
        while waiting:
            below = waiting.pop()
            selector = FileSelector(posixpath.join(self.path, below), allow_not_found=True)
            listed = _patiently(partial(_system(self.given).get_file_info, selector), self / below, reads=True)
            folders = []
            for info in sorted(listed, key=lambda info: info.base_name):
                if info.base_name.startswith("."):
                    continue
                name = posixpath.join(below, info.base_name)
                if info.type == FileType.Directory:
                    if not (self.given == "" and os.path.islink(info.path)):  # it may lead round in a circle
                        folders.append(name)
                elif info.type == FileType.File:
                    yield Found(name, info.size or 0, info.mtime_ns or 0)
            waiting += reversed(folders)

    def open(self) -> Any:
        """The file, to be read once from its begin to its end."""
        return _patiently(lambda: _system(self.given).open_input_stream(self.path), self, reads=True)

    def random_access(self) -> Any:
        """The file, to be read at any of its places."""
        return _patiently(lambda: _system(self.given).open_input_file(self.path), self, reads=True)

    def read(self) -> bytes:
        """All bytes of the file.

        Raises:
            UnreadablePhoto
        """
        return _patiently(self._read, self, reads=True)

    def _read(self) -> bytes:
        with _system(self.given).open_input_stream(self.path) as stream:
            data: bytes = stream.read()
        return data

    def write(self, data: bytes) -> None:
        """Write a whole file, over what is there, or nothing.

        On this machine it gets its name when it is whole; an object is put in one piece.

        Raises:
            UnwritablePhoto
        """
        _patiently(lambda: self._write(data), self, reads=False)

    def _write(self, data: bytes) -> None:
        if self.local is not None:
            self.local.parent.mkdir(parents=True, exist_ok=True)
            with new_file(self.local) as file:
                file.write(data)
            return
        kind = mimetypes.guess_type(self.path)[0] or "application/octet-stream"
        stream = _system(self.given).open_output_stream(self.path, metadata={"Content-Type": kind})
        stream.write(data)  # where this fails, the stream is not closed: closing is what makes the object
        stream.close()

    def remove(self) -> None:
        """Remove a file."""
        _patiently(lambda: _system(self.given).delete_file(self.path), self, reads=False)

    def remove_folder(self) -> None:
        """Remove a folder with what is in it, if it is there."""
        if self.kind() == "folder":
            _patiently(lambda: _system(self.given).delete_dir(self.path), self, reads=False)


def _patiently(request: Callable[[], T], place: Place, *, reads: bool) -> T:
    """Make a request, again where it fails for a moment."""
    pause = _PAUSE
    for attempt in range(1, TRIES + 1):
        try:
            return request()
        except _LOCAL_KINDS as error:
            raise _refusal(place, error, reads) from error
        except Exception as error:  # libraries have kinds of their own, and fsspec's have no common one
            if place.local is not None or attempt == TRIES or _FOR_GOOD.search(str(error)):
                raise _refusal(place, error, reads) from error
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause *= 2
    raise AssertionError("unreachable")


def _refusal(place: Place, error: Exception, reads: bool) -> VeraRetouchError:
    """What is said of a place that cannot be read or written to."""
    kind, deed = (UnreadablePhoto, "read") if reads else (UnwritablePhoto, "written")
    words = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return kind(f"{place.name!r} cannot be {deed}: {words.splitlines()[0]}")


@cache
def _of_url(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path within it."""
    import pyarrow as pa
    from pyarrow.fs import FileSystem, FSSpecHandler, PyFileSystem

    try:
        system, path = FileSystem.from_uri(quote(url, safe="%/:?&=@!$'()*+,;[]~"))
        return (_s3(url, system.region) if system.type_name == "s3" else system), path
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as refused:
        reason = str(refused)
    try:
        import fsspec

        system, path = fsspec.url_to_fs(url)
        return PyFileSystem(FSSpecHandler(system)), path
    except (ImportError, ValueError) as error:
        scheme = urlsplit(url).scheme
        raise InvalidRequest(
            f"no file system is known for {scheme}:// ({reason or error})",
            cure="Known are s3://, gs://, hdfs://, file:// and what fsspec's packages bring.",
        ) from None


def _s3(url: str, region: str) -> Any:
    """The file system of an S3 URL, which leaves trying again to us: it would do so for half a minute each time."""
    from pyarrow.fs import AwsStandardS3RetryStrategy, S3FileSystem

    parts = urlsplit(url)
    options = {name: value for name, value in parse_qsl(parts.query) if name in ("endpoint_override", "scheme")}
    if parts.username:
        options |= {"access_key": unquote(parts.username), "secret_key": unquote(parts.password or "")}
    return S3FileSystem(
        region=region,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=1),
        connect_timeout=_TIMEOUT,
        request_timeout=_TIMEOUT,
        **options,
    )


def _system(given: str) -> Any:
    if given:
        return _of_url(given)[0]
    from pyarrow.fs import LocalFileSystem

    return LocalFileSystem()
