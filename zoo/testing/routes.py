"""The loopback Hub's answers."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from contextlib import suppress
from functools import lru_cache
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from .hub_state import LFS_BYTES, HttpRequest, HubState, StoredRepository


class Trickle:
    """A stream to which each byte is written by itself, some seconds apart."""

    def __init__(self, stream: Any, seconds: float) -> None:
        self.stream, self.seconds = stream, seconds

    def write(self, data: bytes) -> None:
        """Write until all is written, or the reader has gone."""
        with suppress(ConnectionError):
            for place in range(len(data)):
                self.stream.write(data[place : place + 1])
                self.stream.flush()
                time.sleep(self.seconds)

    def flush(self) -> None:
        """Nothing waits."""


class Routes(BaseHTTPRequestHandler):
    """One connection's requests."""

    hub: ClassVar[HubState]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits for the acknowledgement of its head, 40 ms

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: `hub.requests` is the log."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        with self.hub.lock:
            self.hub.requests.append(
                HttpRequest(self.command, path, self.headers.get("Authorization"), self.headers.get("Range"))
            )
            failing = self.hub.faults.errors > 0
            self.hub.faults.errors -= failing
        if failing:
            self._json(503, {"error": "out of order"})
            return
        for method, pattern, route in _ROUTES:
            if (match := re.fullmatch(pattern, path)) and self.command in method:
                route(self, body, **match.groupdict())
                return
        self._json(404, {"error": f"no route for {self.command} {path}"})

    def _repository(self, name: str) -> StoredRepository | None:
        """The repository, if it is there for whoever asks; else the answer has been given."""
        found = self.hub.repositories.get(name)
        known = self.headers.get("Authorization") == f"Bearer {self.hub.token}"
        if found is None or (found.private and not known):
            # As the Hub does: a stranger does not learn which of the two it is.
            self._json(404 if known else 401, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
            return None
        if found.gated and not known:
            self._json(401, {"error": "Access to it is restricted"}, {"X-Error-Code": "GatedRepo"})
            return None
        return found

    def _commit(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        repository = self._repository(name)
        if repository is None:
            return None
        sha = repository.resolve(revision)
        if sha is None:
            self._json(404, {"error": "Revision not found"}, {"X-Error-Code": "RevisionNotFound"})
            return None
        return sha, repository.commits[sha]

    def resolve(self, body: bytes, repo: str, revision: str, file: str) -> None:
        """A file's facts, and for small ones its content."""
        found = self._commit(repo, revision)
        if found is None:
            return
        sha, files = found
        head = {"X-Repo-Commit": sha if self.hub.faults.commit is None else self.hub.faults.commit}
        if file not in files:
            self._json(404, {"error": "Entry not found"}, head | {"X-Error-Code": "EntryNotFound"})
            return
        data = files[file]
        if len(data) < LFS_BYTES:
            self._content(data, head | {"ETag": self._tag(_git_hash(data))})
            return
        digest = _sha256(data)
        base = self.hub.faults.redirect_to or self.hub.storage
        head |= {
            "X-Linked-Etag": self._tag(digest),
            "X-Linked-Size": str(len(data)),
            "Location": f"{base}/lfs/{repo}/{digest}",
        }
        self._send(302, b"", head)

    def object(self, body: bytes, repo: str, digest: str) -> None:
        """An LFS object; its address is a secret of its own."""
        repository = self.hub.repositories.get(repo)
        for files in repository.commits.values() if repository else ():
            for data in files.values():
                if _sha256(data) == digest:
                    self._content(data, {"ETag": f'"{digest}"'})
                    return
        self._json(404, {"error": "no such object"})

    def info(self, body: bytes, repo: str, revision: str = "main") -> None:
        """A model's facts and files."""
        found = self._commit(repo, revision)
        if found is None:
            return
        sha, files = found
        siblings = [{"rfilename": name, "size": len(data), "blobId": _git_hash(data)} for name, data in files.items()]
        self._json(
            200,
            {
                "_id": sha[:24],
                "id": repo,
                "modelId": repo,
                "sha": sha,
                "siblings": siblings,
                "private": False,
                "tags": [],
                "downloads": 0,
                "likes": 0,
            },
        )

    def who(self, body: bytes) -> None:
        """Whose token it is."""
        if self._is_known():
            self._json(200, {"type": "user", "name": "me", "fullname": "Me", "orgs": [], "auth": {}})

    def create(self, body: bytes) -> None:
        """Make a repository."""
        if not self._is_known():
            return
        asked = json.loads(body)
        name = f"{asked['organization']}/{asked['name']}" if asked.get("organization") else f"me/{asked['name']}"
        if name in self.hub.repositories:
            self._json(409, {"error": "You already created this model repo", "url": f"{self.hub.url}/{name}"})
            return
        repository = self.hub.repositories[name] = StoredRepository(
            private=bool(asked.get("private")) or asked.get("visibility") == "private"
        )
        repository.commit({".gitattributes": b"*.safetensors filter=lfs\n"})
        self._json(200, {"url": f"{self.hub.url}/{name}", "name": name, "id": name})

    def validate(self, body: bytes) -> None:
        """A model card's front matter is what it should be."""
        self._json(200, {"errors": [], "warnings": []})

    def preupload(self, body: bytes, repo: str, revision: str) -> None:
        """How each file is to be sent."""
        if not self._is_known():
            return
        answers = [
            {
                "path": file["path"],
                "uploadMode": "lfs" if file["size"] >= LFS_BYTES else "regular",
                "shouldIgnore": False,
                "oid": None,
            }
            for file in json.loads(body)["files"]
        ]
        self._json(200, {"files": answers})

    def batch(self, body: bytes, repo: str) -> None:
        """Where LFS objects are to be sent."""
        if not self._is_known():
            return
        asked = json.loads(body)
        objects = [
            {"oid": o["oid"], "size": o["size"],
             "actions": {"upload": {"href": f"{self.hub.url}/upload/{o['oid']}", "header": {}}}}
            for o in asked["objects"]
        ]  # fmt: skip
        self._json(200, {"transfer": "basic", "objects": objects}, {"Content-Type": "application/vnd.git-lfs+json"})

    def put(self, body: bytes, digest: str) -> None:
        """Take an LFS object."""
        if hashlib.sha256(body).hexdigest() != digest:
            self._json(400, {"error": "another hash"})
            return
        with self.hub.lock:
            self.hub.uploads[digest] = body
        self._send(200, b"", {})

    def commit(self, body: bytes, repo: str, revision: str) -> None:
        """Add a commit out of lines of JSON."""
        repository = self._repository(repo) if self._is_known() else None
        if repository is None:
            return
        head = repository.resolve(revision)
        files = dict(repository.commits[head]) if head else {}
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.uploads[value["oid"]]
            elif line["key"] == "deletedFile":
                files.pop(value["path"], None)
        sha = repository.commit(files, revision)
        self._json(
            200,
            {"success": True, "commitOid": sha, "commitUrl": f"{self.hub.url}/{repo}/commit/{sha}", "hookOutput": ""},
        )

    def _tag(self, digest: str) -> str:
        """The entity tag of a file with this digest."""
        return f'"{digest}"' if self.hub.faults.etag is None else self.hub.faults.etag

    def _is_known(self) -> bool:
        given = self.headers.get("Authorization")
        if given == f"Bearer {self.hub.token}" or (given is None and self.hub.open_to_uploads):
            return True
        self._json(401, {"error": "Invalid credentials"})
        return False

    def _content(self, data: bytes, headers: dict[str, str]) -> None:
        """A body, or the part of it that was asked for, with the faults that are set."""
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        start = int(match[1]) if match else 0
        if self.command == "GET":
            data += bytes(self.hub.faults.surplus)
        if match:
            headers |= {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
        self._send(206 if match else 200, data[start:], headers | {"Accept-Ranges": "bytes"}, faulty=True)

    def _json(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        said = {"X-Error-Message": document["error"]} if "error" in document else {}
        self._send(status, json.dumps(document).encode(), {"Content-Type": "application/json"} | said | (headers or {}))

    def _send(self, status: int, data: bytes, headers: dict[str, str], *, faulty: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        faults, stop = self.hub.faults, len(data)
        plain = self.wfile
        slow = Trickle(plain, faults.seconds_per_byte) if faults.seconds_per_byte else plain
        self.wfile = slow if faults.slow_head else plain  # type: ignore[assignment]
        self.end_headers()
        if self.command == "HEAD":
            self.wfile = plain
            return
        self.wfile = slow if faulty else plain  # type: ignore[assignment]
        try:
            self._send_body(data, stop, faulty)
        finally:
            self.wfile = plain

    def _send_body(self, data: bytes, stop: int, faulty: bool) -> None:
        faults = self.hub.faults
        if faulty and faults.cut_after is not None:
            with self.hub.lock:
                if faults.cuts > 0 and len(data) > faults.cut_after:
                    faults.cuts -= 1
                    stop = faults.cut_after
        if faulty and faults.flip_at is not None and 0 <= (place := faults.flip_at - self.hub.sent) < len(data):
            data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        chunk = 2**14 if faults.bytes_per_second else 2**20
        for place in range(0, stop, chunk):
            part = data[place : min(place + chunk, stop)]
            if faulty and self._holds(part):
                return
            self.wfile.write(part)
            if faulty and faults.bytes_per_second:
                self.wfile.flush()
                time.sleep(len(part) / faults.bytes_per_second)
        if stop < len(data):
            self.wfile.flush()
            self.close_connection = True

    def _holds(self, part: bytes) -> bool:
        """Count what is sent; where it reaches the fault's limit,
        send up to there and wait until the client is gone.
        """
        with self.hub.lock:
            limit = self.hub.faults.hold_after
            left = len(part) if limit is None else max(0, limit - self.hub.sent)
            self.hub.sent += min(left, len(part))
        if limit is None or left > len(part):
            return False
        self.close_connection = True
        with suppress(ConnectionError):
            self.wfile.write(part[:left])
            self.wfile.flush()
            self.hub.held.set()
            self.connection.recv(1)
        return True


@lru_cache(maxsize=64)
def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


_REPO = r"(?P<repo>[^/]+/[^/]+)"
_ROUTES = (
    (("GET", "HEAD"), rf"/{_REPO}/resolve/(?P<revision>[^/]+)/(?P<file>.+)", Routes.resolve),
    (("GET", "HEAD"), rf"/lfs/{_REPO}/(?P<digest>[0-9a-f]+)", Routes.object),
    (("GET",), rf"/api/models/{_REPO}", Routes.info),
    (("GET",), rf"/api/models/{_REPO}/revision/(?P<revision>.+)", Routes.info),
    (("GET",), r"/api/whoami-v2", Routes.who),
    (("POST",), r"/api/repos/create", Routes.create),
    (("POST",), r"/api/validate-yaml", Routes.validate),
    (("POST",), rf"/api/models/{_REPO}/preupload/(?P<revision>.+)", Routes.preupload),
    (("POST",), rf"/{_REPO}\.git/info/lfs/objects/batch", Routes.batch),
    (("PUT",), r"/upload/(?P<digest>[0-9a-f]+)", Routes.put),
    (("POST",), rf"/api/models/{_REPO}/commit/(?P<revision>.+)", Routes.commit),
)
