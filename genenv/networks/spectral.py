"""Spectral normalisation of a critic of any kind."""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from genenv.networks.base import Critic

LAYERS = (nn.Linear, nn.Conv2d, nn.Embedding)


def normalise(critic: Critic) -> Critic:
    """Divide every weight by its largest singular value, in place (arXiv 1802.05957, equation 8).

    Of a convolution, the weight as a matrix of (output channels, all else); of a projection, the
    embedding. A forward pass in train mode refines each singular value by one step of the power
    method (algorithm 1), in eval mode by none; the vectors behind it are buffers of the critic,
    drawn here from torch's global state and brought near by 15 steps. What the initial weights
    were scaled by has no effect any more.
    """
    for layer in [part for part in critic.modules() if isinstance(part, LAYERS)]:
        if not layer.weight.is_meta:  # of which the size alone is asked: no singular value is there
            spectral_norm(layer)
    critic.arguments = critic.arguments | {"spectral": True}
    return critic
