"""The two-player game: generator against discriminator, zero-sum.

`parallel_env()` is the game for two as a PettingZoo ParallelEnv; `as_single(agent, opponent)` is
one side of it as a Gymnasium environment, which Stable-Baselines3 can train, and `Side` the same
for a batch of rows.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from genenv import checks
from genenv.data import Source
from genenv.envs.batched import BatchedEnv, Flags
from genenv.envs.learner import Learns
from genenv.envs.opponents import Judges, Opponent, Plays, Trained, wrap
from genenv.envs.pool import Pool
from genenv.envs.rounds import AGENTS, DISCRIMINATOR, GENERATOR, HORIZON, make_rounds
from genenv.envs.single import Single
from genenv.noise import Noise

if TYPE_CHECKING:
    from genenv.envs.parallel import Duel

__all__ = [
    "AGENTS",
    "DISCRIMINATOR",
    "GENERATOR",
    "Judges",
    "Learns",
    "Opponent",
    "Plays",
    "Pool",
    "Side",
    "Trained",
    "as_single",
    "env",
    "parallel_env",
]


class Side(BatchedEnv):
    """One side of the duel; an opponent plays the other.

    ## Description
    At step t the discriminator sees x_t, by a fair coin a real row or the sample that the generator
    made at step t - 1, and gives a verdict; both are paid for it at once. The generator sees base
    noise (and a label, where the data have them) and makes the sample of step t + 1. x_1 is real,
    and its verdict pays nothing. Where all data are whole numbers, the generator's samples are
    rounded to such. Coins, rows and noise are drawn by address: the same seed gives the same ones
    to `parallel_env` and to `as_single`.

    ## Action
    The generator's: `Box(-1, 1, (size,), float32)`, the sample of the next step. The
    discriminator's: `Box(-1, 1, (1,), float32)`, the verdict, from generated (-1) to real (1).

    ## Observation
    The generator's, `Box(-6, 6, (base_dim + classes,), float32)`, clipped:

    | columns | what | unit |
    |---|---|---|
    | base_dim | e ~ N(0, I) | standard deviations |
    | classes | label of the next sample, one-hot; none for unconditional data | |

    The discriminator's, `Box(-1, 1, (size + classes,), float32)`:

    | columns | what | limits |
    |---|---|---|
    | size | x_t; the data's columns reach to ±0.8, images span [-1, 1] | -1, 1 |
    | classes | its label, one-hot; none for unconditional data | 0, 1 |

    ## Reward
    For a verdict v the discriminator gets v if x_t is real, else -v; the generator the opposite.
    Against a generator that draws from the law q where the data have p, the best verdict is the
    sign of p - q, and its mean pay is their total variation distance: 1 where nothing is shared, 0
    where both are the same.

    ## Start and end
    `truncated`: after `horizon` steps; never `terminated`. `reset()` without a seed goes on with
    the next episode.

    ## Info
    `judged`: what the verdict of this step was about, 1 real, 0 generated, -1 what pays nothing.

    ## Arguments
    The side to be played, and who plays the other, must be told.

    ## Version history
    v0: first release.

    Parameters
    ----------
    num_envs
        Rows of the batch.
    agent
        The side to be played, "generator" or "discriminator".
    opponent
        Of the other side; see `opponents.wrap`. One that learns is shared by the rows.
    data
        What is real: what `genenv.data.find` takes.
    noise
        Its base vectors are the generator's observation. None: the opponent's, if that is a trained
        generator, else `Gaussian(2)`.
    horizon
        Steps of an episode, one more than are paid.
    autoreset_mode, render_mode
        See `BatchedEnv`; "rgb_array" draws what the generator made and what is on show.

    Raises
    ------
    Mistake
        If a name or the data are unknown, the horizon is below 2, or the opponent's spaces, shapes
        or classes are not the duel's.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        *,
        agent: str,
        opponent: Any,
        data: Source = "ring",
        noise: Noise | None = None,
        horizon: int = HORIZON,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        render_mode: str | None = None,
    ) -> None:
        self.agent = checks.choice("agent", agent, AGENTS)
        self.other = AGENTS[1 - AGENTS.index(agent)]
        self.opponent = wrap(opponent, self.other)
        if noise is None and isinstance(self.opponent, Trained):
            noise = self.opponent.generator.noise
        self.rounds = make_rounds(num_envs, data, noise, horizon)
        self.opponent.meet(self.rounds, self.other)
        super().__init__(
            num_envs,
            self.rounds.spaces[agent],
            self.rounds.actions[agent],
            horizon,
            autoreset_mode,
            render_mode,
        )

    def begin(self, rows: NDArray[np.int64]) -> None:
        """Show a first real sample; a seed makes the opponent forget."""
        seeded = rows[self.episode[rows] == 0]
        if len(seeded):
            self.opponent.restart(int(self.row_seed[seeded[0]]))
        self.opponent.begin(rows, self.keys(rows, "opponent"))
        self.rounds.begin(rows, partial(self.keys, rows))

    def advance(self, action: NDArray[np.float32], live: Flags) -> tuple[NDArray[Any], Flags]:
        """Let both act, pay both, and let the opponent learn."""
        seen, rows = self.rounds.seen(self.other), np.flatnonzero(live)
        acts = {self.agent: action, self.other: self.opponent.act(seen)}
        sample, verdict = (acts[side][rows] for side in AGENTS)
        if len(rows):
            self.opponent.answered(self.rounds.seen(DISCRIMINATOR)[rows], verdict)
        reward = np.zeros(self.num_envs)
        payoff = self.rounds.play(rows, sample, verdict, partial(self.keys, rows))
        reward[rows] = payoff if self.agent == DISCRIMINATOR else 0.0 - payoff
        if len(rows):
            self.opponent.learn(seen[rows], self.rounds.judged[rows])
        return reward, np.zeros(self.num_envs, np.bool_)

    def observe(self) -> tuple[NDArray[np.float32], dict[str, NDArray[Any]]]:
        """Observations (num_envs, columns) and the info named above."""
        return self.rounds.seen(self.agent), {"judged": self.rounds.judged.copy()}

    def picture(self, row: int) -> NDArray[np.uint8]:
        """Draw what is on show."""
        return self.rounds.picture(row, int(self.elapsed[row]))


def as_single(agent: str, opponent: Any, **arguments: Any) -> Single:
    """Make one side of the duel for one agent; takes `Side`'s arguments except the first."""
    disabled = AutoresetMode.DISABLED
    return Single(Side(1, agent=agent, opponent=opponent, autoreset_mode=disabled, **arguments))


def env(**arguments: Any) -> Any:
    """Make the game for two in turns, as PettingZoo's AEC environments; see `parallel_env`."""
    from pettingzoo.utils.conversions import parallel_to_aec

    return parallel_to_aec(parallel_env(**arguments))


def parallel_env(**arguments: Any) -> Duel:
    """Make the game for two, in PettingZoo's manner; see `parallel.Duel` for the arguments.

    Raises
    ------
    Mistake
        PettingZoo is not installed.
    """
    try:
        from genenv.envs.parallel import Duel
    except ImportError as error:
        raise checks.Mistake(
            "pettingzoo, which defines games for several", "none installed",
            "pip install 'genenv[game]'",
        ) from error  # fmt: skip
    return Duel(**arguments)
