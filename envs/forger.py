"""genenv/Forger: the agent is the generator; it makes vectors that fool a learning critic."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray
from torch import Tensor

from genenv import checks, seeding
from genenv.codecs import Codec
from genenv.data import Source
from genenv.envs import pictures
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.critics import Critic, check_critic
from genenv.envs.players import COLUMNS, shown
from genenv.envs.rendering import Renderer, Rendering
from genenv.envs.single import EntryPoint
from genenv.objectives import Objective

LIMIT = 10.0  # observations are clipped to [-10, 10]
SHOWN = 1000  # real and recent samples in a picture


class Forger(BatchedEnv):
    """Make samples from noise, for the praise of a critic that keeps learning to tell them.

    ## Description
    The agent is the generator of a GAN, and learns by reward alone: no gradient of the critic is
    handed over. An episode shows base noise e ~ N(0, I) and perhaps a label; the one action is the
    sample. The critic scores it, puts it into a replay of recent samples, and after each `batch` of
    new ones, however many rows brought them, takes `critic_steps` updates on real rows (of the
    labels that were asked for) against the replay. Critic and replay are shared by all rows, and by
    all environments that are given the same `critic`: so vectorisations play one game. A seeded
    reset of all rows that played starts both afresh, of some rows it keeps them, as `reset()` does.

    ## Action
    `Box(-1, 1, (size,), float32)`: the sample's numbers, flattened. -1 and 1 are the least and the
    largest value of each column of the data; of images, the ends of their range. Integers are
    rounded. With a `renderer`, `action_size` numbers that it turns into a sample.
    `samples(actions)` of the batch gives samples as the data are stored.

    ## Observation
    `Box(-10, 10, (noise_dim + classes + 2,), float32)`, clipped to the limits:

    | columns | what | unit |
    |---|---|---|
    | noise_dim | e | standard deviations |
    | classes | label, one-hot; without labels none | |
    | 1 | the critic's age, log10(1 + updates) / 4 | |
    | 1 | its running accuracy: share of pairs, real and recent, that it orders right | |

    The last two are as before the latest samples came; 0 and 0.5 after a seeded reset, unless
    `learn=False`.

    ## Reward
    The critic's score before it learns from the sample, less the mean score of real rows, in
    standard deviations of the scores of real and recent rows at its latest update, clipped to
    [-10, 10]: 0 is as real as the average real row. Before the first update, and for good with
    `critic_steps=0`, 1,000 real rows under the untrained critic set both.

    ## Start and end
    e and an evenly drawn label. `terminated` after the one step.

    ## Info
    `score` (the critic's, raw; 0 at the start); and, the same in all rows: `updates` (the critic's,
    so far), `gap` (mean score of real less recent samples at the latest, in standard deviations: 0
    when the critic is fooled).

    ## Arguments
    None is needed: `gymnasium.make("genenv/Forger-v0")` takes the ring, unlabelled.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    critic
        A `genenv.envs.critics.Critic`, or the `critic` of another environment: one game is played
        against it, and what it is (`objective` to `replay`, `conditional`) is its own. Rollouts
        then depend on what other environments did, and the spec says `nondeterministic`.
        None: one of this environment alone, made of the arguments below.
    learn
        False: it is frozen, as an evaluation wants it, and samples are not handed in.
    data
        A name in `genenv.data.DATA`, a path, a Dataset, an array of samples, or (samples, labels);
        None: those of the critic, else the ring.
    objective
        The critic's: a name in `genenv.objectives.OBJECTIVES`, or an Objective.
    penalty
        Weight of the gradient penalty of a named objective; None: that of its training preset.
    critic_steps
        Updates of the critic for each `batch` of samples; 0: it never learns.
    critic_width
        Units of each of its three hidden layers (two for images).
    critic_lr
        Learning rate of its Adam.
    critic_half_life
        Updates after which that has halved, again and again; None: it is constant.
    critic_seed
        Address of its initial weights and of what it draws.
    batch
        Real rows of an update, and as many recent samples.
    replay
        Recent samples that are kept.
    noise_dim
        Length of e; None: the length of a sample, within 2 to 32.
    conditional
        Whether samples are made on request of a class; None: where there are labels that count.
    renderer
        Actions (n, action_size) -> samples (n, *shape) in the data's units, differentiable or not:
        torch modules get a tensor without gradient, other callables an array. None: see Action.
    action_size
        Numbers of an action, with a renderer; None: as many as a sample has.
    max_episode_steps
        1 marks the end of the step as `truncated`, too; None: no limit.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws real, recent and latest samples.

    Raises
    ------
    Mistake
        If data or objective are unknown, labels are asked for and missing, a number is out of
        range, the critic is no Critic, of other data or of another process, or the renderer returns
        another shape than a sample's, or NaN.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012
    longest = 1

    def __init__(
        self,
        num_envs: int = 1,
        *,
        critic: Critic | None = None,
        learn: bool = True,
        data: Source | None = None,
        objective: str | Objective = "relativistic",
        penalty: float | None = None,
        critic_steps: int = 1,
        critic_width: int = 64,
        critic_lr: float = 1e-3,
        critic_half_life: int | None = None,
        critic_seed: int = 0,
        batch: int = 256,
        replay: int = 2048,
        noise_dim: int | None = None,
        conditional: bool | None = None,
        renderer: Renderer | None = None,
        action_size: int | None = None,
        max_episode_steps: int | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        if max_episode_steps is not None:
            checks.integer("max_episode_steps", max_episode_steps)
        if critic is None:
            self.critic = Critic(
                "ring" if data is None else data,
                conditional=conditional,
                objective=objective,
                penalty=penalty,
                steps=critic_steps,
                width=critic_width,
                lr=critic_lr,
                half_life=critic_half_life,
                seed=critic_seed,
                batch=batch,
                replay=replay,
                shared=False,
            )
        else:
            self.critic = check_critic(critic, data)
        self.learn = learn
        self.nondeterministic = critic is not None
        self._number = self.critic.players.join(num_envs, given=critic is not None)
        self.dataset, self._classes = self.critic.dataset, len(self.critic.classes)
        units = self.units = self.dataset.units
        size = max(2, min(units.size, 32)) if noise_dim is None else noise_dim
        self._noise_dim = checks.integer("noise_dim", size)
        self._low, self._high = units.limits()
        numbers = _action_size(action_size, renderer, units)
        self._render = None if renderer is None else Rendering(renderer, numbers, units)
        super().__init__(
            num_envs,
            Box(-LIMIT, LIMIT, (self._noise_dim + self._classes + COLUMNS,), np.float32),
            Box(-1.0, 1.0, (numbers,), np.float32),
            2 if max_episode_steps is None else max_episode_steps,  # `terminated` ends a bandit
            autoreset_mode,
            render_mode,
        )
        self._e = np.zeros((num_envs, self._noise_dim), np.float32)
        self._label = np.zeros(num_envs, np.int64)
        self._u = torch.zeros(num_envs, *units.shape)  # the latest samples, as the critic sees them
        self._score = np.zeros(num_envs)

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Draw noise and label; the critic starts afresh where all rows were seeded."""
        self.critic.players.seeded(self.critic, self._number[rows[self.episode[rows] == 0]])
        self._e[rows] = seeding.normals(self.keys(rows, "e"), self._noise_dim)
        share = seeding.uniforms(self.keys(rows, "label"), 1)[:, 0]
        self._label[rows] = (share * self._classes).astype(np.int64)
        self._score[rows] = 0.0

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Score the live rows' samples, then hand them to the critic."""
        reward, rows = np.zeros(self.num_envs), np.flatnonzero(live)
        if len(rows):
            u = self._unit(action[rows])
            label = torch.from_numpy(self._label[rows]) if self._classes else None
            score = self.critic.scores(u, label)
            self._u[rows], self._score[rows] = u, score.numpy()
            reward[rows] = self.critic.rewards(score)
            if self.learn:
                self.critic.players.hand_in(self.critic, self._number[rows], u, label)
        return reward, np.ones(self.num_envs, np.bool_)

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, noise_dim + classes + 2) and the info named above."""
        one_hot = np.arange(self._classes) == self._label[:, None]
        fresh = self.learn & (self.episode == 0) & (self.elapsed == 0)
        columns = self._e.clip(-LIMIT, LIMIT), one_hot, shown(self.critic, fresh)
        seen = np.concatenate(columns, 1, dtype=np.float32)
        return seen, {
            "score": self._score.copy(),
            "updates": np.full(self.num_envs, self.critic.updates),
            "gap": np.full(self.num_envs, self.critic.gap),
        }

    def samples(self, actions: NDArray[Any]) -> NDArray[Any]:
        """Turn actions (n, action_size) into samples (n, *shape) as the data are stored."""
        return self.units.store(self.units.decode(self._unit(actions)))

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw the latest sample among real and recent ones, or beside a real one."""
        real = self.critic.real[:SHOWN]
        recent = self.critic.recent[-SHOWN:]
        own = self._u[row]
        if self.units.shape == (2,):
            clouds = ((real, pictures.GREY), (recent, pictures.BLUE), (own[None], pictures.BAD))
            plane = [(self._share(u), colour) for u, colour in clouds]
            panels = [
                pictures.scatter(plane[:2], -1.1, 1.1),
                pictures.scatter([plane[0], plane[2]], -1.1, 1.1, radius=3),
            ]
            legend = "grey: real; blue: recent; red: this one"
        else:
            pair = torch.stack([own, real[int(self.episode[row]) % len(real)]])
            panels = [pictures.sample(share) for share in self._share(pair)]
            legend = "this sample, and a real one"
        words = f"score {self._score[row]:+.2f}, gap {self.critic.gap:+.2f}"
        return pictures.page(panels, (legend, f"{words}, {self.critic.updates} updates"))

    def _unit(self, action: NDArray[Any]) -> Tensor:
        """Make what the critic sees of actions (n, action_size): (n, *shape)."""
        action = np.asarray(action, np.float32).clip(-1.0, 1.0)
        if self._render is not None:
            return self.units.encode(self._render(action))
        share = torch.from_numpy(action).view(-1, *self.units.shape)
        u = (self._low + self._high) / 2 + share * (self._high - self._low) / 2
        return self.units.encode(self.units.decode(u)) if self.units.integer else u

    def _share(self, u: Tensor) -> NDArray[np.float32]:
        """Tell where samples lie between the ends of the data: the action that would make each."""
        half = (self._high - self._low).clamp_min(1e-6) / 2
        return ((u - (self._low + self._high) / 2) / half).numpy()


single = EntryPoint(Forger)


def _action_size(asked: int | None, renderer: Renderer | None, units: Codec) -> int:
    if asked is None:
        return units.size
    if renderer is None:
        raise checks.Mistake("action_size with a renderer only", asked, "leave it out")
    return checks.integer("action_size", asked)
