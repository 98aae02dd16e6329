"""Colour spaces and colour differences in torch, each once, and channels as planes."""
