"""What can be asked of a planner that is installed, whose bundle lies in its package."""

from __future__ import annotations

import pytest

from veraretouch.core.errors import UnknownBundle, UnreachableBundle
from veraretouch.zoo.manage import remove, verify


def test_an_installed_planner_is_verified_where_it_is():
    assert verify("tiny").folder.parent.name == "tiny"
    with pytest.raises(UnknownBundle, match="installed planner without weights"):
        verify("rules")


def test_an_installed_planner_is_removed_with_its_package_alone():
    with pytest.raises(UnreachableBundle, match="came with veraretouch"):
        remove("tiny")
    assert verify("tiny").manifest
