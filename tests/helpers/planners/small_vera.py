"""The planner `vera` with a small language model of random weights behind the real tower,
and a tokenizer learned from its prompts.
"""

from functools import cache

import tokenizers
import torch
from tokenizers import AddedToken, decoders, models, pre_tokenizers, trainers

from veraretouch import Request
from veraretouch.ops.neural import Neural
from veraretouch.planners.vera.answer import RETOUCH_TOKENS
from veraretouch.planners.vera.model import VeraConfig, VeraModel
from veraretouch.planners.vera.planner import Vera
from veraretouch.planners.vera.prompts import prompt_for
from veraretouch.planners.vera.tokenizer import Tokenizer
from veraretouch.planners.vera.writing.sampling import Forced

TAGS = [
    f"<{part}_{group}_{side}>"
    for part in ("problem", "plan")
    for group in ("light", "globalcolor", "specificcolor")
    for side in ("start", "end")
]
TASKS = ["<Auto_Retouch_Task>", "<Style_Retouch_Task>", "<Professional_Retouch_Task>"]
END = "<|im_end|>"
CONFIG = VeraConfig(
    vocab_size=512,
    hidden_size=64,
    intermediate_size=96,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=4096,
    head_size=48,
)
ANSWER = (
    "<problem_light_start>Too dark.<problem_light_end><problem_globalcolor_start>A cold"
    " cast.<problem_globalcolor_end><problem_specificcolor_start>Dull"
    " greens.<problem_specificcolor_end><plan_light_start>Raise exposure.<plan_light_end><plan_globalcolor_start>Warm"
    " it.<plan_globalcolor_end><plan_specificcolor_start>Lift"
    " greens.<plan_specificcolor_end><retouch_light><retouch_color&temp><retouch_colormixer>"
)


@cache
def words():
    """A byte-level BPE of 480 tokens at most, the model's own tokens among them."""
    tokenizer = tokenizers.Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    prompts = [str(prompt_for(request)) for request in (Request.of(), Request.of(style="warm"), PARAMS)]
    trainer = trainers.BpeTrainer(
        vocab_size=440, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    tokenizer.train_from_iterator(prompts, trainer)
    special = ["<|im_start|>", END, *TASKS, *TAGS, *RETOUCH_TOKENS]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    return Tokenizer(tokenizer.to_str())


PARAMS = Request.of(params={"Exposure2012": {"value": 30}, "Vibrance": {"value": -20}})


@cache
def model():
    """The networks, the same in every process."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        made = VeraModel(VeraConfig(**{**CONFIG.document(), "eos_token_id": tuple(words().ids(END))}))
        for parameter in made.language.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        for part in (made.projector, made.head):
            for parameter in part.parameters():
                torch.nn.init.normal_(parameter, std=0.1)
    return made.eval().requires_grad_(False)


def planner(answer=ANSWER, **options):
    """The planner; it writes `answer`, or what the model makes of the prompt where that is None."""
    if answer is not None:
        options["sampler"] = lambda request: Forced(words().ids(answer))
    return Vera(model(), words(), Neural(), **options)
