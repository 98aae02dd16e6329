"""Prompts of the command `style` that are not what they seem: too long for a file's name, in words that
nothing reads.
"""

import pytest
from PIL import Image, ImageChops


@pytest.mark.parametrize("planner", ["rules", "tiny"])
def test_a_prompt_of_which_nothing_is_understood_writes_nothing(cli, photos, tmp_path, planner):
    told = cli("style", "wärmer", "a.jpg", "--planner", planner, code=2)
    assert "nothing of it was understood" in told.stderr
    assert "wärmer" in told.stderr
    assert not (tmp_path / "retouched").exists()


@pytest.mark.parametrize("prompt", ["waermer", "温かい写真", "!!!", "flurbish gronk"])
def test_a_prompt_in_unknown_words_is_refused_wherever_it_is_given(cli, photos, prompt):
    for arguments in (("style", prompt, "a.jpg", "b.jpg"), ("plan", "a.jpg", "--style", prompt)):
        assert "nothing of it was understood" in cli(*arguments, "--planner", "rules", code=2).stderr


def test_a_prompt_that_is_understood_in_part_is_carried_out(cli, photos, tmp_path):
    cli("style", "flurbish but much brighter", "a.jpg", "--planner", "rules", "--out", "a.png")
    with Image.open(tmp_path / "a.png") as made, Image.open(tmp_path / "a.jpg") as given:
        assert ImageChops.difference(made.convert("RGB"), given.convert("RGB")).getbbox()


def test_other_planners_are_handed_any_words(cli, photos):
    cli("style", "wärmer", "a.jpg", "--planner", "fake.brighten", "--dry-run")


def test_a_prompt_longer_than_a_file_name_is_a_prompt(cli, photos, tmp_path):
    prompt = "a bit warmer and " * 400
    cli("style", prompt, "a.jpg", "--planner", "rules")
    assert (tmp_path / "retouched" / "a.jpg").is_file()
