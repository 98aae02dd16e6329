"""The crop of a preset or sidecar: read and written as a frame; masks moved into it and out of it."""
