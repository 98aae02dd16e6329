"""veraretouch: planners emit typed latents, a differentiable renderer of plug-in ops turns them into pixels.

The names below are imported on first use, so that `import veraretouch` loads no torch.
"""


def _namesake() -> bool:
    """Whether this folder was imported by another name, and the module that really has that name stands in its place.

    A script beside a clone that is called `copy` or `types` has the clone on `sys.path` before Python's own modules.
    Only modules that Python has loaded at its start may be imported here: all others may need the very one that is
    wanted.
    """
    if __name__ == "veraretouch":
        return False
    import os
    import sys

    parent = os.path.realpath(os.path.dirname(__path__[0]))
    clone, places = sys.modules.pop(__name__), sys.path[:]
    sys.path[:] = [place for place in places if os.path.realpath(place or ".") != parent]
    try:
        __import__(__name__)  # the import that led here returns what this leaves in sys.modules
    except ModuleNotFoundError as error:
        if error.name != __name__:
            raise
        sys.modules[__name__] = clone
        return False
    finally:
        sys.path[:] = places
    return True


if not _namesake():
    import lazy_loader

    __getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
