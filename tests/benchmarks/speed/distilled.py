"""The op `neural` with a network of the published size, distilled to three looks of the rules:
the published weights are not at hand.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from scenes import samples

from veraretouch import Latents, Renderer, Schema, zoo
from veraretouch.ops.neural import WIDTH, Neural, RetouchNetwork

LOOKS = ("moody teal and orange film", "dreamy bright pink", "faded warm vintage")
STEPS = 700
COLOURS = 1024


@cache
def distilled() -> tuple[Neural, dict[str, Latents]]:
    """The op, and the latents of each look; half of the colours it learns are photos', half any."""
    generator = torch.Generator().manual_seed(0)
    network = RetouchNetwork.untrained()
    latent = torch.randn(len(LOOKS), 3 * WIDTH, generator=generator)
    rules, teacher = zoo.load("rules"), Renderer()
    photo = next(iter(samples().values()))
    plans = [rules.plan(photo, style=look).latents() for look in LOOKS]
    seen = torch.from_numpy(np.concatenate([picture.reshape(-1, 3) for picture in samples().values()])).float() / 255
    optimiser = torch.optim.Adam(network.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, STEPS)
    for _ in range(STEPS):
        picked = seen[torch.randint(len(seen), (COLOURS,), generator=generator)]
        colours = torch.cat([picked, torch.rand(COLOURS, 3, generator=generator)])
        with torch.no_grad():
            wanted = torch.cat([teacher(colours.T[None, :, None], plan) for plan in plans])[:, :, 0].transpose(1, 2)
        made = network(colours.expand(len(LOOKS), -1, -1), network.conditions(latent))
        loss = (made - wanted).abs().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    op = Neural(network.requires_grad_(False))
    rows = latent.reshape(len(LOOKS), 3, WIDTH)
    schema = Schema.of([op])
    return op, {
        look: Latents(schema, {op.id: dict(zip(op.slots, row.unsqueeze(1), strict=True))})
        for look, row in zip(LOOKS, rows, strict=True)
    }
