import pytest
import torch
from torch.nn import functional

from genenv import networks
from genenv.codecs import Pictures
from genenv.networks.resampling import ConvThenAverage, RepeatThenConv
from genenv.noise import Gaussian

GREY = Pictures((32, 32), "uint8", (0.0,), (255.0,))
COLOUR = Pictures((64, 64, 3), "uint8", (0.0,), (255.0,))


def pair(network="resnet", units=GREY, classes=(), width=16):
    return networks.build(network, Gaussian(8), units, classes, width, width)


def size(module):
    return sum(p.numel() for p in module.parameters())


def test_averaging_after_a_convolution_is_one_convolution():
    layer = ConvThenAverage(3, 5)
    x = torch.randn(2, 3, 8, 12)
    apart = functional.avg_pool2d(functional.conv2d(x, layer.weight, layer.bias, padding=1), 2)
    torch.testing.assert_close(layer(x), apart)


def test_repeating_before_a_convolution_is_one_convolution():
    layer = RepeatThenConv(3, 5)
    x = torch.randn(2, 3, 4, 6)
    apart = functional.conv2d(functional.interpolate(x, scale_factor=2), layer.weight, padding=1)
    torch.testing.assert_close(layer(x), apart)


@pytest.mark.parametrize("units", [GREY, COLOUR])
def test_parameters_are_about_those_of_dcgan(units):
    for residual, plain in zip(pair(units=units), pair("dcgan", units), strict=True):
        assert size(residual) == pytest.approx(size(plain), rel=0.1)


def test_the_critic_takes_no_batch_norm_and_the_generator_has_it():
    generator, critic = pair()
    norms = [
        sum("BatchNorm" in type(m).__name__ for m in net.modules()) for net in (generator, critic)
    ]
    assert norms == [7, 0]


@pytest.mark.parametrize("units", [GREY, COLOUR])
def test_the_signal_keeps_its_scale_at_the_start(units):
    generator, critic = pair(units=units)
    with torch.no_grad():
        x = generator(torch.randn(16, 8))
        scores = critic(torch.randn(16, *units.shape).clamp(-1, 1))
    assert 0.2 < x.std() < 0.8
    assert 0.003 < scores.std() < 1
