"""The DCGAN pair with a residual convolution at the smallest map of each network.

A strided pair alone looks at 28 pixels with two convolutions. One more where the map is smallest
costs least and gives most: see docs/benchmarks/generators.md, "Depth where it is cheap".
"""

from __future__ import annotations

from genenv.networks.dcgan import DCGANCritic, DCGANGenerator


class DeepDCGANGenerator(DCGANGenerator):
    """`DCGANGenerator` with a residual convolution before its first doubling."""

    kind = "deep-dcgan"
    blocks = 1


class DeepDCGANCritic(DCGANCritic):
    """`DCGANCritic` with a residual convolution after its last halving."""

    kind = "deep-dcgan"
    blocks = 1
