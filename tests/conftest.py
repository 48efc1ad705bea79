from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
import torch

from genenv import classifier
from genenv.metrics import generated

# A job in the background of a shell starts with interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
torch.set_num_threads(1)  # tiny networks: two threads beside another busy process take ten times


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    """Make the parts that a run trains small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "LEAST_STEPS", 40)
        patch.setattr(classifier, "LEAST_EPOCHS", 1)
        patch.setattr(generated, "GENERATED", 200)
        yield


@pytest.fixture(scope="module")
def logdir(tmp_path_factory):
    """What TensorBoard is given: a run of each kind, a link out of the folder, half a run."""
    from boards import react_run, stress_run

    root = tmp_path_factory.mktemp("board")
    outside = tmp_path_factory.mktemp("outside")
    stress_run(root / "deep" / "stress")
    react_run(root / "study")
    stress_run(outside / "secret")
    (root / "link").symlink_to(outside / "secret")
    (root / "half").mkdir()
    (root / "half" / "findings").mkdir()
    return root


@pytest.fixture(scope="module")
def board(logdir):
    """TensorBoard over it."""
    import served

    return served.Board(logdir)
