"""What is said of a photo that was written with less than it held."""


class PhotoWarning(UserWarning):
    """A saved photo lacks something that its format cannot hold."""
