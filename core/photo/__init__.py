"""Photos: files, PIL images and arrays in; pixels with their profile and metadata through; files out.

The names are imported on first use: who asks for suffixes and hashes alone loads no NumPy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
