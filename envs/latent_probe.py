"""genenv/LatentProbe: the adversary of a model drives a realistic sample to failure."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import bundled, checks, seeding
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.single import EntryPoint
from genenv.probe import Findings, Probe
from genenv.recorded import load_probe

LIMIT = 10.0  # observations are clipped to [-10, 10]
HORIZON = 6  # steps
STRIDE = 1.2  # length of a full action along one base coordinate
SHARE, BONUS, PRICE = 0.25, 2.0, 0.05  # of a gain in score; of success; of a step


class LatentProbe(BatchedEnv):
    """Drive a sample, by steps in the base space of its noise, until the model fails on it.

    ## Description
    An episode starts at a base vector e ~ N(0, I), brought into the plausible set, with a label
    drawn evenly. The generator turns both into a sample, the model under test answers, and the
    guide says how realistic the sample is and how sure of the label. Reset and step cost one
    query to the model each.

    ## Action
    `Box(-1, 1, (base_dim,), float32)`, clipped to it: e becomes project(e + stride · action).

    ## Observation
    `Box(-10, 10, (base_dim + 2 · classes + 4,), float32)`, everything clipped to the limits:

    | columns | what | unit |
    |---|---|---|
    | base_dim | e | standard deviations |
    | classes | label, one-hot | |
    | classes | the model's log-probabilities | nat |
    | 1 | severity: log p(best other class) - log p(label) | nat |
    | 1 | the guide's log-probability of the label | nat |
    | 1 | realism distance - threshold (> 0: refused) | the sample's unit range |
    | 1 | share of the horizon left | |

    ## Reward
    A quarter of the gain in score, + 2 on success, - 0.05 a step. Score (`probe.Findings.score`) =
    min(severity, 1) - 2 · relu(log 0.97 - the guide's log-probability of the label)
    - 2 · relu(distance - threshold + margin).

    ## Start and end
    `terminated`: the model fails and the guide accepts. `truncated`: after `horizon` steps.

    ## Info
    `severity`; `energy`, ½‖e‖²; `queries`, the row's count since it was seeded.

    ## Arguments
    None is needed: `gymnasium.make("genenv/LatentProbe-v0")` takes the bundled digits.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    probe
        Generator, model and guide as one object; None: read from `run`.
    run
        A folder that `stress` left; None: the bundled digits.
    model
        The model under test in place of the recorded one: anything `downstream.wrap` takes, or an
        import path.
    trust
        Import the model from the path that the run records, which runs the code that it names.
    generator
        In the place of the run's: a generator of the same data, or the decoder that the run had;
        None: the run's.
    horizon
        Steps of an episode.
    stride
        Length of a full action along one base coordinate, in standard deviations.
    max_episode_steps
        Truncates earlier than the horizon, as Gymnasium's TimeLimit; None: no earlier.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws sample, the model's probabilities and the verdict.

    Raises
    ------
    Mistake
        If a number is not above zero, or `probe` comes with `run` or `model`, or the run
        names a model to import that nobody named again or trusts.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        probe: Probe | None = None,
        run: str | Path | None = None,
        model: Any = None,
        trust: bool = False,
        generator: Any = None,
        horizon: int = HORIZON,
        stride: float = STRIDE,
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        checks.positive("stride", stride)
        checks.integer("horizon", horizon)
        max_episode_steps = horizon if max_episode_steps is None else max_episode_steps
        checks.positive("max_episode_steps", max_episode_steps)
        self.probe = find_probe(probe, run, model, trust, generator)
        self.horizon, self.stride = horizon, stride
        self._noise = self.probe.generator.noise
        self._classes = len(self.probe.generator.classes)
        base_dim = self._noise.base_dim
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (base_dim + 2 * self._classes + 4,), np.float32),
            Box(-1.0, 1.0, (base_dim,), np.float32),
            min(horizon, max_episode_steps),
            autoreset_mode,
            render_mode,
        )
        self._e = torch.zeros(num_envs, base_dim)
        self._label = torch.zeros(num_envs, dtype=torch.int64)
        self._begun = np.zeros(num_envs, np.bool_)  # drawn, and not yet asked for
        self._queries = np.zeros(num_envs, np.int64)
        self._seen: Findings | None = None  # the last query of each row

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Draw start and label; the query waits, so that it shares a batch with those of a step."""
        keys = np.concatenate([self.keys(rows, "e"), self.keys(rows, "label")])
        drawn, label = np.split(seeding.uniforms(keys, self._noise.base_dim), 2)
        start = torch.from_numpy(seeding.as_normals(drawn))
        self._e[rows] = self._noise.project(start)
        self._label[rows] = torch.from_numpy((label[:, 0] * self._classes).astype(np.int64))
        self._begun[rows] = True
        self._queries[rows[self.episode[rows] == 0]] = 0

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Move the live rows, query these and the newly begun ones in one batch."""
        push = self.stride * torch.from_numpy(action.clip(-1.0, 1.0))
        moved = self._noise.project(self._e + push)
        if not live.all():
            moved = torch.where(torch.from_numpy(live)[:, None], moved, self._e)
        self._e = moved
        before = self._findings().score
        seen = self._query(live | self._begun)
        success = seen.success
        reward = SHARE * (seen.score - before) + BONUS * success - PRICE
        return reward.astype(np.float64), success

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, columns) and the info named above."""
        seen = self._query(self._begun) if self._begun.any() else self._findings()
        columns = (seen.e, seen.label, seen.output, seen.severity, seen.guide_log_p)
        share = 1 - self.elapsed / self.horizon
        info: dict[str, NDArray[Any]] = {
            "severity": seen.severity.copy(),
            "energy": seen.energy.copy(),
            "queries": self._queries.copy(),
        }
        return observation(*columns, seen.guide_distance, share), info

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw sample, the model's probabilities and the verdict."""
        seen = self._findings().rows(slice(row, row + 1))
        x = self.probe.sample(torch.from_numpy(seen.e), torch.from_numpy(seen.label))
        u = self.probe.units.encode(x)[0].numpy()
        p = np.exp(seen.output[0])
        label = int(seen.label[0])
        classes = self.probe.generator.classes
        answer = int(p.argmax())
        bars = [pictures.GREY] * len(p)
        bars[answer], bars[label] = pictures.BAD, pictures.GOOD
        verdict = "failed" if seen.severity[0] > 0 else "passed"
        guide = "accepts" if seen.accepted[0] else "refuses"
        said = f"asked for {classes[label]}, model says {classes[answer]} ({p[answer]:.0%})"
        numbers = f"realism {seen.guide_distance[0]:+.2f}, severity {seen.severity[0]:+.2f}"
        lines = (f"{said}: {verdict}", f"guide {guide}, {numbers}")
        return pictures.page([pictures.sample(u), pictures.bars(p, bars)], lines)

    def _findings(self) -> Findings:
        assert self._seen is not None
        return self._seen

    def _query(self, rows: Flags) -> Findings:
        """Ask about these rows and keep the answers."""
        self._queries += rows
        self._begun = self._begun & ~rows
        if rows.all():
            self._seen = self.probe(self._e, self._label.clone())
        else:
            index = torch.from_numpy(np.flatnonzero(rows))
            asked = self.probe(self._e[index], self._label[index])
            self._seen = _overlay(self._findings(), rows, asked)
        return self._findings()


def _overlay(findings: Findings, rows: Flags, part: Findings) -> Findings:
    """Copy findings with these rows replaced; what was handed out before stays as it was."""
    columns = {}
    for field in fields(Findings):
        column, new = getattr(findings, field.name), getattr(part, field.name)
        if column is not None:
            column = column.copy()
            column[rows] = new
        columns[field.name] = column
    return Findings(**columns)


def observation(
    e: NDArray[np.float32],
    label: NDArray[np.int64],
    output: NDArray[np.float32],
    severity: NDArray[np.float32],
    guide_log_p: NDArray[np.float32],
    distance: NDArray[np.float32],
    share_left: NDArray[np.floating[Any]],
) -> NDArray[np.float32]:
    """Lay out what a player of LatentProbe sees.

    Parameters
    ----------
    e
        Base vectors (n, base_dim).
    label
        Conditions (n,).
    output
        The model's log-probabilities (n, classes).
    severity, guide_log_p, distance
        (n,) each, as in `Findings`.
    share_left
        Share of the horizon left, (n,).

    Returns
    -------
    (n, base_dim + 2 · classes + 4) float32, clipped to [-10, 10].
    """
    count, dim = e.shape
    classes = output.shape[1]
    row = np.zeros((count, dim + 2 * classes + 4), np.float32)
    row[:, :dim] = e
    row[np.arange(count), dim + label] = 1.0
    row[:, dim + classes : -4] = output
    row[:, -4], row[:, -3], row[:, -2], row[:, -1] = severity, guide_log_p, distance, share_left
    return row.clip(-LIMIT, LIMIT, out=row)


def find_probe(
    probe: Probe | None,
    run: str | Path | None,
    model: Any,
    trust: bool = False,
    generator: Any = None,
) -> Probe:
    """Take the probe as given, or load the one of a run; without both the bundled one."""
    if probe is None:
        return load_probe(
            bundled.FOLDER if run is None else Path(run).expanduser(), model, trust, generator
        )
    if any(given is not None for given in (run, model, generator)):
        raise checks.Mistake("either a probe or run, model and generator", "both", "leave one out")
    return probe


single = EntryPoint(LatentProbe)
