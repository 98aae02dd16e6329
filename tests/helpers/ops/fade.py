"""A small op that tests change, keep or break."""

from veraretouch import Op, Slot, Stage


def fade(**changes):
    """An op class made of these facts; None leaves one out."""
    facts = {
        "__doc__": "Fade a photo.",
        "id": "test.registry_fade",
        "version": 1,
        "stage": Stage.TONE,
        "pointwise": True,
        "amount": Slot(group="lighting", doc="How far."),
        "apply": lambda self, rgb, p: rgb * (1 - p.amount),
    } | changes
    return type("Fade", (Op,), {name: value for name, value in facts.items() if value is not None})
