"""The names that help shows are those of the dicts, and cost no import of torch."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from genenv import agents, learners, networks, noise, objectives
from genenv.networks import normalisation
from genenv.settings import names
from genenv.settings.fit import OPTIMIZERS

HEAVY = ("torch", "sklearn", "matplotlib")
ASKED = f"""
import json, sys
from genenv.settings import names
from genenv.settings.fit import OPTIMIZERS
kinds = ("objectives", "networks", "norms", "optimizers", "searches", "learners", "noises")
said = {{kind: list(getattr(names, kind)()) for kind in kinds}}
print(json.dumps([said, [name for name in {HEAVY} if name in sys.modules]]))
"""


@pytest.mark.slow
def test_names_are_read_without_torch_and_are_those_of_the_dicts() -> None:
    answer = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, check=True)
    said, heavy = json.loads(answer.stdout)
    assert heavy == []
    assert said == {
        "objectives": [*objectives.OBJECTIVES],
        "networks": ["auto", *networks.NETWORKS, "mixture"],
        "norms": ["auto", *normalisation.NORMS],
        "optimizers": [*OPTIMIZERS],
        "searches": [*agents.SEARCHES],
        "learners": [*learners.LEARNERS],
        "noises": [*noise.NOISES],
    }


def test_a_kind_that_was_added_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(noise.NOISES, "mine", noise.Gaussian)
    assert "mine" in names.noises()


ANSWERED = f"""
import contextlib, io, json, sys
from genenv import cli

commands = ("fit", "sample", "stress", "replay", "audit", "react", "envs", "train")
lines = [["--help"], ["--version"], *([command, "--help"] for command in commands)]
lines += [["fit"], ["fit", "digits", "--stepz", "3"], ["fitt"]]
lines += [["fit", "digits", "--objective", "wgna"], ["fit", "digits", "--network", "mpl"]]
lines += [["stress", "digits", "--search", "evoluton"], ["stress", "digits", "--model", "gone:it"]]
lines += [["stress", "digts"], ["fit", "digts"], ["react", "digits", "--held-out", "gone"]]
lines += [["train", "genenv/Walk1-v0"], ["train", "genenv/Walk1D-v0", "--arguments", "edge"]]
lines += [["sample", "gone", "--out", "x.npz"], ["replay", "gone"], ["compare", "gone", "gone"]]
lines += [["replay", "gone", "--expect", "fial"], ["check", "gone"], ["rate", "gone"]]
lines += [["compare"], ["fit", ""]]
lines += [["react", "digits", "--learner", "mpl"], ["stress", "digits", "--criterion", "topk"]]
ended = []
for line in lines:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            cli.main(line)
        except SystemExit as end:
            ended.append(end.code)
print(json.dumps([ended, [name for name in {HEAVY} if name in sys.modules]]))
"""


@pytest.mark.slow
def test_help_of_every_command_and_a_line_that_cannot_be_read_import_no_torch() -> None:
    answer = subprocess.run([sys.executable, "-c", ANSWERED], capture_output=True, check=True)
    ended, heavy = json.loads(answer.stdout)
    assert heavy == []
    assert ended == [0] * 10 + [2] * 22
