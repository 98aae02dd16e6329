"""What the tests of contrib/dapo share; TRL, which takes seconds to import, is imported by the fixtures."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def examples(tmp_path_factory):
    """Four examples: two of auto, one of style, one of exact values, which is asked without a picture."""
    import lessons

    from veraretouch.planners.training.vera.examples import read_examples

    folder = tmp_path_factory.mktemp("dapo") / "data"
    lessons.write_dataset(folder, modes=("auto", "auto", "auto", "param"))
    found, left = read_examples(folder, image_size=32)
    assert (len(found), left) == (4, 0)
    return found


@pytest.fixture
def settings():
    """Small settings; keywords change some."""
    from veraretouch_dapo.settings import DapoSettings

    def make(**changed):
        return DapoSettings(
            **{
                "steps": 8,
                "prompts": 2,
                "group": 4,
                "updates": 2,
                "part": 2,
                "most_tokens": 20,
                "overlong": 8,
                "image_size": 32,
                "lr": 1e-2,
                "warmup": 0,
                "save_every": 1,
                "show_every": 2,
            }
            | changed
        )

    return make


@pytest.fixture
def trainer_of(examples, settings):
    """A trainer of a planner of a few thousand parameters in a folder; keywords change settings."""
    from seedling import seedling
    from veraretouch_dapo.run import trainer_of

    def make(out: Path, *, planner=None, **changed):
        out.mkdir(parents=True, exist_ok=True)
        return trainer_of(planner or seedling(), examples, settings(**changed), out, device="cpu")

    return make
