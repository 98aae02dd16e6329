"""The published reference encoder: the look between two photos, as latents of `neural`.
`planner.Reference` is its entry point.
"""
