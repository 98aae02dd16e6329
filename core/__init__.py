"""Slots, schemas, latents, plans, ops, the registry, the renderer and photo I/O: what every other room stands on."""

# The face takes its errors from here; they import nothing.
from . import errors as errors
