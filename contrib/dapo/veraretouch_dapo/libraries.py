"""TRL and transformers, imported beside any build of torchvision: what the other modules use of them, without their
chatter.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from veraretouch.planners.vera.torchvision_operators import make_torchvision_importable

make_torchvision_importable()

# E402: transformers looks for torchvision as soon as it is imported.
from transformers import PrinterCallback, TrainerCallback  # noqa: E402
from transformers.utils import logging as transformers_logging  # noqa: E402
from trl import GRPOConfig, GRPOTrainer  # noqa: E402
from trl.rewards import get_soft_overlong_punishment  # noqa: E402

__all__ = ["GRPOConfig", "GRPOTrainer", "PrinterCallback", "TrainerCallback", "get_soft_overlong_punishment", "quietly"]


@contextmanager
def quietly() -> Iterator[None]:
    """Without what the libraries say to each other: old names that one uses of the other, bars, tokens that are set."""
    logger = logging.getLogger("transformers")
    level, bars = logger.level, transformers_logging.is_progress_bar_enabled()
    logger.setLevel(logging.ERROR)
    transformers_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*", category=FutureWarning)
            # TRL's rollout functions may change: its minor is pinned.
            warnings.filterwarnings("ignore", message=".*rollout_func.*")
            # Its successor in torch does not do the same yet.
            warnings.filterwarnings("ignore", message=".*broadcast_buffers.*")
            yield
    finally:
        logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()
