from __future__ import annotations

import numpy as np
import pytest
import torch
import toys
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from genenv import data, learners
from genenv.checks import Mistake
from genenv.downstream import import_model

RINGS = toys.rings(240)

FACTORIES = """
from sklearn.tree import DecisionTreeClassifier
def tree(seed): return DecisionTreeClassifier(random_state=seed)
def plain(): return DecisionTreeClassifier(random_state=0)
def fails(): raise RuntimeError("no licence")
def other(): return 3
def leaves(): raise SystemExit("no licence")
def named(*, seed=0): return DecisionTreeClassifier(random_state=seed)
def placed(number, /): return DecisionTreeClassifier(random_state=number)
def depth(max_depth=2): return DecisionTreeClassifier(max_depth=max_depth, random_state=0)
def two(a, b): return DecisionTreeClassifier()
class Refuses(DecisionTreeClassifier):
    def fit(self, x, y): raise ValueError("too few rows")
def refuses(): return Refuses()
"""


@pytest.fixture
def factories(tmp_path, monkeypatch):
    (tmp_path / "factories_of_mine.py").write_text(FACTORIES)
    monkeypatch.syspath_prepend(tmp_path)
    return "factories_of_mine"


def taught(fit, dataset=RINGS, seed=0):
    return fit(dataset.x, dataset.label, dataset.units, dataset.classes, seed)


def accuracy(model, dataset):
    said = model.log_probabilities(dataset.units.tensor(dataset.x)).argmax(1).numpy()
    return (said == dataset.label).mean()


@pytest.mark.slow
@pytest.mark.usefixtures("able_parts")
@pytest.mark.parametrize("name", [*learners.usual(RINGS.units), "svm"])
def test_every_learner_beats_chance_and_is_a_function_of_its_seed(name):
    fit = learners.named(name, RINGS.units)
    one = taught(fit)
    two = taught(fit)
    fresh = toys.rings(240, seed=1)
    assert accuracy(one, fresh) > (0.9 if name != "logistic" else 0.3)
    rows = fresh.units.tensor(fresh.x)
    assert torch.equal(one.log_probabilities(rows), two.log_probabilities(rows))


@pytest.mark.slow
@pytest.mark.usefixtures("whole_classifiers")
def test_networks_for_images_learn_digits():
    digits = data.load("digits")
    few = digits.x[:300], digits.label[:300]
    model = learners.named("cnn", digits.units)(*few, digits.units, digits.classes, 0)
    said = model.log_probabilities(digits.units.tensor(digits.x[300:500])).argmax(1).numpy()
    assert (said == digits.label[300:500]).mean() > 0.85
    assert learners.features(model, digits.x[:3]).shape == (3, 64)


def test_features_of_other_learners_are_their_log_probabilities():
    model = taught(learners.LEARNERS["forest"])
    assert learners.features(model, RINGS.x[:4]).shape == (4, 3)


def test_classes_without_rows_have_no_probability():
    two = RINGS.label < 2
    fit = learners.LEARNERS["logistic"]
    model = fit(RINGS.x[two], RINGS.label[two], RINGS.units, RINGS.classes, 0)
    p = model.log_probabilities(RINGS.units.tensor(RINGS.x)).exp()
    assert p.shape == (240, 3)
    assert (p[:, 2] < 1e-9).all()


@pytest.mark.parametrize("name", ["logistic", "svm", "forest", "mlp"])
def test_a_learner_that_sees_one_class_says_that_class(name):
    one = RINGS.label == 1
    fit = learners.LEARNERS[name]
    model = fit(RINGS.x[one], RINGS.label[one], RINGS.units, RINGS.classes, 0)
    p = model.log_probabilities(RINGS.units.tensor(RINGS.x)).exp()
    assert (p.argmax(1) == 1).float().mean() > 0.9


@pytest.mark.parametrize("name", ["tree", "plain", "named", "placed"])
def test_a_factory_makes_a_learner(factories, name):
    model = taught(learners.named(f"{factories}:{name}", RINGS.units))
    assert accuracy(model, RINGS) == 1.0


@pytest.mark.parametrize(
    ("name", "random_state"),
    [("tree", 7), ("named", 7), ("placed", 7), ("plain", 0), ("depth", 0)],
)
def test_a_factory_is_given_its_seed_as_nothing_else(factories, name, random_state):
    made = learners._seeded(import_model(f"{factories}:{name}"), 7)
    assert made.random_state == random_state
    assert made.max_depth in (None, 2)


@pytest.mark.parametrize(
    "name",
    [
        "sklearn.neural_network:MLPClassifier",
        "sklearn.ensemble:RandomForestClassifier",
        "sklearn.neighbors:KNeighborsClassifier",
        "sklearn.naive_bayes:GaussianNB",
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_classes_of_scikit_learn_are_factories(name):
    usual = import_model(name)().get_params()
    made = learners._seeded(import_model(name), 5).get_params()
    assert {k: v for k, v in made.items() if v != usual[k]} in ({}, {"random_state": 5})
    assert accuracy(taught(learners.named(name, RINGS.units)), RINGS) > 0.7


def test_svm_learns_from_classes_of_one_row():
    digits = data.load("digits")
    rows = np.concatenate(
        [np.flatnonzero(digits.label == c)[: 1 if c < 3 else 8] for c in range(9)]
    )
    fit = learners.named("svm", digits.units)
    model = fit(digits.x[rows], digits.label[rows], digits.units, digits.classes, 0)
    p = model.log_probabilities(digits.units.tensor(digits.x[:300])).exp().numpy()
    assert p.sum(1) == pytest.approx(1, abs=1e-6)
    assert (p[:, 9] < 1e-9).all()  # a class that was not there
    assert (p.argmax(1) == digits.label[:300]).mean() > 0.6


def test_naive_bayes_answers_with_probabilities_far_from_the_rows_that_it_learned():
    digits = data.load("digits")
    far = 16 - digits.x
    plain = GaussianNB().fit(digits.x[:100].reshape(100, -1), digits.label[:100])
    sums = plain.predict_proba(far.reshape(len(far), -1)).sum(1)
    assert abs(sums - 1).max() > 1e-3  # in float32, as the digits are stored
    fit = learners.named("sklearn.naive_bayes:GaussianNB", digits.units)
    model = fit(digits.x[:100], digits.label[:100], digits.units, digits.classes, 0)
    log_p = model.log_probabilities(digits.units.tensor(far))
    assert log_p.exp().sum(1).numpy() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("boost", "expected learner to be one of logistic, mlp, cnn, forest, svm, module:factory"),
        ("cnn", "expected images for the learner cnn, got vectors; leave it out"),
        ("nowhere_at_all:f", "a module nowhere_at_all"),
    ],
)
def test_a_learner_that_is_none_is_a_mistake(name, sentence):
    with pytest.raises(Mistake, match=sentence):
        learners.named(name, RINGS.units)


def test_a_factory_that_fails_is_told_at_once(factories):
    with pytest.raises(Mistake, match=r"factory .*:fails to make a learner, got RuntimeError"):
        learners.named(f"{factories}:fails", RINGS.units)
    with pytest.raises(Mistake, match=r"factory .*:leaves to make a learner, got SystemExit: no"):
        learners.named(f"{factories}:leaves", RINGS.units)
    with pytest.raises(Mistake, match=r"factory .*:two to make a learner, got TypeError"):
        learners.named(f"{factories}:two", RINGS.units)
    with pytest.raises(Mistake, match=r"return what has fit and predict_proba, got SVC"):
        learners.named("sklearn.svm:SVC", RINGS.units)
    with pytest.raises(Mistake, match=r"return what has fit and predict_proba, got int"):
        learners.named(f"{factories}:other", RINGS.units)
    with pytest.raises(Mistake, match="expected Refuses to fit 240 rows, got ValueError"):
        taught(learners.named(f"{factories}:refuses", RINGS.units))


def test_the_usual_learners_fit_the_data():
    assert "cnn" not in learners.usual(RINGS.units)
    assert "cnn" in learners.usual(data.load("digits").units)
    assert set(learners.usual(RINGS.units)) < set(learners.LEARNERS)


def test_a_logistic_learner_that_runs_out_of_iterations_does_not_warn(recwarn):
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(300, 40)) * 10.0 ** rng.integers(-3, 3, 40)).astype(np.float32)
    label = rng.integers(0, 3, 300)

    def hasty(_seed):
        return LogisticRegression(max_iter=1)

    units = data.from_arrays(x, label).units
    with pytest.warns(ConvergenceWarning):
        learners.estimator(hasty)(x, label, units, (0, 1, 2), 0)
    recwarn.clear()
    learners.as_far_as_it_got(learners.estimator(hasty))(x, label, units, (0, 1, 2), 0)
    assert not len(recwarn)
