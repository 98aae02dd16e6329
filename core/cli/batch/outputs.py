"""What each photo becomes: where, under which name, in which format; judged before work starts."""

from __future__ import annotations

import os
import re
import string
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...contract.planner import DEFAULT_PLANNER
from ...errors import InvalidRequest, UnwritablePhoto, nearest
from ...photo import EXTENSIONS, is_raw, suffix_to_write
from .inputs import OUTPUT_FOLDER, Source

FIELDS = ("stem", "ext", "source", "style", "planner", "index")
_DEFAULT_NAME = "{stem}.{ext}"
_LONGEST_STYLE = 60


@dataclass(frozen=True)
class Products:
    """The files that one photo becomes."""

    picture: Path
    compare: Path | None = None
    plan: Path | None = None

    def __iter__(self) -> Iterator[Path]:
        return (path for path in (self.picture, self.compare, self.plan) if path is not None)


def name_products(
    sources: Sequence[Source],
    *,
    out: Path | None = None,
    name: str | None = None,
    style: str = "auto",
    planner: str = DEFAULT_PLANNER,
    compare: bool = False,
    save_plan: bool = False,
    overwrite: bool = False,
) -> list[Products]:
    """Name what each photo becomes.

    Args:
        out: a file (for one photo), or a folder, in which the structure of scanned folders is kept; by default
            `retouched` beside each photo.
        name: a template of `FIELDS`.

    Raises:
        InvalidRequest: a template that cannot be filled in, or `out` names one file for several photos.
        UnwritablePhoto: two photos would write one file, or one would be written over an input. `overwrite` allows that only
            for a photo's own file, named by `out`.
    """
    into_file = out is not None and is_file_name(out)
    if into_file and len(sources) > 1:
        raise InvalidRequest(f"--out {str(out)!r} is one file for {len(sources)} photos", cure="Name a folder.")
    if into_file and name is not None:
        raise InvalidRequest("--out names a file and --name does so too", cure="Give one of them.")
    template = _checked(name or _DEFAULT_NAME)
    products = []
    for index, source in enumerate(sources, start=1):
        if out is not None and into_file:
            picture = out
        else:
            words = {"style": slug(style), "planner": slug(planner), "index": index}
            picture = _folder(source, out) / _filled(template, source.path, words)
        if picture.suffix.lower() not in EXTENSIONS.writable:
            raise UnwritablePhoto(
                f"{str(picture)!r}: no format is known for the suffix {picture.suffix!r}",
                cure=f"End the name in .{{ext}} or one of {', '.join(sorted(EXTENSIONS.writable))}.",
            )
        products.append(
            Products(
                picture,
                compare=picture.with_name(f"{picture.stem}_compare.jpg") if compare else None,
                plan=picture.with_name(f"{picture.stem}.plan.json") if save_plan else None,
            )
        )
    _refuse_collisions(sources, products)
    _spare_inputs(sources, products, may_replace=into_file and overwrite)
    return products


def is_file_name(out: Path) -> bool:
    """Whether `--out` names a file: by its suffix, unless it is a folder already."""
    return out.suffix.lower() in EXTENSIONS.readable and not out.is_dir()


def slug(words: str) -> str:
    """Words as a part of a file name.

    >>> slug("Dreamy, bright pink!")
    'dreamy-bright-pink'
    """
    return re.sub(r"[\W_]+", "-", words.casefold())[:_LONGEST_STYLE].strip("-") or "none"


def _folder(source: Source, out: Path | None) -> Path:
    if out is None:
        return source.path.parent / OUTPUT_FOLDER
    if source.folder is None:
        return out
    return out / source.path.parent.relative_to(source.folder)


def _checked(template: str) -> str:
    """The template, once each of its fields is known and plain."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(template) if field is not None]
    except ValueError as error:
        raise InvalidRequest(f"--name {template!r} is no template: {error}", cure="Write {{ for a brace.") from None
    for field in fields:
        if field not in FIELDS:
            raise InvalidRequest(
                f"--name has no field {field!r}",
                cure=f"{nearest(field, FIELDS)} Its fields: {', '.join(FIELDS)}.".lstrip(),
            )
    return template


def _filled(template: str, path: Path, words: dict[str, object]) -> str:
    facts = {"stem": path.stem, "ext": suffix_to_write(path), "source": path.suffix[1:].lower(), **words}
    try:
        name = template.format_map(facts)
    except (ValueError, TypeError) as error:
        raise InvalidRequest(f"--name {template!r} cannot be filled in: {error}") from None
    if Path(name).name != name:
        raise InvalidRequest(f"--name gives {name!r}, which is no file's name", cure="--out is for the folder.")
    return name


def _identity(path: Path) -> str:
    """A path as file systems that fold case or normalise accents see it."""
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()


def _refuse_collisions(sources: Sequence[Source], products: Sequence[Products]) -> None:
    writers: dict[str, list[tuple[Source, Path]]] = {}
    for source, files in zip(sources, products, strict=True):
        for path in files:
            writers.setdefault(_identity(path), []).append((source, path))
    clashes = [claims for claims in writers.values() if len(claims) > 1]
    if clashes:
        names = " and ".join(repr(str(source.path)) for source, _ in clashes[0][:5])
        more = f" (and {len(clashes) - 1} more such clashes)" if len(clashes) > 1 else ""
        raised = any(is_raw(source.path) for source, _ in clashes[0])
        pairs = "Choose by --pairs raw or --pairs jpeg, or tell" if raised else "Tell"
        raise UnwritablePhoto(
            f"{names} would write one file, {str(clashes[0][0][1])!r}{more}",
            cure=f'{pairs} them apart by --name "{{stem}}_{{source}}.{{ext}}".',
        )


def _spare_inputs(sources: Sequence[Source], products: Sequence[Products], *, may_replace: bool) -> None:
    inputs: dict[object, Source] = {}
    for source in sources:
        inputs[_identity(source.path)] = source
        if (node := _node(source.path)) is not None:
            inputs[node] = source
    for own, files in zip(sources, products, strict=True):
        for path in files:
            hit = inputs.get(_identity(path)) or inputs.get(_node(path))
            if hit is not None and not (may_replace and hit is own and path == files.picture):
                raise UnwritablePhoto(
                    f"{str(own.path)!r} would be written over the input {str(hit.path)!r}",
                    cure="Choose another --name or --out. A photo itself is replaced only by --out FILE --overwrite.",
                )


def _node(path: Path) -> tuple[int, int] | None:
    """The file behind a path, whatever it is called; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
