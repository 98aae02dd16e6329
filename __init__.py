"""veraretouch: planners emit typed latents, a differentiable renderer of plug-in ops turns them into pixels.

The names below are imported on first use, so that `import veraretouch` loads no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
