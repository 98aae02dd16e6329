"""A vocabulary learnt on a dataset's own sentences, for models smaller than the published one.

Byte-level BPE (Sennrich et al. 2016, arXiv 1508.07909) with the published special tokens. A passage that stands the
same in every prompt is one token, since it says one thing: so a prompt of exact values takes some eighty tokens and not
a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ...vera.answer import RETOUCH_TOKENS, TAGS
from ...vera.packages import package
from ...vera.prompts import SPECIAL, passages
from ...vera.tokenizer import Tokenizer

END: Final = "<|im_end|>"
# Numbers of prompts run from -1 to 1 in thousandths: sign and two places are one token, the third is one more.
_NUMBERS: Final = (*(f"{sign}0.{number:02d}" for sign in ("", "-") for number in range(100)), "1.0", "-1.0")
# A piece may span words, as the recipe's phrases do (Liu et al. 2025, arXiv 2503.13423), up to so many characters.
_LONGEST: Final = 32


def learn_vocabulary(texts: Iterable[str], pieces: int) -> Tokenizer:
    """A tokenizer of so many learnt pieces, besides the special tokens and the prompts' passages.

    Args:
        texts: answers and style prompts. pieces: at least 256, one for each byte.
    """
    tokenizers = package("tokenizers")
    pre = tokenizers.pre_tokenizers
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = pre.Sequence(
        [pre.Digits(individual_digits=True), pre.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    made.decoder = tokenizers.decoders.ByteLevel()
    special = [*SPECIAL, *TAGS, *RETOUCH_TOKENS]
    made.add_special_tokens([tokenizers.AddedToken(token, special=True, normalized=False) for token in special])
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=pieces + len(special),
        initial_alphabet=pre.ByteLevel.alphabet(),
        special_tokens=special,
        max_token_length=_LONGEST,
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    # A field at rest is one token, too: most are.
    fixed = dict.fromkeys(
        text + rest for text in passages() for rest in (("", "0.0") if text.endswith(": ") else ("",))
    )
    whole = [*fixed, *_NUMBERS]
    made.add_tokens([tokenizers.AddedToken(text, normalized=False, single_word=False) for text in whole])
    return Tokenizer(made.to_str())
