"""Slow tokenizers: vocab.json, merges.txt and added tokens by id, as Qwen2's are published."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core import strict_json
from ...core.errors import InvalidDocument
from .packages import package
from .tokenizer import Tokenizer

_CURE = "Fetch it again."


def read_slow_tokenizer(files: Mapping[str, Path]) -> Tokenizer:
    """The tokenizer of vocab.json and merges.txt, and the tokens that added_tokens.json and tokenizer_config.json add
    under ids.

    Of tokenizer_config.json nothing else is read: no class that it names, and no code.

    Raises:
        InvalidDocument: a file that is no such part of a tokenizer,
            or ids that leave a gap or clash with the vocabulary.
    """
    vocabulary = _ids(files["vocab.json"], "vocab.json")
    lines = text_of(files["merges.txt"], "merges.txt").split("\n")
    merges = [tuple(line.split(" ")) for line in lines if line and not line.startswith("#version")]
    if any(len(pair) != 2 for pair in merges):
        raise InvalidDocument("holds a line that is not two tokens", path="merges.txt", cure=_CURE)
    try:
        made: Any = (
            package("transformers")
            .Qwen2Tokenizer(vocab=vocabulary, merges=merges, unk_token=None, eos_token=None, pad_token=None)
            .backend_tokenizer
        )
    except Exception as error:  # what the Rust library raises of a merge without its token is a bare Exception
        raise InvalidDocument(f"is not the vocabulary of merges.txt: {error}", path="vocab.json", cure=_CURE) from None
    added = _added(files)
    token_type = package("tokenizers").AddedToken
    for token, id in sorted(added.items(), key=lambda item: item[1]):
        if (given := made.token_to_id(token)) is None:
            made.add_special_tokens([token_type(token, special=True, normalized=False)])
            given = made.token_to_id(token)
        if given != id:
            raise InvalidDocument(
                f"names the id {id} for {token!r}, which has {given}", path="added tokens", cure=_CURE
            )
    return Tokenizer(made.to_str())


def _added(files: Mapping[str, Path]) -> dict[str, int]:
    """Added tokens and their ids, from whichever of the two files lists them."""
    found = _ids(files["added_tokens.json"], "added_tokens.json") if "added_tokens.json" in files else {}
    if "tokenizer_config.json" not in files:
        return found
    name = "tokenizer_config.json"
    document = strict_json.parse(files[name].read_bytes(), name=name)
    listed = document.get("added_tokens_decoder", {}) if isinstance(document, dict) else None
    try:
        named = {entry["content"]: int(id) for id, entry in listed.items()}  # type: ignore[union-attr]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidDocument("lists no added tokens by id", path=name, cure=_CURE) from None
    for token in found.keys() & named.keys():
        if found[token] != named[token]:
            raise InvalidDocument(
                f"gives {token!r} the id {named[token]}, and added_tokens.json {found[token]}", path=name, cure=_CURE
            )
    return named | found


def _ids(path: Path, name: str) -> dict[str, int]:
    document = strict_json.parse(path.read_bytes(), name=name)
    if not isinstance(document, dict) or not all(type(id) is int and id >= 0 for id in document.values()):
        raise InvalidDocument("is no mapping of tokens to ids", path=name, cure=_CURE)
    return document


def text_of(path: Path, name: str) -> str:
    """The text of a file.

    Raises:
        InvalidDocument: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidDocument("is not UTF-8", path=name, cure=_CURE) from None
