"""`check_op` finds an op whose rows touch by a radius that is taken from all of them."""

from __future__ import annotations

import pytest
from sound_ops import Sharpen, amount, blur

from veraretouch.core.testing import ConformanceError, check_op


class SharedRadius(Sharpen):
    """Sharpen all photos by the widest radius of the batch."""

    id = "acme.shared_radius"
    radius = amount(doc="Radius, as a share of the long side's tenth.")

    def apply(self, rgb, p):
        return rgb + p.amount * (rgb - blur(rgb, self.halo(p, (p.frame.height, p.frame.width))))

    def halo(self, p, size):
        return 1 + round(0.1 * float(p.radius.max()) * max(size))


def test_a_radius_of_all_rows_together_is_found():
    with pytest.raises(ConformanceError, match="each row as if it were alone"):
        check_op(SharedRadius, only=["batch_independence"])


def test_a_radius_of_the_photo_passes():
    check_op(Sharpen, only=["batch_independence"])
