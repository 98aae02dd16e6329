"""Which part of a photo is seen, and from where: the frame, and the one resampling that makes it."""
