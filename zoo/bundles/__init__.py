"""Bundles on disk: the manifest, files opened only if they are what it says, packing."""
