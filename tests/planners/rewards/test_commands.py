"""The command `rewards`: a list from metadata alone, and what one judges."""

import json

from veraretouch import registry


def test_rewards_are_listed_and_one_is_shown_with_its_modes_and_options(cli):
    listed = json.loads(cli("rewards", "--json").stdout)["rewards"]
    assert {row["id"] for row in listed} == set(registry.rewards.ids()) >= {"format", "similarity"}
    assert all(row["summary"].startswith("Judge ") for row in listed)
    shown = cli("rewards", "aesthetic").stdout
    assert "aesthetic 1 (veraretouch" in shown
    assert "well-formed answers in auto\n" in shown
    assert "'dapo.appeal'" in shown
    document = json.loads(cli("rewards", "similarity", "--json").stdout)
    assert document["options"] == {"structure": 0.5}
    assert "no reward 'formt' is installed. Did you mean 'format'?" in cli("rewards", "formt", code=1).stderr
