"""A bundle on disk.

What a planner or an op is made from. Files are opened here, and only if they are what the manifest says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ...core.errors import InvalidDocument, TamperedBundle, nearest
from .manifest import MANIFEST, Manifest
from .verified import Verify, open_verified

if TYPE_CHECKING:
    from torch import Tensor

# What Git and the Hub put beside a bundle's files; nobody reads it.
_BESIDE = {MANIFEST, "README.md", ".gitattributes", ".gitignore"}


@dataclass(frozen=True)
class Bundle:
    """One variant of a bundle.

    Attributes:
        manifest: its bundle.json, read and judged; `variant`: which of its variants this is.
        folder: where the files lie.
        source: the name that leads to it.
        revision: the commit that they came from; empty for folders.
        verify: `stamp` trusts a file that is as it was when it was hashed, `always` hashes it anew.
    """

    manifest: Manifest
    variant: str
    folder: Path
    source: str
    revision: str = ""
    verify: Verify = "stamp"

    @property
    def name(self) -> str:
        """The bundle's own name."""
        return self.manifest.name

    @property
    def terms(self) -> dict[str, Any]:
        """The licence as bundle.json states it: `spdx`, `commercial_use`, and where given `file` and `note`."""
        return dict(self.manifest.document["licence"])

    @property
    def configuration(self) -> Mapping[str, Any]:
        """The planner's configuration."""
        found: Mapping[str, Any] = self.manifest.planner.get("configuration", {})
        return found

    @property
    def asset(self) -> dict[str, str]:
        """By what a plan names it: where it is from, at which commit, and the SHA-256 of what its files hold."""
        named = {"bundle": self.source, "revision": self.revision, "sha256": self.manifest.content(self.variant)}
        return {key: value for key, value in named.items() if value}

    def open(self, name: str) -> BinaryIO:
        """Open a file of this variant for reading.

        Raises:
            InvalidDocument: the manifest names no such file. TamperedBundle: it is not what the manifest says.
        """
        known = self.manifest.files(self.variant)
        if name not in known:
            raise InvalidDocument(
                f"variant {self.variant!r} of bundle {self.manifest.name!r} has no file {name!r}",
                cure=f"{nearest(name, known)} It has {', '.join(known)}.".lstrip(),
            )
        return open_verified(self.folder / name, known[name], verify=self.verify)

    def tensors(self, name: str) -> dict[str, Tensor]:
        """The tensors of a safetensors file, on the file's own memory.

        Returns:
            Name -> tensor, of the shape and dtype that the file states.

        Raises:
            InvalidDocument, TamperedBundle
        """
        from .tensors import read_tensors

        with self.open(name) as file:
            return read_tensors(file, name=name)

    def check_content(self, sha256: str | None) -> None:
        """Refuse a bundle whose manifest lists another content than the one that is asked for.

        Raises:
            TamperedBundle
        """
        found = self.manifest.content(self.variant)
        if sha256 is not None and found != sha256:
            raise TamperedBundle(
                f"bundle {self.source!r} is not the one that the plan was made with: "
                f"its files have SHA-256 {found[:12]}...",
                cure="Make the plan again, or fetch the bundle that it names.",
            )

    def check(self) -> Bundle:
        """Verify every file, and that there is no other in a folder of one's own.

        Raises:
            TamperedBundle
        """
        for name in self.manifest.files(self.variant):
            self.open(name).close()
        if not self.revision:
            self._check_nothing_else()
        return self

    def _check_nothing_else(self) -> None:
        listed = {name for variant in self.manifest.variants for name in self.manifest.files(variant)} | _BESIDE
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            hidden = name.startswith((".git/", ".cache/"))
            if path.is_symlink():
                raise TamperedBundle(f"{path} is a link", cure="A bundle's folder holds plain files.")
            if path.is_file() and name not in listed and not hidden:
                raise TamperedBundle(
                    f"{path} is in no list of bundle.json", cure="Take it out, or pack the bundle anew."
                )
