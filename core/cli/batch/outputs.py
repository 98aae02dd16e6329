"""What each photo becomes: where, under which name, in which format; judged before work starts."""

from __future__ import annotations

import errno
import mimetypes
import os
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...atomic_write import staging_folder
from ...contract.planner import DEFAULT_PLANNER
from ...errors import InvalidRequest, UnwritablePhoto, nearest
from ...photo import EXTENSIONS, is_raw, suffix_to_write
from .inputs import OUTPUT_FOLDER, Source

FIELDS = ("stem", "ext", "source", "style", "planner", "index")
_DEFAULT_NAME = "{stem}.{ext}"
_LONGEST_STYLE = 60
_LONGEST_NAME = 255  # bytes, on all usual file systems
# Suffixes of files that `mimetypes` does not know everywhere.
_OTHER_FILES = {
    *(
        ".avif",
        ".avifs",
        ".jxl",
        ".jp2",
        ".j2k",
        ".jpx",
        ".jxr",
        ".psd",
        ".psb",
        ".exr",
        ".hdr",
        ".dds",
        ".tga",
        ".pcx",
    ),
    *(
        ".qoi",
        ".webm",
        ".mkv",
        ".mov",
        ".mp4",
        ".xcf",
        ".kra",
        ".cube",
        ".xmp",
        ".lrtemplate",
        ".yaml",
        ".yml",
        ".toml",
    ),
}


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
        UnwritablePhoto: two photos would write one file, or one would be written over an input. `overwrite` allows that
            only for a photo's own file, named by `out`.
    """
    _refuse_unknown_format(out)
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
    for path in (path for files in products for path in files):
        if (length := len(os.fsencode(path.name))) > _LONGEST_NAME:
            raise UnwritablePhoto(
                f"the file name {path.name[:40] + '...'!r} has {length} bytes; at most {_LONGEST_NAME} can be written",
                cure="Choose a shorter --name.",
            )
    _refuse_collisions(sources, products)
    _spare_inputs(sources, products, may_replace=into_file and overwrite)
    return products


def is_file_name(out: Path) -> bool:
    """Whether `--out` names a file: by its suffix, unless it is a folder already."""
    return out.suffix.lower() in EXTENSIONS.readable and not out.is_dir()


def check_folders(folders: Iterable[Path], *, write: bool) -> None:
    """Refuse folders that pictures cannot be written to.

    Args:
        write: try it, by a temporary file in each, and leave nothing behind; else ask for permissions alone.

    Raises:
        UnwritablePhoto
    """
    for folder in dict.fromkeys(folders):
        there = _nearest_existing(folder)
        try:
            if not there.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if write:
                _try_to_write(folder, there)
            elif not os.access(there, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            at = "" if there == folder else f" (at {str(there)!r})"
            raise UnwritablePhoto(
                f"the folder {str(folder)!r} cannot be written to: {error.strerror}{at}",
                cure="Choose another --out, or change its permissions.",
            ) from None


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
    if Path(name).name != name or "\0" in name:
        raise InvalidRequest(f"--name gives {name!r}, which is no file's name", cure="--out is for the folder.")
    return name


def _refuse_unknown_format(out: Path | None) -> None:
    """Refuse a name that means a file, of a format that is not known: it would become a folder."""
    if out is None or is_file_name(out) or out.is_dir():
        return
    suffix = out.suffix.lower()
    close = nearest(suffix, EXTENSIONS.writable) if 3 < len(suffix) <= 5 else ""
    if close or suffix in _OTHER_FILES or mimetypes.guess_type(f"x{suffix}")[0] is not None:
        raise UnwritablePhoto(
            f"--out {str(out)!r}: pictures are not written with the suffix {out.suffix!r}",
            cure=f"{close} Known are {', '.join(sorted(EXTENSIONS.writable))}; "
            "a folder of this name must be made first.".lstrip(),
        )


def _nearest_existing(folder: Path) -> Path:
    """The folder itself, or the nearest above it that something has the name of."""
    return next((place for place in (folder, *folder.parents) if os.path.lexists(place)), folder)


def _try_to_write(folder: Path, there: Path) -> None:
    """Make a folder and a file in it, and remove what was not there before."""
    made = [place for place in (folder, *folder.parents) if there in place.parents]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with staging_folder(folder):
            pass
    finally:
        for place in made:
            with suppress(OSError):
                place.rmdir()


def _identity(path: Path) -> str:
    """A path as file systems that normalise accents see it."""
    return unicodedata.normalize("NFC", os.path.realpath(path))


def _folds_case(folder: Path) -> bool:
    """Whether names that differ in case only name one file in a folder, or in the one that it will be made in.

    Asked of a name that is there, as nothing is written; where there is none, it counts as so.
    """
    there = _nearest_existing(folder)
    try:
        for place, names in ((there, set(os.listdir(there))), (there.absolute().parent, {there.absolute().name})):
            for name in names:
                other = name.swapcase()
                if other.swapcase() == name != other:
                    return other not in names and os.path.lexists(place / other)
    except OSError:
        pass
    return True


def _refuse_collisions(sources: Sequence[Source], products: Sequence[Products]) -> None:
    claims: dict[str, list[tuple[Source, Path]]] = {}
    for source, files in zip(sources, products, strict=True):
        for path in files:
            claims.setdefault(_identity(path), []).append((source, path))
    nearly: dict[str, list[tuple[Source, Path]]] = {}
    for name, writers in claims.items():
        nearly.setdefault(name.casefold(), []).extend(writers)
    folds: dict[Path, bool] = {}
    clashes = []
    for writers in nearly.values():
        if len(writers) == 1:
            continue
        same = [pair for pair in writers if len(claims[_identity(pair[1])]) > 1]
        folder = writers[0][1].parent
        if not same and folds.setdefault(folder, _folds_case(folder)):
            same = writers
        if same:
            clashes.append(same)
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
