"""A real tokenizer of the model's family: the ranks that PyPI's `dashscope` ships (Apache-2.0),
with the model's own tokens added.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from small_vera import END, TAGS, TASKS

from veraretouch.planners.vera.answer import RETOUCH_TOKENS
from veraretouch.planners.vera.packages import package
from veraretouch.planners.vera.tokenizer import Tokenizer

# Qwen2's: digits one by one.
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@cache
def words():
    """151,643 ranks, three tokens of Qwen2 and those of the planner."""
    ranks = Path(find_spec("dashscope").submodule_search_locations[0]) / "resources" / "qwen.tiktoken"
    special = ["<|endoftext|>", "<|im_start|>", END, *TASKS, *TAGS, *RETOUCH_TOKENS]
    package("transformers")
    from transformers.convert_slow_tokenizer import TikTokenConverter

    converter = TikTokenConverter(vocab_file=str(ranks), pattern=PATTERN, extra_special_tokens=special)
    return Tokenizer(converter.converted().to_str())
