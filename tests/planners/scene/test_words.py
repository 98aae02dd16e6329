"""What is seen, in words."""

import torch

from veraretouch.core.photo import as_photo
from veraretouch.planners.scene.network import CLASSES
from veraretouch.planners.scene.scene import Scene, scene_of
from veraretouch.planners.scene.words import seen_in_words


def scene(**shares):
    grid = torch.zeros(len(CLASSES), 8, 8)
    for name, share in shares.items():
        grid[CLASSES.index(name)] = share
    grid[0] = 1 - grid.sum(dim=0)
    return Scene(grid)


def test_what_fills_most_is_named_first_and_what_is_hardly_there_is_not():
    assert seen_in_words(scene(building=0.3, sky=0.41, water=0.04)) == "Seen: sky 41 %, building 30 %."


def test_a_little_skin_is_named_and_four_classes_are_enough():
    full = scene(sky=0.3, foliage=0.2, ground=0.15, building=0.14, person=0.1, skin=0.02)
    assert seen_in_words(full) == "Seen: sky 30 %, foliage 20 %, ground 15 %, skin 2 %."


def test_nothing_known_is_said_so():
    assert seen_in_words(scene()) == "Seen: nothing that is known by name."


def test_a_real_photo_is_named(photos):
    assert seen_in_words(scene_of(as_photo(photos[0]))).startswith("Seen: ")
