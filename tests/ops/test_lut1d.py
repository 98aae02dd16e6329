"""The op `lut1d` against OpenColorIO, and what it does beyond its table."""

import numpy as np
import PyOpenColorIO as ocio
import pytest
import torch


@pytest.mark.parametrize("n", [2, 32, 1021])
def test_it_interpolates_as_opencolorio_does(apply, n):
    generator = torch.Generator().manual_seed(n)
    table = torch.rand(n, 3, generator=generator, dtype=torch.float64)
    pixels = torch.rand(3, 4000, generator=generator, dtype=torch.float64)
    transform = ocio.Lut1DTransform(n, False)
    transform.setData(table.numpy().astype(np.float32).ravel())
    lossless = ocio.OptimizationFlags.OPTIMIZATION_LOSSLESS
    wanted = np.ascontiguousarray(pixels.T.numpy(), dtype=np.float32)
    ocio.Config.CreateRaw().getProcessor(transform).getOptimizedCPUProcessor(lossless).applyRGB(wanted)
    done = apply("lut1d", pixels, points=n, table=table)
    assert float((done - torch.from_numpy(wanted.T).double()).abs().max()) < 1e-4


def test_points_give_their_own_values_and_what_lies_outside_keeps_its_distance(apply):
    table = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.9, 0.5], [0.8, 0.7, 2.0]], dtype=torch.float64)
    points = torch.tensor([[-0.25, 0.0, 0.5, 1.0, 1.5]], dtype=torch.float64).expand(3, 5)
    done = apply("lut1d", points, points=3, table=table)
    beyond = torch.tensor([-0.25, 0.0, 0.0, 0.0, 0.5], dtype=torch.float64)
    assert torch.allclose(done, table[[0, 0, 1, 2, 2]].T + beyond, atol=1e-12)
