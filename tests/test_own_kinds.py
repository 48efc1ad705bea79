"""What has a name on the command line is an object in Python: kinds of a user's own, whole."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import genenv
from genenv import bundled, cli, criteria, metrics, networks, recorded, sampling, seeding
from genenv.agents import SEARCHES, Evolution, entrants
from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.metrics import Metric
from genenv.noise import Gaussian, Noise
from genenv.objectives import Objective
from genenv.search import Search, Space
from genenv.training import TrainingConfig, preset

X, Y = load_digits(return_X_y=True)
X, Y = X[::3], Y[::3]
X = X.reshape(-1, 8, 8).astype(np.float32)


class Rays(Search):
    """Walks along rays from the origin, a label a ray."""

    def __init__(self, space, seed, *, step=0.5):
        super().__init__(space, seed)
        self.step = step
        self.turn = 0

    def ask(self, limit):
        self.turn += 1
        keys = seeding.fold_rows(self.seed, "ray", np.arange(min(limit, 32)))
        e = torch.from_numpy(seeding.normals(keys, self.space.noise.base_dim))
        return self.space.noise.project(self.step * self.turn * e), torch.arange(len(e)) % 10

    def tell(self, findings):
        pass


class Mine(SEARCHES["random"]):
    """Chance by another name."""


def by_function(space, seed):
    return Rays(space, seed, step=0.1)


def constant(x):
    """A model that says 0 to everything."""
    return np.tile(np.float32([0.91] + [0.01] * 9), (len(x), 1))


def names(*searches):
    return [entrant.name for entrant in entrants(searches)]


@pytest.fixture(scope="module")
def generator():
    return networks.load(bundled.FOLDER / "generator")


def test_a_search_is_named_by_its_row_its_class_or_its_function_and_numbered_where_two_share_it():
    given = [Rays, functools.partial(Rays, step=0.1), by_function, "random", Evolution]
    assert names(*given) == ["Rays", "Rays-2", "by_function", "random", "evolution"]
    assert names("test_own_kinds:Rays", functools.partial(Evolution, sigma=0.1), "evolution") == [
        "Rays", "evolution", "evolution-2",
    ]  # fmt: skip


def test_settings_are_bound_by_partial():
    space = Space(Gaussian(3), 2)
    slow, fast = entrants([functools.partial(Evolution, sigma=0.01, populations=1), Evolution])
    asked = slow(space, 0).ask(100)[0]
    assert len(asked) == 8
    assert asked.std(0).max() < 0.05 < fast(space, 0).ask(100)[0].std(0).max()


@pytest.fixture(scope="module")
def stressed(generator, tmp_path_factory):
    out = tmp_path_factory.mktemp("own") / "run"
    given = [Mine, functools.partial(Rays, step=0.25), "test_own_kinds:Rays"]
    report = genenv.stress(
        constant, generator, X, Y, search=given, budget=200, anyway=True, out=out
    )
    return report, out, given


@pytest.mark.slow
def test_stress_takes_searches_of_ones_own(stressed):
    report, out, _ = stressed
    assert [row["name"] for row in report.searches] == ["Mine", "Rays", "Rays-2"]
    assert [row["samples_law"] for row in report.searches] == [True, False, False]
    assert report.data["trust"]["judge"]["light"] == "bad"  # made of a handful of rows
    assert report.data["failure_probability"] is None
    config = json.loads((out / "config.json").read_text())["stress"]
    assert config["search"] == [
        "test_own_kinds:Mine", "test_own_kinds:Rays(step=0.25)", "test_own_kinds:Rays",
    ]  # fmt: skip
    assert "Rays-2" in (out / "report.html").read_text()


@pytest.mark.slow
def test_stress_fails_by_the_criterion_and_replay_knows_it(generator, tmp_path):
    out = tmp_path / "run"
    report = genenv.stress(
        constant,
        generator,
        X,
        Y,
        search=["random"],
        budget=100,
        anyway=True,
        out=out,
        criterion="target:3",
    )
    assert report.data["model"]["criterion"] == "target:3"
    assert report.searches[0]["flips"] == 0  # the model says 0 to everything
    assert json.loads((out / "config.json").read_text())["stress"]["criterion"] == "target:3"
    assert str(recorded.load_criterion(out)) == "target:3"
    assert recorded.load_criterion(out, doubtful) is doubtful


@pytest.mark.slow
def test_a_run_with_a_search_of_ones_own_is_resumed(stressed, generator):
    report, out, given = stressed
    again = genenv.stress(
        constant, generator, X, Y, search=given, budget=200, anyway=True, out=out, resume=True
    )
    strip = [{k: v for k, v in row.items() if k != "seconds"} for row in report.searches]
    assert [{k: v for k, v in row.items() if k != "seconds"} for row in again.searches] == strip
    other = [Mine, functools.partial(Rays, step=0.5), given[2]]
    with pytest.raises(Mistake, match=r"search = .* where it has .*Rays\(step=0.25\)"):
        genenv.stress(
            constant, generator, X, Y, search=other, budget=200, anyway=True, out=out, resume=True
        )


class Half(Search):
    """Without `tell`."""

    def ask(self, limit):
        return torch.zeros(limit, 3), torch.zeros(limit, dtype=torch.int64)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("chess", "expected search to be one of random, .*module:name, got 'chess'; choose one"),
        ("nowhere_to_be:found", "expected a module nowhere_to_be, got none of the name"),
        ("test_own_kinds:lost", "expected lost in module test_own_kinds, got no attribute lost"),
        (3, "expected a search: a name, a class or a callable .*, got builtins:int; derive it"),
        (dict, "got builtins:dict; derive it from genenv.search.Search"),
        (Half, "got test_own_kinds:Half without tell; write them"),
        (functools.partial(Rays, pace=1), r"Rays\(pace=1\): got an unexpected keyword .*'pace'"),
    ],
)  # fmt: skip
def test_what_is_no_search_is_refused_before_anything_is_trained(given, says):
    with pytest.raises(Mistake, match=says):
        entrants([given])


def test_a_function_that_makes_no_search_is_refused_when_it_is_asked():
    (entrant,) = entrants([lambda _space, _seed: 3])
    assert entrant.name == "lambda"
    with pytest.raises(Mistake, match=r"expected lambda to make a genenv.search.Search, got int"):
        entrant(Space(Gaussian(3), 2), 0)


LOG_P = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7]]).log()
LABEL = torch.zeros(3, dtype=torch.int64)


@pytest.mark.parametrize(
    ("given", "failed"),
    [
        ("misclassified", [False, True, True]),
        ("misclassified:1.2", [False, False, True]),
        ("target:1", [False, True, False]),
        ("target:0", [False, False, False]),
        ("top-k:1", [False, True, True]),
        ("top-k:2", [False, True, True]),
        (lambda output, _label: output[:, 2] - np.log(0.25), [False, True, True]),
        ("test_own_kinds:doubtful", [True, True, False]),
    ],
)
def test_a_criterion_says_when_the_model_has_failed(given, failed):
    found = criteria.find(given)
    assert (criteria.severity(found, LOG_P, LABEL) > 0).tolist() == failed
    if isinstance(given, str):
        assert (
            criteria.severity(criteria.find(criteria.spelled(found)), LOG_P, LABEL).tolist()
            == criteria.severity(found, LOG_P, LABEL).tolist()
        )


@pytest.mark.parametrize(("setting", "index"), [("dog", 1), ("1", 1), ("7", 2), ("2", 2), ("0", 0)])
def test_a_target_is_a_class_by_index_or_by_name(setting, index):
    assert criteria.find(f"target:{setting}", ("cat", "dog", 7)) == criteria.Target(index)


@pytest.mark.parametrize("name", ["target:99", "top-k:0", "top-k:10"])
def test_a_criterion_that_is_not_for_so_many_classes_is_refused_before_it_is_asked(name):
    with pytest.raises(Mistake, match=r"expected (a target class from 0|k from 1) to 9"):
        criteria.find(name, range(10))


def test_a_target_that_is_no_class_is_refused_by_name():
    with pytest.raises(Mistake, match="expected target to be one of cat, dog, got 'cow'"):
        criteria.find("target:cow", ("cat", "dog"))


def doubtful(output, _label):
    """Failed where no class has more than 0.6."""
    return np.log(0.6) - output.amax(1)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("wrong", "criterion to be one of misclassified, target, top-k, module:name, got 'wrong'"),
        ("top-k:many", "k to be a number, got 'many'"),
        ("top-k:3", "k from 1 to 2, fewer than the classes, got 3"),
        ("target:7", "a target class from 0 to 2, got 7"),
        (7, r"a criterion \(output, label\) -> severity, got int"),
        (lambda output, _label: output, r"of shape \(3\), got shape \(3, 3\)"),
        (lambda output, _label: output[:, 0] * torch.nan, "to be finite, got NaN"),
    ],
)
def test_what_is_no_criterion_is_refused_in_one_sentence(given, says):
    with pytest.raises(Mistake, match=says):
        criteria.severity(criteria.find(given), LOG_P, LABEL)


class Signs(Objective):
    """Scores of real rows go up, of generated ones down, at most to 1 and -1."""

    def __init__(self, weight=1.0):
        self.weight = weight

    def critic_terms(self, critic, real, fake, rng):  # noqa: ARG002
        return {"gap": self.weight * (critic(fake).tanh() - critic(real).tanh())}

    def generator_terms(self, critic, real, fake, latent, rng):  # noqa: ARG002
        return {"pull": -self.weight * critic(fake).tanh()}


class Lines(networks.Generator):
    """A linear map of the latents, squashed."""

    def __init__(self, noise, units, classes, width=8):
        super().__init__(noise, units, classes, {"width": width})
        self.body = nn.Linear(noise.dim, units.width)

    def forward(self, z, label=None):  # noqa: ARG002
        return self.body(z).tanh().view(-1, *self.units.layout)


class Linear:
    generator = Lines
    critic = networks.NETWORKS["mlp"].critic


SIGNS = "test_own_kinds:Signs"


def weights(generator):
    return torch.cat([p.flatten() for p in generator.parameters()])


@pytest.mark.slow
def test_fit_takes_an_objective_of_ones_own_records_and_resumes_it_and_states_the_preset(tmp_path):
    settings = {"steps": 2, "batch": 16, "threads": 1}
    fitted = genenv.fit(X, Y, objective=Signs(), out=tmp_path / "a", **settings)
    training = json.loads((tmp_path / "a" / "config.json").read_text())["training"]
    assert (training["objective"], training["penalty"], training["critic_width"]) == (
        SIGNS, None, 192,
    )  # fmt: skip
    assert fitted.objective == genenv.load(tmp_path / "a").objective == SIGNS
    assert any(SIGNS in note and "relativistic" in note for note in fitted.notes)
    genenv.fit(X, Y, objective=Signs, out=tmp_path / "a", resume=True, **settings)
    with pytest.raises(Mistake):
        genenv.fit(X, Y, objective="gan", out=tmp_path / "a", resume=True, **settings)
    by_name = genenv.fit(X, Y, objective=SIGNS, **settings)
    assert weights(by_name).equal(weights(fitted))
    other = genenv.fit(X, Y, objective="gan", **settings)
    assert not weights(other).equal(weights(fitted))
    assert not any("preset" in note for note in other.notes)


def test_an_objective_of_ones_own_has_no_penalty_of_genenv_s_on_images():
    config = preset(Signs(), Pictures((16, 16), "uint8", (0.0,), (255.0,)))
    assert (config.penalty, config.penalty_every) == (None, 1)


def test_what_a_partial_binds_to_an_objective_is_recorded():
    config = TrainingConfig(objective=functools.partial(Signs, weight=0.5))
    assert config.game().weight == 0.5
    assert config.plain()["objective"] == f"{SIGNS}(weight=0.5)"


@pytest.mark.slow
def test_an_objective_from_the_command_line_is_imported(tmp_path, monkeypatch, capsys):
    (tmp_path / "aims.py").write_text(
        "from genenv.objectives import Hinge\n\nclass Mine(Hinge):\n    pass\n"
    )
    monkeypatch.chdir(tmp_path)
    few = ["--steps", "1", "--batch", "16", "--no-metrics", "--threads", "1", "--out", "RUN"]
    with pytest.raises(SystemExit) as left:
        cli.main(["fit", "digits", "--objective", "aims:Mine", *few])
    assert not left.value.code
    assert "objective aims:Mine" in capsys.readouterr().out
    assert json.loads((tmp_path / "RUN/config.json").read_text())["training"]["objective"] == (
        "aims:Mine"
    )


@pytest.mark.parametrize(
    "given", ["no", "builtins:dict", "pathlib:Path", "test_own_kinds:constant", Rays, 3]
)
def test_what_is_no_objective_is_a_mistake(given):
    with pytest.raises(Mistake):
        TrainingConfig(objective=given)


def test_an_objective_of_ones_own_takes_no_penalty_beside_it():
    with pytest.raises(Mistake):
        TrainingConfig(objective=Signs(), penalty=1.0)


@pytest.mark.slow
def test_fit_takes_a_network_of_ones_own_and_reads_it_where_it_is_named_again(tmp_path):
    settings = {"steps": 2, "batch": 16, "threads": 1}
    fitted = genenv.fit(X, Y, network=Linear, out=tmp_path / "a", **settings)
    assert type(fitted) is Lines
    training = json.loads((tmp_path / "a" / "config.json").read_text())["training"]
    assert training["network"] == fitted.facts()["network"] == "test_own_kinds:Linear"
    assert weights(genenv.load(tmp_path / "a", network=Linear)).equal(weights(fitted))
    with pytest.raises(Mistake):
        genenv.load(tmp_path / "a")
    again = genenv.fit(X, Y, network=Linear, out=tmp_path / "a", resume=True, **settings)
    by_name = genenv.fit(X, Y, network="test_own_kinds:Linear", **settings)
    assert weights(again).equal(weights(fitted))
    assert weights(by_name).equal(weights(fitted))


@pytest.mark.parametrize("given", ["no", "pathlib:Path", Rays, Lines, 3])
def test_what_is_no_network_is_a_mistake(given):
    with pytest.raises(Mistake):
        TrainingConfig(network=given)


class Shift(Metric):
    """How far the means lie apart."""

    keys = ("shift",)

    def measure(self, real, fake):
        return {"shift": float(abs(real.mean(0) - fake.mean(0)).max())}


@pytest.mark.slow
def test_a_metric_of_ones_own_is_measured_beside_the_others(tmp_path):
    settings = {"steps": 2, "batch": 16, "threads": 1}
    genenv.fit(X, Y, out=tmp_path / "a", metrics=[Shift], features="samples", **settings)
    figures = json.loads((tmp_path / "a" / "metrics.json").read_text())
    assert figures["shift"] > figures["shift_real"] >= 0
    assert "frechet" in figures
    config = json.loads((tmp_path / "a" / "config.json").read_text())
    assert config["own_metrics"] == ["test_own_kinds:Shift"]


@pytest.mark.parametrize("given", ["no", "test_own_kinds:constant", Rays, [Shift, Shift]])
def test_what_is_no_metric_is_a_mistake(given):
    with pytest.raises(Mistake):
        metrics.build(given if isinstance(given, list) else [given])


def test_samples_are_drawn_under_a_noise_of_ones_own():
    generator = genenv.fit(X, Y, steps=1, batch=16, threads=1)
    law = sampling.noise_named(generator, "test_own_kinds:Flat", 1.0)
    assert float(law.sample(50, 0).abs().max()) == 0.5
    with pytest.raises(Mistake, match="expected a noise, got test_own_kinds:Shift; inherit"):
        sampling.noise_named(generator, "test_own_kinds:Shift", 1.0)


class Flat(Noise):
    """Half a unit up or down."""

    kind = "flat"

    def __init__(self, dim):
        super().__init__(dim, dim)

    def from_base(self, e):
        return e.sign() / 2
