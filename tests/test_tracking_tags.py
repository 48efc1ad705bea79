"""docs/tensorboard.md against what small runs of the commands write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import toys
from served import Board

from genenv import agents, bundled, data, networks, tracking
from genenv.agents.algorithms import Ppo
from genenv.agents.off_policy import Td3
from genenv.fitting import Fitting
from genenv.progress import Progress
from genenv.reacting import Reacting
from genenv.settings import ReactConfig, StressConfig
from genenv.stressing import Stressing
from genenv.training.presets import configured

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("every_verdict")]

PAGE = (Path(__file__).parents[1] / "docs" / "tensorboard.md").read_text()
SECTIONS = re.split(r"\n## `genenv (\w+)`\n", PAGE.partition("\n## Read it back")[0])
HIDDEN = ("_hparams_/", "custom_scalars__config__")  # tensors behind a tab
SHORT = {"log_every": 10, "picture_every": 10, "checkpoint_every": 20}
ABSENT = {"metrics/fid", "metrics/fid_real"}  # need a file of weights
HALF = {"summary/half_margin_strength/NOISE"}  # absent where no margin falls that far


def documented(command):
    """Tags of a command's tables, as they stand there."""
    section = SECTIONS[SECTIONS.index(command) + 1]
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return {tag for cell in cells for tag in re.findall(r"`([^`]+)`", cell)}


def expression(tag):
    """A documented tag as an expression: capitals stand for a name, a star for anything."""
    parts = re.split(r"([A-Z]{3,}|\*)", tag)
    kinds = {"*": ".+"}
    return "".join(kinds.get(p, r"[\w-]+") if i % 2 else re.escape(p) for i, p in enumerate(parts))


def written(folder):
    """Tags of everything that a run shows."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(folder))
    log.Reload()
    kinds = ("scalars", "images", "histograms", "tensors")
    tags = {tag.removesuffix("/text_summary") for kind in kinds for tag in log.Tags()[kind]}
    config = folder / "projector_config.pbtxt"
    points = re.findall(r'tensor_name: "(.*)"', config.read_text()) if config.is_file() else []
    return {tag for tag in tags if not tag.startswith(HIDDEN)} | {*points}


def below(folder):
    """Tags of the runs below a folder."""
    return set().union(*(written(path.parent) for path in folder.rglob("events*")))


def compare(tags, *commands, spared=()):
    """Each tag is documented, and each documented tag of the first command is written."""
    known = [expression(tag) for command in commands for tag in documented(command)]
    assert {tag for tag in tags if not any(re.fullmatch(e, tag) for e in known)} == set()
    own = documented(commands[0]) - set(spared)
    assert {tag for tag in own if not any(re.fullmatch(expression(tag), t) for t in tags)} == set()


UNDECIDED = ("failure_probability",)  # not written of a run that cannot be trusted


def fit(folder, name, objective, **changes):
    dataset = data.load(name)
    config = configured(objective, dataset.units, {"steps": 20, **SHORT, **changes})
    Fitting(dataset, config, folder, Progress()).run()


@pytest.fixture(scope="module")
def fits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fits")
    fit(folder / "fit-digits", "digits", "relativistic", metrics_every=20)
    fit(folder / "fit-ring", "ring", "wgan")
    fit(folder / "fit-codes", "digits", "gan", categorical=(10,), continuous=1)
    return folder


@pytest.fixture(scope="module")
def stressed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stress") / "stress"
    config = StressConfig(
        search=("random", "policy"), budget=600, train_queries=4400, steps=20, seeds=(0, 1)
    )
    Stressing(config, data.load("digits"), None, None, None, folder).run()
    return folder


@pytest.fixture(scope="module")
def reacted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("react")
    noises = ("latent:temperature", "real:rotate")
    config = ReactConfig(
        ("logistic", "mlp"), noises, samples=40, sizes=(60, 80), only=("noise", "shares", "lessons")
    )
    generator = networks.load(bundled.FOLDER / "generator")
    asked = ReactConfig(("logistic",), sizes=(60,), only=("helps", "metrics"))
    for name, each in {"react": config, "helps": asked}.items():
        Reacting(each, data.load("digits"), generator, folder / name).run()
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    env = "genenv/LatentProbe-v0"
    given = {"arguments": {"probe": toys.probe(beta=2.0)}, "total_steps": 512}
    small = {"horizon": 4, "stride": 1.2}
    ppo = Ppo(envs=8, steps=8, batch=32, epochs=2, hidden=(16,), arguments=small)
    td3 = Td3(envs=8, batch=32, learning_starts=32, hidden=(16,), arguments=small)
    for name, preset in {"ppo": ppo, "td3": td3}.items():
        agents.train(env, preset, out=folder / f"train-{name}", **given)
    return folder


@pytest.fixture(scope="module")
def runs(fits, stressed, trained):
    """Runs of the commands whose run is one folder."""
    return [*fits.iterdir(), stressed, *trained.iterdir()]


@pytest.fixture(scope="module")
def boards(runs):
    return {run: Board(run) for run in runs}


def test_the_page_lists_what_fit_writes(fits):
    compare(below(fits), "fit", spared=ABSENT)


def test_the_page_lists_what_stress_writes(stressed):
    compare(below(stressed), "stress", "fit", spared=UNDECIDED)


def test_each_search_is_a_run_of_its_own_and_its_curves_are_the_first_cards(stressed):
    found = tracking.read_all(stressed)
    cards = sorted({tag for curves in found.values() for tag in curves})
    assert cards[:2] == ["confirmed/seed-0", "confirmed/seed-1"]
    own = {run for run, curves in found.items() if "confirmed/seed-1" in curves}
    assert own == {"searches/random", "searches/policy"}


def test_the_generator_inside_stress_is_watched_with_rows_that_it_does_not_learn(stressed):
    assert {"critic/train", "critic/held_out", "health/critic/recognised"} <= written(stressed)


def test_the_page_lists_what_react_writes(reacted):
    compare(below(reacted), "react", "fit", spared=HALF)


def test_the_page_lists_what_train_writes(trained):
    compare(below(trained), "train")


def test_every_run_is_a_row_with_the_metrics_that_it_promises(boards):
    for run, board in boards.items():
        ((_, metrics, status),) = board.sessions().values()
        curves = tracking.read(run)
        assert status == "SUCCESS"
        assert metrics
        absent = {tag for tag in metrics if tag not in curves}
        assert absent == set(), run.name
        assert all(metrics[tag] == pytest.approx(curves[tag][1][-1]) for tag in metrics)


def test_settings_of_each_command_are_in_its_row(boards):
    rows = {run.name: board.sessions()["."][0] for run, board in boards.items()}
    digits = rows["fit-digits"]
    assert digits["data"] == "digits"
    assert (digits["objective"], digits["network"], digits["steps"]) == ("relativistic", "mlp", 20)
    assert digits["penalty"] > 0  # what None stands for
    assert rows["fit-codes"]["categorical"] == "10"
    stress = rows["stress"]
    assert (stress["search"], stress["seeds"], stress["budget"]) == ("random policy", "0 1", 600)
    assert (stress["model"], stress["generator/objective"]) == ("default cnn", "relativistic")
    assert rows["train-td3"]["algorithm"] == "td3"
    assert rows["train-ppo"]["arguments/horizon"] == 4


def test_every_chart_of_a_layout_finds_curves(boards):
    for run, board in boards.items():
        tags = {tag for curves in tracking.read_all(run).values() for tag in curves}
        categories = board.plugin("custom_scalars/layout")["category"]
        for chart in (chart for category in categories for chart in category["chart"]):
            found = [t for t in tags for e in chart["multiline"]["tag"] if re.match(e, t)]
            fitted_without_held_out = run.name == "stress" and "remembers" in chart["title"]
            assert found or fitted_without_held_out, (run.name, chart["title"])


def test_failures_lie_among_real_and_generated_samples(boards, stressed):
    board = boards[stressed]
    query = {"run": ".", "name": "samples"}
    rows = board.raw("plugin/projector/metadata", **query).decode().splitlines()
    assert rows[0] == "kind\tlabel\tmodel says\tsearch\tframe"
    kinds = [row.split("\t")[0] for row in rows[1:]]
    assert set(kinds) == {"real", "generated", "failing"}
    for kind, label, said, search, _ in (row.split("\t") for row in rows[1:]):
        assert (said == "-") == (search == "-") == (kind != "failing")
        assert said != label
    (info,) = board.plugin("projector/info", run=".")["embeddings"]
    assert info["tensorShape"] == [len(kinds), 64]
    assert info["sprite"]["singleImageDim"] == [10, 10]  # a frame around each
