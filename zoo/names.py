"""Names of bundles: the built-in index, those that plugins bring, and a user's own file; nobody shadows another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from ..core import strict_json
from ..core.errors import InvalidDocument, PluginCollision, UnknownBundle, VeraRetouchError, nearest
from ..core.plugins.registry import registry
from .bundles.manifest import Licence
from .sources import COMMIT, HubRepository, Source, parse_folder, parse_source

INDEX_VARIABLE = "VERARETOUCH_INDEX"


@dataclass(frozen=True)
class Listing:
    """What an index says of a name.

    Attributes:
        origin: who says so: `veraretouch`, a distribution, or the path of a user's index.
        sha256: of bundle.json, where the index fixes it.
        published: the adapter that reads a repository which is not in our format.
        unverified: nobody here has seen its files.
        licence: for a source that has no bundle.json.
        variants: those that lie under other names of the index, variant -> name.
    """

    name: str
    source: Source
    origin: str
    summary: str = ""
    sha256: str | None = None
    published: str | None = None
    unverified: bool = False
    licence: Licence | None = None
    variants: Mapping[str, str] = field(default_factory=dict)


def listings() -> dict[str, Listing]:
    """Every name that an index knows, sorted.

    Raises:
        PluginCollision: two indexes, or an index and a planner, claim one name.
        InvalidDocument: a user's index that cannot be read.
    """
    found: dict[str, Listing] = {}
    for listing in (*_built_in(), *_of_plugins(), *_of_user()):
        claimed = found.get(listing.name)
        owner = claimed.origin if claimed else _planners_owner(listing.name)
        if owner:
            raise PluginCollision(
                f"bundle {listing.name!r} is claimed by {owner} and by {listing.origin}", cure="Rename one of them."
            )
        found[listing.name] = listing
    return dict(sorted(found.items()))


def all_names() -> list[str]:
    """What can be loaded by name.

    Bundles of every index, and the installed planners but those that a bundle has to bring weights for.
    """
    known = listings()
    return sorted({*known, *registry.planners.ids()} - {listing.published for listing in known.values()})


def find(name: str | os.PathLike[str], *, variant: str | None = None, revision: str | None = None) -> Listing:
    """The listing of a name, or of a source written out. A variant that an index keeps under another name leads there.

    Raises:
        UnknownBundle
    """
    listing = _find(name, revision)
    if variant is not None and variant in listing.variants:
        return _find(listing.variants[variant], None)
    return listing


def is_listed(source: Source) -> bool:
    """Whether an index lists this repository, at whatever revision."""
    return isinstance(source, HubRepository) and any(
        isinstance(listing.source, HubRepository) and listing.source.id == source.id for listing in listings().values()
    )


def _find(name: str | os.PathLike[str], revision: str | None) -> Listing:
    if not isinstance(name, str):  # a path is a folder, even where its text could be a bundle's name
        return Listing(os.fspath(name), parse_folder(name, revision=revision), "you")
    known = listings()
    if name in known:
        listing = known[name]
        if revision is None:
            return listing
        if not isinstance(listing.source, HubRepository):
            raise UnknownBundle(f"revision {revision!r} of the folder {listing.source}", cure="Folders have none.")
        return replace(listing, source=HubRepository(listing.source.id, revision), sha256=None)
    source = parse_source(name, revision=revision)
    if source is None:
        names = all_names()
        folder = f"For the folder, write ./{name}. " if Path(name).is_dir() else ""
        raise UnknownBundle(
            f"no bundle {name!r}",
            cure=f"{folder}{nearest(name, names)} zoo.list() shows all {len(names)}: {', '.join(names)}; "
            "owner/repo and folders load as well.".lstrip(),
        )
    # A published repository that is written out is read as under its name.
    for listing in known.values():
        if (
            listing.published
            and isinstance(listing.source, HubRepository)
            and listing.source.id == getattr(source, "id", "")
        ):
            return replace(listing, source=source)
    return Listing(name, source, "you")


def _planners_owner(name: str) -> str:
    entry = registry.planners.find(name)
    return f"the planner of {entry.distribution}" if entry is not None else ""


def _built_in() -> Iterator[Listing]:
    text = files(__package__ or "").joinpath("index.json").read_bytes()
    return _read(strict_json.load(text, "index", name="index"), "veraretouch", None)


def _of_plugins() -> Iterator[Listing]:
    """An entry point of `veraretouch.bundles` names an object in the index's form, or a path to such a file."""
    for id, entry in registry.bundles.entries().items():
        if id not in registry.bundles.ids():
            continue
        given = registry.bundles.load(id)
        base = Path(given).parent if isinstance(given, str | os.PathLike) else None
        document = {"schema": "veraretouch.index/1", "bundles": {id: given}} if isinstance(given, dict) else given
        bundle = strict_json.load(document, "index", name=f"the bundles of {entry.distribution}")
        yield from _read(bundle, entry.distribution, base)


def _of_user() -> Iterator[Listing]:
    given = os.environ.get(INDEX_VARIABLE)
    path = Path(given).expanduser() if given else user_config_path("veraretouch") / "index.json"
    if given or path.is_file():
        yield from _read(strict_json.load(path, "index", name=f"index {path}"), str(path), path.parent)


def _read(document: Mapping[str, Any], origin: str, base: Path | None) -> Iterator[Listing]:
    for name, entry in document["bundles"].items():
        try:
            source = parse_source(entry["source"], base=base)
        except VeraRetouchError as error:
            raise InvalidDocument(error.problem, path=f"index {origin}.bundles.{name}", cure=error.cure) from None
        if source is None:
            raise InvalidDocument(
                f"{entry['source']!r} is neither a repository nor a folder",
                path=f"index {origin}.bundles{strict_json.step(name)}",
                cure="Write owner/repo@commit, or ./folder.",
            )
        licence = Licence(**entry["licence"]) if "licence" in entry else None
        yield Listing(
            name,
            source,
            origin,
            entry.get("summary", ""),
            entry.get("sha256"),
            entry.get("published"),
            entry.get("unverified", False),
            licence,
            entry.get("variants", {}),
        )


def is_pinned(source: Source) -> bool:
    """Whether the source names one state of the files for ever."""
    return isinstance(source, HubRepository) and bool(COMMIT.fullmatch(source.revision))
