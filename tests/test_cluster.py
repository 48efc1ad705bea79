"""A campaign on workers of a local Ray cluster of two nodes."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
import threading

import numpy as np
import pytest
import torch
import toys

from genenv import cli, downstream, turns
from genenv.agents import SEARCHES
from genenv.campaign import Campaign
from genenv.checks import Mistake
from genenv.cli.parsing import valued
from genenv.cli.stress import UNDECIDED
from genenv.cluster import AHEAD, SETTINGS, SHARD, Cluster, spread
from genenv.ledger import Ledger
from genenv.noise import Gaussian
from genenv.search import Space
from genenv.tracking import Tracker

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow
BUDGET = 100
UNITS = toys.LinearGenerator().units
MODEL = """
import os
import time
import numpy as np

class Linear:
    def __init__(self, wants="", sure=4.0, place=""):
        self.wants, self.sure, self.place = wants, sure, place
    def __call__(self, x):
        x = np.asarray(x)
        if self.wants == "raise" and (x[:, 0] > 0.1).any():
            raise ArithmeticError("a row above 0.1")
        if self.wants == "meet":  # two workers, each at its shard
            open(os.path.join(self.place, str(os.getpid())), "x").close()
            self.wants, late = "", time.monotonic() + 60
            while len(os.listdir(self.place)) < 2:
                if time.monotonic() > late:  # the other worker is idle
                    open(os.path.join(self.place, "late"), "w").close()
                time.sleep(0.01)
        if self.wants and os.path.isdir(self.wants):
            number, here = len(os.listdir(self.wants)), None
            while here is None:  # another worker may take the same number
                try:
                    open(os.path.join(self.wants, str(number)), "x").close()
                    here = str(number)
                except FileExistsError:
                    number += 1
            if here.endswith("3"):
                os._exit(9)  # a worker that dies in the middle
        p = np.exp(self.sure * x[:, 4:] * (1 - 5 * x[:, :1]))
        return p / p.sum(1, keepdims=True)
"""


@pytest.fixture(scope="module")
def cluster():
    """The address of a cluster of two nodes of two cores."""
    from ray.cluster_utils import Cluster as Machines

    os.environ |= SETTINGS
    handler = signal.getsignal(signal.SIGTERM)
    machines = Machines(
        initialize_head=True,
        head_node_args={"num_cpus": 2, "include_dashboard": False, "object_store_memory": 80 << 20},
    )
    machines.add_node(num_cpus=2, object_store_memory=80 << 20)
    signal.signal(signal.SIGTERM, handler)  # a node takes it, and would end the tests' process
    yield machines.address
    machines.shutdown()


@pytest.fixture
def linear(tmp_path, monkeypatch):
    """A model of a file that no worker can import."""
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    spec = importlib.util.spec_from_file_location("mine", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "mine", module)
    spec.loader.exec_module(module)
    return module.Linear


def wrapped(model):
    return downstream.wrap(model, UNITS, (0, 1, 2), "raw", "probabilities")


def findings(place, model, at_once=1, searches=SEARCHES):
    """Play two searches with two seeds on a model; returns all they found."""
    probe = toys.probe()
    probe.model = model
    ledger = Ledger(place)
    campaign = Campaign(
        probe, toys.BallJudge(2.0), BUDGET, ledger, Tracker(None), lambda _: None, print
    )
    space = Space(Gaussian(toys.DIM), toys.CLASSES)
    pairs = [(name, seed) for name in ("random", "evolution") for seed in (0, 1)]
    games = [
        campaign.game(name, seed, lambda name=name, seed=seed: searches[name](space, seed))
        for name, seed in pairs
    ]
    turns.play(games, at_once)
    return [ledger.read(*pair) for pair in pairs]


def same(one, two):
    return all(np.array_equal(a[k], b[k]) for a, b in zip(one, two, strict=True) for k in a)


def test_workers_find_the_same_and_one_that_dies_costs_nothing(cluster, linear, tmp_path):
    here = findings(tmp_path / "here", wrapped(linear()))
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    with spread(Cluster(cluster, 3), wrapped(linear(str(deaths)))) as far:
        assert same(here, findings(tmp_path / "there", far, at_once=4))
        assert far.queries == 4 * BUDGET
        assert far.kind_name == wrapped(linear()).kind_name
    shards = 4 * sum(-(-rows // SHARD) for rows in (64, BUDGET - 64))
    asked = [int(path.name) for path in deaths.iterdir()]
    died = sum(number % 10 == 3 for number in asked)
    assert shards < len(asked) <= shards + died * AHEAD  # asked again: what waited at a dead one
    with spread(Cluster(cluster, 1), wrapped(linear())) as far:
        assert same(here, findings(tmp_path / "one", far, at_once=4))
    assert (here[0]["severity"] > 0).any()


class OneShard(SEARCHES["random"]):
    """Keeps one worker busy alone."""

    def ask(self, limit):
        return super().ask(min(limit, SHARD))


def test_searches_and_seeds_keep_workers_busy_together(cluster, linear, tmp_path):
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    only = dict.fromkeys(("random", "evolution"), OneShard)
    with spread(Cluster(cluster, 2), wrapped(linear("meet", place=str(meeting)))) as far:
        found = findings(tmp_path / "there", far, at_once=4, searches=only)
    assert len(found) == 4
    assert len(list(meeting.iterdir())) == 2
    assert not (meeting / "late").exists()


def test_what_a_model_raises_on_a_worker_is_an_error_of_its_rows(cluster, linear):
    x = torch.linspace(-0.2, 0.2, 40)[:, None].expand(40, UNITS.size)
    near = wrapped(linear("raise")).answers(x)
    with spread(Cluster(cluster, 1), wrapped(linear("raise"))) as model:
        far = model.answers(x)
    assert torch.equal(near.error, far.error)
    assert near.error.any()
    assert torch.equal(near.log_p[~near.error], far.log_p[~far.error])
    assert "a row above 0.1" in far.trouble


def test_wrong_clusters_and_models_are_one_sentence(cluster, linear):
    with pytest.raises(Mistake, match="expected a cluster of 9 cores, one a worker, got 4"):
        spread(Cluster(cluster, 9), wrapped(linear())).__enter__()
    held = linear()
    held.wants = threading.Lock()
    with pytest.raises(Mistake, match="expected a model that can be sent to workers"):
        spread(Cluster(cluster, 1), wrapped(held)).__enter__()
    with pytest.raises(Mistake, match="expected ray_workers"):
        Cluster(cluster, 0)


ASKED = """
import os
import numpy as np

def model(x):
    with open({seen!r}, "a+") as file:
        file.write(f"{{os.getpid()}}\\n")
        file.seek(0)
        asked = file.read().split()
    if len(set(asked)) == 3 and not os.path.exists({seen!r} + "-died"):
        open({seen!r} + "-died", "x").close()
        os._exit(9)  # the second worker, in its first shard
    total = np.asarray(x).reshape(len(x), -1).sum(1)
    return np.eye(10)[(total % 10).astype(int)] * 0.9 + 0.01
"""


@pytest.mark.usefixtures("every_verdict")
def test_a_command_asks_its_model_on_workers_and_outlives_them(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = tmp_path / "asked"
    (tmp_path / "far.py").write_text(ASKED.format(seen=str(asked)))
    line = "stress digits --model far.py:model --anyway --budget 64 --seeds 0 1 --steps 9"
    with pytest.raises(SystemExit) as left:
        cli.main([*line.split(), "--ray", cluster, "--ray-workers", "2", "--out", "run"])
    assert left.value.code in (0, UNDECIDED)
    found = json.loads((tmp_path / "run" / "report.json").read_text())["searches"]
    assert [(row["name"], row["seed"], row["queries"], row["errors"]) for row in found] == [
        (name, seed, 64, 0) for name in ("random", "evolution") for seed in (0, 1)
    ]
    assert (tmp_path / "asked-died").is_file()
    assert len(set(asked.read_text().split()) - {str(os.getpid())}) > 2  # another in its place


@pytest.mark.usefixtures("cluster")
def test_a_cluster_of_this_run_is_started_beside_one_that_runs(linear):
    x = torch.linspace(-0.2, 0.2, 20)[:, None].expand(20, UNITS.size)
    with spread(Cluster("local", 1), wrapped(linear())) as far:
        assert ray.cluster_resources()["CPU"] == 1
        assert torch.equal(far.answers(x).log_p, wrapped(linear()).answers(x).log_p)


def test_ray_alone_means_this_machine():
    words = ["stress", "digits", "--ray", "--out", "RUN"]
    assert valued(words, "--ray", "local")[2:5] == ["--ray", "local", "--out"]
    assert valued(["--ray", "auto"], "--ray", "local") == ["--ray", "auto"]
    assert valued(["--ray"], "--ray", "local") == ["--ray", "local"]
    assert valued([], "--ray", "local") == []
