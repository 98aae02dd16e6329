"""Sliders recovered from pictures: a pair, a target, or another edit, through the renderer's derivatives."""
