"""To import this module is to import torch lightly: for the nursery, which can be told modules and nothing else."""

from __future__ import annotations

from .light_torch import import_lightly

import_lightly()
