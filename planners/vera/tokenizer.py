"""The tokenizer: text to ids and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...core.errors import InvalidDocument
from .answer import RETOUCH_TOKENS
from .packages import package


class Tokenizer:
    """A tokenizer in the form of the `tokenizers` package.

    Args:
        text: the content of a tokenizer.json.

    Raises:
        InvalidDocument: it is none, or lacks a retouch token.
    """

    def __init__(self, text: str) -> None:
        try:
            self._tokenizer: Any = package("tokenizers").Tokenizer.from_str(text)
        except Exception as error:  # what the Rust library raises is a bare Exception
            raise InvalidDocument(f"is no tokenizer: {error}", path="tokenizer.json", cure="Fetch it again.") from None
        found = {token: self._tokenizer.token_to_id(token) for token in RETOUCH_TOKENS}
        missing = [token for token, id in found.items() if id is None]
        if missing:
            raise InvalidDocument(f"lacks {', '.join(missing)}", path="tokenizer.json", cure="Is it the model's own?")
        self.retouch: tuple[int, ...] = tuple(found.values())

    @property
    def size(self) -> int:
        """How many ids there are."""
        found: int = self._tokenizer.get_vocab_size()
        return found

    def ids(self, text: str) -> list[int]:
        """The ids of a text; tokens written out in it count as such, none is added."""
        found: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return found

    def text(self, ids: list[int]) -> str:
        """The text of ids, special tokens included."""
        found: str = self._tokenizer.decode(ids, skip_special_tokens=False)
        return found

    def json(self) -> str:
        """As a tokenizer.json."""
        text: str = self._tokenizer.to_str()
        return text

    def stream(self, tell: Callable[[str], None]) -> Callable[[int], None]:
        """A function that takes one id after another and tells their text as soon as it is whole."""
        state = package("tokenizers").decoders.DecodeStream(skip_special_tokens=False)

        def take(id: int) -> None:
            piece = state.step(self._tokenizer, id)
            if piece:
                tell(piece)

        return take
