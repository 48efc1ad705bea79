from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pkgutil import resolve_name

import numpy as np
import pytest
import torch

from genenv import classifier
from genenv.judge import Audit, Judged, Verdict, teaching

# A job in the background of a shell starts with interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
WORKER = "PYTEST_XDIST_WORKER"
SMALL = {  # what makes a judge: how many there are in tests
    "genenv.judge.trees.TURNS": 20,
    "genenv.judge.trees.TREES": 20,
    "genenv.judge.trees.VALUED": 20,
    "genenv.judge.swapped.TURNS": 20,
    "genenv.judge.controls.COUNT": 60,
    "genenv.judge.controls.OF_TABLE": 300,
    "genenv.judge.proofs.COUNT": 60,
}
GROWN = {name: resolve_name(name) for name in SMALL}
DRAWN = {  # what is drawn, measured or shown of a run, and how often it is looked at
    "genenv.monitoring.pictures.FRAMES": 4,
    "genenv.monitoring.pictures.DOTS": 400,
    "genenv.monitoring.charts.POINTS": 30,
    "genenv.reactions.charts.SHOWN": 8,
    "genenv.reactions.lessons.POINTS": 6,
    "genenv.metrics.generated.GENERATED": 200,
    "genenv.metrics.evaluation.FULL": 2_000,
    "genenv.regression.quality.SAMPLES": 400,
    "genenv.policies.likeliest.STEPS": 10,
}
FEW = 3  # updates of a judge's network
STEPS_OF = teaching.steps_of
LEAST_STEPS, LEAST_EPOCHS = classifier.LEAST_STEPS, classifier.LEAST_EPOCHS
torch.set_num_threads(1)  # tiny networks: two threads beside another busy process take ten times


def pytest_collection_finish() -> None:
    """Search for garbage seldom, and not among modules and tests: that took a twentieth of all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def judged_by_address(_audit, _rows, fold, label, severity, answer):
    """Give a third of the flips each verdict: no judge confirms what small generators make."""
    verdict = np.where(severity > 0, 1 + fold, 0).astype(np.int8)
    verdict[np.isnan(severity)] = Verdict.ERROR
    return Judged(verdict, np.full(len(label), 0.95, np.float32), label, answer)


@pytest.fixture(scope="module")
def every_verdict() -> Iterator[None]:
    """Let runs of small parts have samples of every verdict."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Audit, "judge", judged_by_address)
        yield


@pytest.fixture(scope="module")
def able_parts() -> Iterator[None]:
    """Let parts learn and search until they are good: something is made of that.

    Their judges are kept apart from the small ones, which have the same keys.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENENV_CACHE", f"{os.environ['GENENV_CACHE']}-able")
        patch.setattr(classifier, "LEAST_STEPS", 40)
        for module in ("teaching", "crossfit"):
            patch.setattr(f"genenv.judge.{module}.steps_of", STEPS_OF)
        for name, number in GROWN.items():
            patch.setattr(name, number)
        patch.setattr("genenv.policies.likeliest.STEPS", 200)
        yield


@pytest.fixture
def whole_classifiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let classifiers learn as long as they do outside of tests: what they learned is looked at."""
    monkeypatch.setattr(classifier, "LEAST_STEPS", LEAST_STEPS)
    monkeypatch.setattr(classifier, "LEAST_EPOCHS", LEAST_EPOCHS)


@pytest.fixture
def whole_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let boosting and forests be as large as they are outside of tests."""
    for name, number in GROWN.items():
        monkeypatch.setattr(name, number)


@pytest.fixture
def small_members(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the members of judges be small in a module whose parts learn until they are good."""
    for name, number in SMALL.items():
        monkeypatch.setattr(name, number)
    for module in ("teaching", "crossfit"):
        monkeypatch.setattr(f"genenv.judge.{module}.steps_of", lambda _rows, _epochs: FEW)


@pytest.fixture
def short_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try a seat for 12 steps, not 40, with each mode and seed: its episodes are of 6 at most."""
    monkeypatch.setattr("genenv.testing._TRIAL", 12)


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


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory) -> Iterator[None]:
    """Keep judges and metrics for these tests alone: a run like another need not learn again.

    Workers of one call of pytest share them: each has a folder beside the others'.
    """
    base = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENENV_CACHE", str((base.parent if WORKER in os.environ else base) / "cache"))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_waiting_for_the_disk() -> Iterator[None]:
    """Let files be in memory alone when a test goes on: no machine loses its power meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="session", autouse=True)
def small_parts() -> Iterator[None]:
    """Make what a run trains small: what is made of its judge and model is under test, not they."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier, "LEAST_STEPS", 6)
        patch.setattr(classifier, "LEAST_EPOCHS", 1)
        for module in ("teaching", "crossfit"):
            patch.setattr(f"genenv.judge.{module}.steps_of", lambda _rows, _epochs: FEW)
        patch.setattr("genenv.judge.recipe.FEWEST", 1)
        patch.setattr("genenv.judge.recipe.MOST", 1)
        patch.setattr("genenv.judge.varied.GENTLER", ())
        for name, number in (SMALL | DRAWN).items():
            patch.setattr(name, number)
        yield
