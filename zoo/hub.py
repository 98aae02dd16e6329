"""The Hugging Face Hub, through its own client: one file at a time, at one commit, into the client's own cache."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import socket
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies

from ..core.errors import TamperedBundle, UnknownBundle, UnreachableBundle, VeraRetouchError
from .sources import COMMIT, HubRepository
from .transfer_limits import TransferLimits, install

TOKEN_ENDPOINT_VARIABLE = "VERARETOUCH_TOKEN_ENDPOINT"
_PUBLIC = "https://huggingface.co"
_TRIES = 4
_PATIENCE_SECONDS = 10
_ON = ("1", "true", "yes", "on")
# Partial downloads of processes that were killed; a living one renews its file's time far more often.
_STALE_SECONDS = 6 * 3600
_UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST)
_SHA1 = re.compile(r"[0-9a-f]{40}")
# Git names larger files by SHA-256, and they are hashed by what bundle.json says of them.
_LARGEST_NAMED_BY_SHA1 = 2**20

# Of a repository's facts, as JSON.
_LARGEST_ANSWER = 8 * 2**20
# Of a file whose size nobody has stated.
_LARGEST_FILE = 2**40

_T = TypeVar("_T")


@dataclass(frozen=True)
class Hub:
    """A Hub and a cache.

    Attributes:
        token: sent to the endpoint; None sends none.
        offline: ask nobody, take what is in the cache.
        patience: seconds in which an answer has to bring at least a kibibyte a second; then it is given up.
    """

    endpoint: str
    cache: Path
    token: str | None = None
    offline: bool = False
    patience: float = 30.0

    @classmethod
    def from_environment(cls) -> Hub:
        """As HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN and HF_HUB_OFFLINE say now.

        A token is for huggingface.co: another endpoint gets it only where VERARETOUCH_TOKEN_ENDPOINT repeats that
        endpoint.
        """
        endpoint = (os.environ.get("HF_ENDPOINT") or _PUBLIC).rstrip("/")
        home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface").expanduser()
        cache = Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()
        offline = any(os.environ.get(name, "").lower() in _ON for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
        return cls(endpoint, cache, _token() if _may_see_token(endpoint) else None, offline)

    def file(self, repository: HubRepository, name: str, *, most_bytes: int = _LARGEST_FILE) -> Path:
        """Fetch a file unless it is in the cache.

        Interrupted transfers go on where they stopped, failed ones are tried again.

        Args:
            most_bytes: what it may have; a longer one is cut off and refused.

        Raises:
            UnknownBundle: no such repository, revision or file.
            UnreachableBundle: no network, no permission, no space, a server too slow, or one whose ETags name no file.
            TamperedBundle: its content is not what the Hub named it by, or too long; it is removed.
        """
        from huggingface_hub import hf_hub_download

        self._sweep(repository)

        def fetch() -> str:
            return hf_hub_download(
                repository.id,
                name,
                revision=repository.revision,
                endpoint=self.endpoint,
                cache_dir=self.cache,
                token=self.token or False,
                local_files_only=self.offline,
                library_name="veraretouch",
            )

        path = Path(self._asked(fetch, repository, name, most_bytes=most_bytes))
        if not self._is_as_announced(path, repository):
            self.discard(repository, path)
            raise TamperedBundle(
                f"{path} is not what {self.endpoint} announced", cure="It was changed or damaged: fetch it again."
            )
        return path

    def _is_as_announced(self, path: Path, repository: HubRepository) -> bool:
        """Whether a file lies in the cache and, where the Hub named it by Git's hash, has that hash.

        The manifest's only surety.
        """
        blob = path.resolve()
        if not blob.is_relative_to(self.folder(repository).resolve()):
            return False
        if not _SHA1.fullmatch(blob.name) or blob.stat().st_size > _LARGEST_NAMED_BY_SHA1:
            return True
        data = blob.read_bytes()
        git = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
        # Mirrors that do not know Git name a file by the SHA-1 of its bytes alone.
        return blob.name in (git, hashlib.sha1(data, usedforsecurity=False).hexdigest())

    def names(self, repository: HubRepository) -> dict[str, int | None]:
        """The repository's files with their sizes.

        Raises:
            UnreachableBundle, UnknownBundle
        """
        if self.offline:
            raise self._offline(repository, "its list of files")
        from huggingface_hub import HfApi

        api = HfApi(endpoint=self.endpoint, token=self.token or False)
        info = self._asked(
            lambda: api.model_info(repository.id, revision=repository.revision, files_metadata=True), repository, ""
        )
        return {sibling.rfilename: sibling.size for sibling in info.siblings or []}

    def commit(self, repository: HubRepository) -> str:
        """The commit that a revision stands for; offline, the commit at which a branch was last seen.

        Raises:
            UnreachableBundle, UnknownBundle
        """
        if COMMIT.fullmatch(repository.revision):
            return repository.revision
        seen = self.folder(repository) / "refs" / repository.revision
        if self.offline and seen.is_file():
            return seen.read_text()
        if self.offline:
            raise self._offline(repository, "the revision")
        from huggingface_hub import HfApi

        api = HfApi(endpoint=self.endpoint, token=self.token or False)
        info = self._asked(lambda: api.model_info(repository.id, revision=repository.revision), repository, "")
        return str(info.sha)

    def upload(
        self, repository: HubRepository, folder: Path, names: Sequence[str], *, private: bool, message: str
    ) -> str:
        """Make the repository if need be and add one commit with these files; the commit.

        Raises:
            UnreachableBundle, UnknownBundle
        """
        from huggingface_hub import CommitOperationAdd, HfApi

        if self.offline:
            raise self._offline(repository, "the repository")
        api = HfApi(endpoint=self.endpoint, token=self.token or False)
        operations = [CommitOperationAdd(name, folder / name) for name in names]

        def send() -> str:
            api.create_repo(repository.id, private=private, exist_ok=True)
            done = api.create_commit(repository.id, operations, commit_message=message, revision=repository.revision)
            return str(done.oid)

        with warnings.catch_warnings():
            # The client hands its HTTP library files in a way that the library deprecates.
            warnings.simplefilter("ignore", DeprecationWarning)
            return self._tried(send, repository, "")

    def discard(self, repository: HubRepository, path: Path) -> None:
        """Remove a file of the cache, and what it points to, so that it will be fetched again."""
        with suppress(OSError):
            target = path.resolve()
            if target.is_relative_to(self.folder(repository).resolve()):
                target.unlink()
        with suppress(OSError):
            path.unlink()

    def folder(self, repository: HubRepository) -> Path:
        """Where the client keeps a repository."""
        return self.cache / f"models--{repository.id.replace('/', '--')}"

    def snapshot(self, repository: HubRepository, path: Path) -> Path:
        """The folder of the commit that a fetched file belongs to; its name is the commit."""
        relative = path.relative_to(self.folder(repository) / "snapshots")
        return self.folder(repository) / "snapshots" / relative.parts[0]

    def _asked(
        self, ask: Callable[[], _T], repository: HubRepository, name: str, *, most_bytes: int = _LARGEST_ANSWER
    ) -> _T:
        """The answer to a question, asked again where that may help and given up where its limits are passed."""
        if self.offline:
            return self._tried(ask, repository, name)
        if not self.folder(repository).is_dir():
            self._check_network(repository)
        from huggingface_hub import get_session

        what = f"{name} of {repository}" if name else str(repository)
        limits = TransferLimits(f"{what} from {self.endpoint}", most_bytes=most_bytes, patience=self.patience)
        install(get_session())
        with limits.watching():
            try:
                return self._tried(ask, repository, name)
            except VeraRetouchError:
                if limits.error is not None:  # whatever the client made of a connection that was ended for it
                    raise limits.error from None
                raise

    def _tried(self, ask: Callable[[], _T], repository: HubRepository, name: str) -> _T:
        began = time.monotonic()
        for attempt in range(_TRIES):
            try:
                return ask()
            except VeraRetouchError:
                raise
            except Exception as error:  # the client's errors have no common base
                if attempt + 1 == _TRIES or self.offline or not _passes(error, time.monotonic() - began):
                    raise self._translated(error, repository, name) from error
                time.sleep(0.5 * 2**attempt)
        raise AssertionError("unreachable")

    def _translated(self, error: Exception, repository: HubRepository, name: str) -> VeraRetouchError:
        from huggingface_hub import errors

        what = f"{name!r} of {repository}" if name else str(repository)
        page = f"{self.endpoint}/{repository.id}"
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        if isinstance(error, errors.LocalEntryNotFoundError):
            return self._offline(repository, repr(name)) if self.offline else self._unreachable(what, cause)
        if isinstance(error, errors.GatedRepoError):
            return UnreachableBundle(
                f"{repository.id} is gated",
                cure=f"Ask for access at {page}, then log in with `hf auth login` or set HF_TOKEN",
            )
        if isinstance(error, errors.RepositoryNotFoundError) or _status(error) in (401, 403):
            return UnreachableBundle(
                f"{repository.id} does not exist at {self.endpoint}, or is private",
                cure=f"Check the name; for a private one {self._how_to_log_in()}",
            )
        if isinstance(error, errors.RevisionNotFoundError):
            return UnknownBundle(f"{repository.id} has no revision {repository.revision!r}", cure=f"See {page}.")
        if isinstance(error, errors.EntryNotFoundError):
            return UnknownBundle(f"{repository} has no file {name!r}", cure=f"See {page}.")
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return UnreachableBundle(f"no space is left in {self.cache} for {what}", cure="Make room, or set HF_HOME.")
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            return UnreachableBundle(
                f"{what} is larger than a file may grow in {self.cache}",
                cure="Raise the limit (ulimit -f), or set HF_HOME.",
            )
        if isinstance(error, OSError) and error.errno in _UNWRITABLE:
            return UnreachableBundle(
                f"{self.cache} cannot be written to: {error.strerror}", cure="Set HF_HOME to a folder of yours."
            )
        return self._unreachable(what, cause)

    def _check_network(self, repository: HubRepository) -> None:
        """Without any network the client would try for half a minute; the Hub's name is found at once or not at all."""
        host = urlsplit(self.endpoint)
        if getproxies():
            return  # whose business it is to find the Hub
        try:
            socket.getaddrinfo(host.hostname, host.port or host.scheme)
        except OSError as error:
            raise UnreachableBundle(
                f"{repository.id} is not on this machine, and {self.endpoint} cannot be found: {error.strerror}",
                cure="Connect to a network, or copy it from where there is one: veraretouch zoo pull NAME --to FOLDER.",
            ) from None

    def _how_to_log_in(self) -> str:
        if self.token is None and _token() is not None:
            return f"set {TOKEN_ENDPOINT_VARIABLE}={self.endpoint}: your token is not sent to other Hubs unasked."
        return "log in with `hf auth login` or set HF_TOKEN."

    def _unreachable(self, what: str, error: Exception) -> UnreachableBundle:
        reason = (" ".join(str(error).split()) or type(error).__name__)[:300]
        return UnreachableBundle(f"{what} could not be fetched from {self.endpoint}: {reason}", cure="Try again later.")

    def _offline(self, repository: HubRepository, what: str) -> UnreachableBundle:
        return UnreachableBundle(
            f"{what} of {repository} is not in {self.cache}, and HF_HUB_OFFLINE forbids fetching it",
            cure="Fetch it where there is a network: veraretouch zoo pull.",
        )

    def _sweep(self, repository: HubRepository) -> None:
        """Remove what killed downloads have left behind."""
        for path in (self.folder(repository) / "blobs").glob("*.incomplete"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                    path.unlink()


def _passes(error: Exception, spent: float) -> bool:
    """Whether the same question may have another answer in a moment."""
    from huggingface_hub import errors

    if isinstance(error, errors.LocalEntryNotFoundError):
        # Newer clients have asked again themselves, for half a minute.
        return error.__cause__ is not None and spent < _PATIENCE_SECONDS
    status = _status(error)
    if status is not None:
        return status >= 500 or status in (408, 429)
    lost = ("Consistency check failed", "Connection", "connection", "disconnected", "timed out", "Timeout")
    return any(word in f"{type(error).__name__} {error}" for word in lost)


def _status(error: Exception) -> int | None:
    response: Any = getattr(error, "response", None)
    return getattr(response, "status_code", None)


def _token() -> str | None:
    from huggingface_hub import get_token

    return get_token()


def _may_see_token(endpoint: str) -> bool:
    host = urlsplit(endpoint)
    if host.scheme == "https" and host.hostname in ("huggingface.co", "hf.co"):
        return True
    return os.environ.get(TOKEN_ENDPOINT_VARIABLE, "").rstrip("/") == endpoint
