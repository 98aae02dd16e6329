"""What the tests of colour spaces share."""

import pytest
import torch
from colours import all_over


@pytest.fixture
def cube() -> torch.Tensor:
    """Colours (3, 17^3) all over [0, 1]^3, in float64."""
    return all_over()
