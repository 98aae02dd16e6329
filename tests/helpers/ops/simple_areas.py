"""Three areas of a few lines: by place, by colour, and by a small view of the whole photo."""

from veraretouch import Area, Slot
from veraretouch.core.contract.area import positions

WORDS = {"group": "area", "doc": "Where."}


class Top(Area):
    """Cover the top of a photo."""

    id = "acme.top"
    version = 1
    reach = Slot(0.5, low=0.0, high=1.0, **WORDS)

    def mask(self, rgb, p):
        _, y = positions(p.frame, rgb)
        ramp = ((p.reach - y) * 8 + 0.5).clamp(0, 1)
        return ramp.expand(len(rgb), 1, *rgb.shape[2:])


class Bright(Area):
    """Cover what is bright."""

    id = "acme.bright"
    version = 1
    above = Slot(0.5, low=0.0, high=1.0, **WORDS)

    def mask(self, rgb, p):
        return ((rgb.mean(dim=1, keepdim=True) - p.above) * 4 + 0.5).clamp(0, 1)


class AboveMean(Area):
    """Cover what is brighter than the photo's mean."""

    id = "acme.above_mean"
    version = 1
    view = True
    reach = Slot(1.0, low=0.0, high=1.0, **WORDS)

    def prepare(self, small, p):
        return {"mean": small.mean(dim=(1, 2, 3), keepdim=True)}

    def mask(self, rgb, p):
        return ((rgb.mean(dim=1, keepdim=True) - p.mean) * 4 * p.reach + 0.5).clamp(0, 1)


SIMPLE_AREAS = (Top, Bright, AboveMean)
