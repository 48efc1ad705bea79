"""Try a hundred forms of models, right by themselves: recognised, refused, or wrongly accepted.

Every model is a logistic regression (or another small classifier) of digits that is right on 90 %
or more of the test rows when it gets what it was trained on. genenv is handed the model alone. It
may find the right form, or refuse in one sentence; to ask the model in a way in which it is right
on five points fewer, and to say nothing, is wrong.

    python scripts/handed_wrong.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import pandas as pd
import torch
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, OneClassSVM
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
from torch import nn

from genenv import checks, data, downstream
from genenv.data import Dataset
from genenv.downstream import handing

LOST = 0.05  # of the test rows
TRAIN = 1200
DIGITS = data.load("digits")
assert DIGITS.label is not None
X = DIGITS.x
Y = DIGITS.label
FLAT = X.reshape(len(X), -1)
MEAN = FLAT[:TRAIN].mean(0)
STD = FLAT[:TRAIN].std(0) + 1e-3
SHIFTED = np.roll(np.arange(10), 3)

Change = Callable[[Any], Any]
Case = tuple[str, Any, Dataset, float]


def learned(change: Change, kind: Any = None, rows: Any = slice(0, TRAIN), y: Any = Y) -> Any:
    """Fit a classifier to changed rows, as its user did."""
    return (kind or LogisticRegression(max_iter=300)).fit(change(FLAT[rows]), y[rows])


class Net(nn.Module):
    """A fitted logistic regression as a torch module, with what lies before and after it."""

    def __init__(self, model: LogisticRegression, before: Any = None, after: Any = None) -> None:
        super().__init__()
        self.before = before
        self.after = after
        self.linear = nn.Linear(*model.coef_.shape[::-1])
        self.linear.weight.data = torch.tensor(model.coef_, dtype=torch.float32)
        self.linear.bias.data = torch.tensor(model.intercept_, dtype=torch.float32)

    def forward(self, x: torch.Tensor) -> Any:
        """Answer a batch."""
        x = x if self.before is None else self.before(x)
        out = self.linear(x.flatten(1))
        return out if self.after is None else self.after(out)


class Plain(nn.Module):
    """The same without options, for TorchScript."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Answer a batch."""
        return self.linear(x.flatten(1))


def needs(shape: tuple[int, ...]) -> Callable[[torch.Tensor], torch.Tensor]:
    """Refuse batches of another shape, as a convolution would."""

    def check(x: torch.Tensor) -> torch.Tensor:
        if tuple(x.shape[1:]) != shape:
            raise RuntimeError(f"expected input of shape {shape}, got {tuple(x.shape[1:])}")
        return x

    return check


def unit(x: Any) -> Any:
    """Scale to [0, 1]."""
    return x / 16


def softmax(values: Any) -> Any:
    """Turn logits into probabilities."""
    return torch.softmax(torch.as_tensor(np.asarray(values)), 1).numpy()


def by(change: Change, answer: Change = lambda p: p, kind: Any = None) -> Change:
    """Make a function of batches whose model was trained on changed rows."""
    model = learned(change, kind)
    return lambda x: answer(model.predict_proba(change(np.asarray(x).reshape(len(x), -1))))


def direct(change: Change, answer: Change = lambda p: p) -> Change:
    """Make a function whose caller has to change the rows."""
    model = learned(change)
    return lambda x: answer(model.predict_proba(np.asarray(x, float).reshape(len(x), -1)))


def own(model: Any, change: Change, y: Any = Y) -> float:
    """Accuracy of a fitted classifier on the test rows that it expects."""
    return float((model.predict(change(FLAT[TRAIN:])) == y[TRAIN:]).mean())


def turned(x: Any) -> Any:
    """Swap height and width."""
    return x.reshape(-1, 8, 8).transpose(0, 2, 1).reshape(len(x), -1)


CHANGES: dict[str, Change] = {
    "[0, 1]": unit,
    "stored units": lambda x: x,
    "[-1, 1]": lambda x: x / 8 - 1,
    "standardised by one mean": lambda x: (x - FLAT.mean()) / FLAT.std(),
    "each pixel's mean subtracted": lambda x: x - MEAN,
    "each pixel standardised": lambda x: (x - MEAN) / STD,
    "dark and light swapped": lambda x: 1 - x / 16,
    "height and width swapped": lambda x: turned(x / 16),
}


def modules() -> list[tuple[str, Any, Dataset]]:
    """Torch modules."""
    cases = [(f"torch, {name}", Net(learned(change)), DIGITS) for name, change in CHANGES.items()]
    fitted = learned(unit)
    plain = Plain(Net(fitted).linear).eval()
    frozen = torch.jit.freeze(torch.jit.trace(plain, torch.zeros(2, 1, 8, 8)))
    turn = torch.from_numpy(SHIFTED)
    answers: dict[str, Change] = {
        "log-softmax": lambda z: z.log_softmax(1),
        "softmax": lambda z: z.softmax(1),
        "softmax of two digits": lambda z: (100 * z.softmax(1)).round() / 100,
        "softmax in bfloat16": lambda z: z.bfloat16().softmax(1),
        "negative log-likelihoods": lambda z: -z.log_softmax(1),
        "columns moved on": lambda z: z[:, turn],
        "a tuple": lambda z: (z, z),
    }
    cases += [
        (f"torch, {name}", Net(fitted, after=after), DIGITS) for name, after in answers.items()
    ]
    return [
        *cases,
        ("torch, float64", Net(fitted).double(), DIGITS),
        ("torch, TorchScript, frozen", frozen, DIGITS),
        ("torch, flat rows of [0, 1]", Net(fitted, needs((64,))), DIGITS),
        ("torch, channels last", Net(fitted, needs((8, 8, 1))), DIGITS),
    ]


def estimators() -> list[tuple[str, Any, Dataset]]:
    """Fit estimators of scikit-learn."""
    three = Y < 3
    two = np.isin(Y, (0, 1))
    of_three = data.from_arrays(X[three], Y[three], "three")
    of_two = data.from_arrays(X[two], Y[two], "two")
    ovo, ovr = (
        SVC(decision_function_shape=shape).fit(FLAT[three], Y[three]) for shape in ("ovo", "ovr")
    )
    named = pd.DataFrame(FLAT[:TRAIN], columns=[f"p{i}" for i in range(64)])
    tens = data.from_arrays(X, 10 * (Y + 1), "tens")
    words = data.from_arrays(X, Y.astype(str), "words")
    moved = learned(lambda x: x, y=SHIFTED[Y])
    return [
        ("estimator", learned(lambda x: x), DIGITS),
        ("pipeline", learned(lambda x: x, make_pipeline(StandardScaler(), SVC())), DIGITS),
        ("SVC of [0, 1]", learned(unit, SVC(gamma=1.0)), DIGITS),
        (
            "k-NN of standardised rows",
            learned(lambda x: (x - MEAN) / STD, KNeighborsClassifier()),
            DIGITS,
        ),
        ("SVC, ovo", ovo, of_three),
        ("SVC, ovr", ovr, of_three),
        ("OneClassSVM", OneClassSVM().fit(FLAT[two]), of_two),
        ("IsolationForest", IsolationForest(n_estimators=20).fit(FLAT[two]), of_two),
        (
            "forest of a frame",
            RandomForestClassifier(30, random_state=0).fit(named, Y[:TRAIN]),
            DIGITS,
        ),
        ("nearest centroid, predict alone", NearestCentroid().fit(FLAT, Y), DIGITS),
        ("labels 10 to 100 for 0 to 9", learned(lambda x: x), tens),
        ("labels as text", learned(lambda x: x), words),
        ("fitted to labels moved on", moved, DIGITS),
    ]


def functions() -> list[tuple[str, Any, Dataset]]:
    """Callables."""
    frame = lambda p: pd.DataFrame(p[:, ::-1], columns=[str(c) for c in range(9, -1, -1)])  # noqa: E731
    strange = lambda p: pd.DataFrame(p[:, ::-1], columns=[f"p{c}" for c in range(10)])  # noqa: E731

    def busy(_x: Any) -> Any:
        raise ConnectionError("HTTP 429, out of quota")

    return [
        ("function of raw rows", by(lambda x: x), DIGITS),
        ("function of [0, 1]", direct(unit, lambda p: p), DIGITS),
        ("function of rows in [-1, 1]", direct(lambda x: x / 8 - 1), DIGITS),
        ("function of standardised rows", direct(lambda x: (x - MEAN) / STD), DIGITS),
        ("frame, classes in another order", by(unit, frame), DIGITS),
        ("frame, columns of other names", by(unit, strange), DIGITS),
        ("negative log-likelihoods", by(unit, lambda p: -np.log(p + 1e-9)), DIGITS),
        ("distances", by(unit, lambda p: np.sqrt(2 - 2 * p)), DIGITS),
        ("one-hot", by(unit, lambda p: np.eye(10)[p.argmax(1)]), DIGITS),
        ("labels", by(unit, lambda p: p.argmax(1)), DIGITS),
        ("out of quota", busy, DIGITS),
    ]


class Reading(gymnasium.Env):  # type: ignore[misc]
    """One digit a step: paid for naming it."""

    observation_space = gymnasium.spaces.Box(0, 16, (8, 8), np.float32)
    action_space = gymnasium.spaces.Discrete(10)

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        """Show a digit."""
        super().reset(seed=seed, options=options)
        self.row = int(self.np_random.integers(TRAIN))
        return X[self.row], {}

    def step(self, action: Any) -> Any:
        """Pay for the right name."""
        return X[self.row], float(action == Y[self.row]), True, False, {}


def policy() -> tuple[str, Any, Dataset]:
    """Make a policy behind VecNormalize, its last layer fitted to what it sees."""
    env = VecNormalize(DummyVecEnv([Reading]), norm_reward=False)
    env.obs_rms.mean = MEAN.reshape(8, 8)
    env.obs_rms.var = (STD**2).reshape(8, 8)
    model = PPO("MlpPolicy", env, policy_kwargs={"net_arch": []}, device="cpu")
    fitted = learned(lambda x: ((x - MEAN) / STD).clip(-10, 10))
    model.policy.action_net.weight.data = torch.tensor(fitted.coef_, dtype=torch.float32)
    model.policy.action_net.bias.data = torch.tensor(fitted.intercept_, dtype=torch.float32)
    return "PPO behind VecNormalize", model, DIGITS


class Own(nn.Module):
    """A fitted logistic regression behind a module of one's own."""

    def __init__(self, answer: Callable[[nn.Module, torch.Tensor], Any], **parts: Any) -> None:
        super().__init__()
        self.inner = Net(learned(unit))
        self.answer = answer
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: torch.Tensor) -> Any:
        """Answer a batch."""
        return self.answer(self, x)


def _spoiling(m: Any, x: torch.Tensor) -> Any:
    out = m.inner(x)
    x.zero_()
    return out


def fresh_modules() -> list[tuple[str, Any, Dataset]]:
    """Torch modules as an outside tester may bring them."""
    noisy = Own(lambda m, x: m.drop(m.inner(x)), drop=nn.Dropout(0.5)).train()
    normed = Own(lambda m, x: m.norm(m.inner(x)), norm=nn.BatchNorm1d(10, affine=False)).train()
    rows = lambda m, x: m.inner(needs((8, 8))(x))  # noqa: E731
    answers: dict[str, Any] = {
        "a mapping with loss": lambda m, x: {"loss": x.mean(), "logits": m.inner(x)},
        "features before logits": lambda m, x: (x.flatten(1), m.inner(x)),
        "an auxiliary head of noise": lambda m, x: (m.inner(x), x.flatten(1)[:, :10]),
        "a list of tensors, one a row": lambda m, x: list(m.inner(x)),
        "a batch-first sequence (n, 8, 8)": rows,
        "a sequence that comes first": lambda m, x: m.inner(needs((8, 8))(x.movedim(0, 1))),
        "predicted labels": lambda m, x: m.inner(x).argmax(1),
        "float16 answers": lambda m, x: m.inner(x).half(),
        "sigmoid scores": lambda m, x: m.inner(x).sigmoid(),
        "eleven columns": lambda m, x: torch.cat([m.inner(x), x.flatten(1)[:, :1]], 1),
        "a column too few": lambda m, x: m.inner(x)[:, :9],
        "a last axis of one": lambda m, x: m.inner(x)[..., None],
        "NumPy inside": lambda m, x: m.inner(torch.from_numpy(x.numpy())).numpy(),
        "an input that it overwrites": _spoiling,
        "logits divided by 100": lambda m, x: m.inner(x) / 100,
        "rows of 0 to 255": lambda m, x: m.inner(x / 255),
    }
    return [
        *((f"torch, {name}", Own(answer), DIGITS) for name, answer in answers.items()),
        ("torch, dropout left in train mode", noisy, DIGITS),
        ("torch, batch norm left in train mode", normed, DIGITS),
        ("torch, bfloat16 weights", Net(learned(unit)).bfloat16(), DIGITS),
        ("torch, its bound method", Net(learned(unit)).forward, DIGITS),
    ]


class Keras:
    """Behaves as Keras does: callable on channels last, predict for probabilities."""

    def __init__(self, fitted: Any) -> None:
        self.fitted = fitted

    def __call__(self, x: Any) -> Any:
        """Answer a batch (n, 8, 8, 1) in [0, 1]."""
        if np.ndim(x) != 4 or np.shape(x)[-1] != 1:
            raise ValueError(f"expected shape=(None, 8, 8, 1), found shape={np.shape(x)}")
        return self.fitted.predict_proba(np.asarray(x).reshape(len(x), -1))

    def predict(self, x: Any) -> Any:
        """Answer a batch."""
        return self(x)


def fresh_others() -> list[tuple[str, Any, Dataset]]:
    """Other callables and estimators as an outside tester may bring them."""
    fitted = learned(unit)
    raw = learned(lambda x: x)
    words = np.array([f"digit {c}" for c in range(10)])
    named = data.from_arrays(X, words[Y], "named")
    frame = pd.DataFrame(FLAT, columns=[f"p{i}" for i in range(64)])
    by_column = make_pipeline(
        ColumnTransformer([("scaled", StandardScaler(), list(frame.columns))]),
        LogisticRegression(max_iter=300),
    ).fit(frame[:TRAIN], Y[:TRAIN])
    p = lambda x: raw.predict_proba(np.asarray(x).reshape(len(x), -1))  # noqa: E731
    tens = data.from_arrays(X, 10 * (Y + 1), "tens")

    def overwriting(x: Any) -> Any:
        out = p(x)
        x *= 0
        return out

    def whole(x: Any) -> Any:
        if x.dtype.kind not in "ui":
            raise TypeError(f"expected uint8, got dtype {x.dtype}")
        return p(x)

    def drifting(x: Any) -> Any:
        return np.random.default_rng().dirichlet(np.ones(10), len(x)) * 0.2 + 0.8 * p(x)

    return [
        ("Keras-like", Keras(fitted), DIGITS),
        ("predict_proba of flat rows", raw.predict_proba, DIGITS),
        ("predict of flat rows", raw.predict, DIGITS),
        ("pipeline of named columns", by_column, DIGITS),
        ("names of classes", lambda x: words[p(x).argmax(1)], named),
        ("rows of {name: p}", lambda x: [dict(zip(words, r, strict=True)) for r in p(x)], named),
        (
            "labels and scores",
            lambda x: [
                [{"label": n, "score": v} for v, n in sorted(zip(r, words, strict=True))[::-1]]
                for r in p(x)
            ],
            named,
        ),
        (
            "the three likeliest labels and scores",
            lambda x: [
                [{"label": n, "score": v} for v, n in sorted(zip(r, words, strict=True))[:-4:-1]]
                for r in p(x)
            ],
            named,
        ),
        ("nested lists", lambda x: p(x).tolist(), DIGITS),
        ("percentages", lambda x: 100 * p(x), DIGITS),
        ("ranks, the best one 1", lambda x: (-p(x)).argsort(1).argsort(1) + 1, DIGITS),
        ("an input that it overwrites", overwriting, DIGITS),
        ("one row at a time", lambda x: p(x) if len(x) == 1 else 1 / 0, DIGITS),
        ("whole numbers alone", whole, DIGITS),
        ("random answers in part", drifting, DIGITS),
        ("a grid search", GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=2)
            .fit(FLAT[:TRAIN], Y[:TRAIN]), DIGITS),
        ("an estimator, not fitted", LogisticRegression(), DIGITS),
        ("classes of tens by a forest of 0 to 9", RandomForestClassifier(20).fit(FLAT, Y), tens),
        ("a regressor", LinearRegression().fit(FLAT, Y), DIGITS),
        ("columns in the order of another sort", lambda x: p(x)[:, [0, 1, 9, 2, 3, 4, 5, 6, 7, 8]],
            DIGITS),
    ]  # fmt: skip


@dataclass
class Scored:
    """What a module may return: no mapping, and no part of a known name."""

    loss: Any
    scores: torch.Tensor


def unseen_modules() -> list[tuple[str, Any, Dataset]]:
    """Torch modules that were thought of after everything above was recognised or refused."""
    plain = Plain(Net(learned(unit)).linear)
    kind = torch.ao.quantization.quantize_dynamic
    changes: dict[str, Change] = {
        "each image standardised": lambda x: (
            (x - x.mean(1, keepdims=True)) / x.std(1, keepdims=True)
        ),
        "MNIST's mean and deviation": lambda x: (x / 16 - 0.1307) / 0.3081,
        "upside down": lambda x: x.reshape(-1, 8, 8)[:, ::-1].reshape(len(x), -1) / 16,
        "mirrored": lambda x: x.reshape(-1, 8, 8)[:, :, ::-1].reshape(len(x), -1) / 16,
        "black and white": lambda x: (x > 8).astype(float),
        "square roots": lambda x: np.sqrt(x / 16),
        "logarithms": np.log1p,
        "[-1, 1], dark and light swapped": lambda x: 1 - x / 8,
    }
    answers: dict[str, Any] = {
        "three equal channels": lambda m, x: m.inner(needs((3, 8, 8))(x)[:, :1]),
        "padded to 12 pixels": lambda m, x: m.inner(needs((1, 12, 12))(x)[..., 2:10, 2:10]),
        "a dataclass": lambda m, x: Scored(None, m.inner(x)),
        "sparse answers": lambda m, x: m.inner(x).to_sparse(),
        "a column of background first": lambda m, x: torch.cat(
            [x.flatten(1)[:, :1] * 0 - 9, m.inner(x)], 1
        ),
    }
    return [
        *((f"torch, {name}", Net(learned(change)), DIGITS) for name, change in changes.items()),
        *((f"torch, {name}", Own(answer), DIGITS) for name, answer in answers.items()),
        ("torch, quantised", kind(plain, {nn.Linear}, dtype=torch.qint8), DIGITS),
        ("torch, DataParallel", nn.DataParallel(Net(learned(unit))), DIGITS),
    ]


def unseen_others() -> list[tuple[str, Any, Dataset]]:
    """Estimators and callables that were thought of after everything above."""
    raw = learned(lambda x: x)
    p = lambda x: raw.predict_proba(np.asarray(x).reshape(len(x), -1))  # noqa: E731
    two = np.isin(Y, (0, 1))
    rare = (Y < 8) | (np.arange(len(Y)) % 5 == 0)
    of_two = data.from_arrays(X[two], Y[two], "two")
    of_rare = data.from_arrays(X[rare], Y[rare], "rare")
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    words = np.array(names)
    alphabet = data.from_arrays(X, words[Y], "named")
    forest = RandomForestClassifier(20, random_state=0)
    pair = learned(lambda x: x, rows=two)
    exchanged = [0, 1, 2, 3, 4, 5, 6, 7, 9, 8]

    async def later(x: Any) -> Any:
        return p(x)

    return [
        ("two rare classes exchanged", lambda x: p(x)[:, exchanged], of_rare),
        ("0 to 9 for names, by the alphabet", raw, alphabet),
        ("a forest of one-hot labels", clone(forest).fit(FLAT, np.eye(10)[Y]), DIGITS),
        ("the same of two classes", clone(forest).fit(FLAT[two], np.eye(2)[Y[two]]), of_two),
        ("one column of two classes",
            lambda x: pair.predict_proba(np.asarray(x).reshape(len(x), -1))[:, 1:], of_two),
        ("a coroutine", later, DIGITS),
        ("a generator of rows", lambda x: (row for row in p(x)), DIGITS),
        ("a sparse matrix", lambda x: csr_matrix(p(x)), DIGITS),
        ("a masked array", lambda x: np.ma.masked_less(p(x), 1e-3), DIGITS),
        ("complex numbers", lambda x: p(x) + 0j, DIGITS),
        ("fractions of 255 in uint8", lambda x: (255 * p(x)).astype(np.uint8), DIGITS),
        ("one image at a time", lambda x: raw.predict_proba(np.asarray(x).reshape(1, -1)), DIGITS),
        ("costs", lambda x: 1 - p(x), DIGITS),
        ("odds", lambda x: p(x) / (1 - p(x) + 1e-9), DIGITS),
        ("rows in the order of the answer", lambda x: np.sort(p(x), axis=0), DIGITS),
        ("answers of the row before", lambda x: np.roll(p(x), 1, axis=0), DIGITS),
    ]  # fmt: skip


def judged(model: Any, dataset: Dataset) -> tuple[str, str]:
    """Say what becomes of a model, and the sentence or the accuracy."""
    rows = np.arange(TRAIN, len(X)) if len(dataset) == len(X) else np.arange(len(dataset))
    assert dataset.label is not None
    x = dataset.x[rows]
    label = dataset.label[rows]
    try:
        asked = handing.resolved(downstream.wrap(model, dataset.units, dataset.classes), x, label)
        asked.check(x)
        found = handing.look(asked, x, label)
        handing.require(found, anyway=False, oracles=0.97)
    except checks.Mistake as mistake:
        return "refused", str(mistake)
    verdict = "recognised" if found.accuracy > 0.9 - LOST else "WRONGLY ACCEPTED"
    return verdict, f"right on {found.accuracy:.1%}, handed {found.handed}"


if __name__ == "__main__":
    torch.manual_seed(0)
    counts: dict[str, int] = {}
    own = [*modules(), *estimators(), *functions(), policy()]
    fresh = [*fresh_modules(), *fresh_others()]
    for name, model, dataset in [*own, *fresh, *unseen_modules(), *unseen_others()]:
        verdict, why = judged(model, dataset)
        counts[verdict] = counts.get(verdict, 0) + 1
        print(f"{verdict:10} {name:34} {why}", flush=True)
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    sys.exit("WRONGLY ACCEPTED" in counts)
