"""Photos: files, PIL images and arrays in; pixels with their profile and metadata through; files out."""

from .arrays import PhotoLike, as_photo
from .formats.table import EXTENSIONS, Extensions, is_raw, suffix_to_write
from .header import Header
from .load import MAX_PIXELS, file_hash, open_photo, read_header
from .outgoing import PhotoWarning
from .photo import ColorSpace, Photo
from .picture import SaveOptions

__all__ = [
    "EXTENSIONS",
    "MAX_PIXELS",
    "ColorSpace",
    "Extensions",
    "Header",
    "Photo",
    "PhotoLike",
    "PhotoWarning",
    "SaveOptions",
    "as_photo",
    "file_hash",
    "is_raw",
    "open_photo",
    "read_header",
    "suffix_to_write",
]
