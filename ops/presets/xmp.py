"""XMP documents (ISO 16684-1) that hold Camera Raw settings: parsed without entities, files or network.

Properties may be attributes or elements of any number of `rdf:Description`s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ...core import strict_xml
from ...core.errors import InvalidDocument
from .preset import Settings

CRS: Final = "{http://ns.adobe.com/camera-raw-settings/1.0/}"
RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
MOST: Final = 60_000  # properties; strokes of brushes have thousands of dabs
_ARRAYS: Final = {f"{RDF}Seq", f"{RDF}Bag"}


def parse(data: bytes, name: str) -> Any:
    """The document's tree, comments and processing instructions kept.

    Raises:
        InvalidDocument: as `strict_xml.parse`; more parts than a preset has.
    """
    return strict_xml.parse(data, name, most=MOST, cure="This is no preset; export it from Lightroom again.")


def descriptions(tree: Any) -> list[Any]:
    """The top `rdf:Description` elements."""
    root = tree.getroot()
    rdf = root if root.tag == f"{RDF}RDF" else root.find(f"{RDF}RDF")
    return [] if rdf is None else rdf.findall(f"{RDF}Description")


def settings_of(tree: Any, name: str) -> Settings:
    """The `crs:` properties by name.

    Raises:
        InvalidDocument: a property that stands there twice and differs.
    """
    found: Settings = {}
    for description in descriptions(tree):
        for key, value in _properties(description):
            # crs:Name is the preset's, an attribute, and its translations', an element.
            if key == "Name":
                found[key] = found.get(key) or value
            elif found.setdefault(key, value) != value:
                raise InvalidDocument(f"crs:{key} stands there twice", path=name, cure="Keep one of them.")
    return found


def _properties(element: Any) -> Iterator[tuple[str, Any]]:
    """The `crs:` properties of one element, attributes, then children."""
    for key, text in element.attrib.items():
        if key.startswith(CRS):
            yield key.removeprefix(CRS), text
    for child in element:
        if isinstance(child.tag, str) and child.tag.startswith(CRS):
            yield child.tag.removeprefix(CRS), value_of(child)


def value_of(element: Any) -> Any:
    """A property's value: text, a list, or nested settings."""
    parts = [child for child in element if isinstance(child.tag, str)]
    inner = parts[0] if len(parts) == 1 else None
    if inner is not None and inner.tag == f"{RDF}Alt":
        items = inner.findall(f"{RDF}li")
        chosen = next((item for item in items if item.get(LANGUAGE) == "x-default"), items[0] if items else None)
        return "" if chosen is None else (chosen.text or "").strip()
    if inner is not None and inner.tag in _ARRAYS:
        return [value_of(item) for item in inner.findall(f"{RDF}li")]
    if inner is not None and inner.tag == f"{RDF}Description":
        return dict(_properties(inner))
    nested = dict(_properties(element))
    return nested if nested or parts else (element.text or "").strip()
