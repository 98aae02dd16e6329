"""The published planner: a vision-language model of half a billion parameters that looks,
reasons and emits latents for `neural`.
"""
