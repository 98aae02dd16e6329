"""Rendering by look-up tables: one for a photo, one for each run between spatial ops, or some for local adjustments."""
