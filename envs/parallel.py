"""The duel for two agents at once, as PettingZoo has it; needs the extra `game`."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium.spaces import Box
from gymnasium.utils import seeding as gymnasium_seeding
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from genenv import checks, seeding
from genenv.data import Source
from genenv.envs.rounds import AGENTS, DISCRIMINATOR, GENERATOR, HORIZON, make_rounds
from genenv.envs.window import Window
from genenv.noise import Noise

Array = NDArray[np.float32]
ROW = np.zeros(1, np.int64)  # the only one


class Duel(ParallelEnv):  # type: ignore[misc] # PettingZoo has no types
    """Generator against discriminator, both acting at each step; see `duel.Side` for the rules.

    A seed gives the samples, noise and coins of `as_single` reset with it. Without one, `reset()`
    goes on with the next episode.

    Parameters
    ----------
    data
        What is real: what `genenv.data.find` takes.
    noise
        Its base vectors are the generator's observation; None: `Gaussian(2)`.
    horizon
        Steps of an episode, one more than are paid.
    render_mode
        "rgb_array"; "human", a window that follows (the extra `window`); or None: no pictures.

    Raises
    ------
    Mistake
        If the data or the mode are unknown, or the horizon is below 2; at a step, if an action is
        missing, of another shape or not finite.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (PettingZoo's own annotation)
        "name": "genenv_duel_v0",
        "render_modes": ["human", "rgb_array"],
        "render_fps": 4,
        "is_parallelizable": True,
    }

    def __init__(
        self,
        data: Source = "ring",
        noise: Noise | None = None,
        horizon: int = HORIZON,
        render_mode: str | None = None,
    ) -> None:
        if render_mode is not None:
            checks.choice("render_mode", render_mode, self.metadata["render_modes"])
        self.rounds = make_rounds(1, data, noise, horizon)
        self.horizon, self.render_mode = horizon, render_mode
        self.possible_agents: list[str] = list(AGENTS)
        self.agents: list[str] = []
        self.observation_spaces, self.action_spaces = self.rounds.spaces, self.rounds.actions
        sides = [self.observation_spaces[side] for side in AGENTS]
        low = np.concatenate([*(side.low for side in sides), [0.0]], dtype=np.float32)
        high = np.concatenate([*(side.high for side in sides), [1.0]], dtype=np.float32)
        self.state_space = Box(low, high, dtype=np.float32)
        fps = self.metadata["render_fps"]
        self._window = Window("genenv duel", fps) if render_mode == "human" else None
        self._seed: int | None = None
        self._episode = self._elapsed = 0

    def observation_space(self, agent: str) -> Box:
        """Space of what one side sees."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Box:
        """Space of what one side does."""
        return self.action_spaces[agent]

    def reset(
        self,
        seed: int | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002 there are none
    ) -> tuple[dict[str, Array], dict[str, dict[str, Any]]]:
        """Begin an episode; None as seed goes on with the next one."""
        if seed is None and self._seed is not None:
            self._episode += 1
        else:
            chance = gymnasium_seeding.np_random()[0].integers(2**62) if seed is None else seed
            self._seed = int(chance)
            self._episode = 0
        self._elapsed = 0
        self.agents = list(AGENTS)
        self.rounds.begin(ROW, self._keys)
        self._show()
        return self._seen(), self._infos()

    def state(self) -> Array:
        """Tell what both sides see, generator first, and whether what is on show is real: (n,)."""
        real = np.float32(self.rounds.is_real[0])
        return np.concatenate([*self._seen().values(), [real]], dtype=np.float32)

    def step(
        self, actions: dict[str, Array]
    ) -> tuple[
        dict[str, Array],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Take one step of both."""
        if not self.agents:
            raise checks.Mistake("a running episode", "none", "call reset")
        sample, verdict = (self._checked(actions, side) for side in AGENTS)
        self._elapsed += 1
        paid = float(self.rounds.play(ROW, sample, verdict, self._keys)[0])
        over = self._elapsed >= self.horizon
        self.agents = [] if over else self.agents
        self._show()
        return (
            self._seen(),
            {GENERATOR: 0.0 - paid, DISCRIMINATOR: paid},
            dict.fromkeys(AGENTS, False),
            dict.fromkeys(AGENTS, over),
            self._infos(),
        )

    def render(self) -> NDArray[np.uint8] | None:
        """Draw what is on show, (height, width, 3); None where nobody asked, or in the window."""
        self._show()
        return self.rounds.picture(0, self._elapsed) if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()

    def _show(self) -> None:
        if self._window is not None:
            self._window.show(self.rounds.picture(0, self._elapsed))

    def _keys(self, what: str) -> NDArray[np.uint64]:
        assert self._seed is not None
        address = self._seed % 2**64, self._episode, self._elapsed
        return seeding.fold_rows(np.array([address[0]], np.uint64), *address[1:], what)

    def _checked(self, actions: dict[str, Array], side: str) -> Array:
        if side not in actions:
            raise checks.Mistake(f"an action of the {side}", "none", "give one for each agent")
        action = np.asarray(actions[side], np.float32)
        checks.shape(f"the {side}'s action", action, self.action_spaces[side].shape)
        checks.finite(f"the {side}'s action", action)
        return action[None]

    def _seen(self) -> dict[str, Array]:
        return {side: self.rounds.seen(side)[0] for side in AGENTS}

    def _infos(self) -> dict[str, dict[str, Any]]:
        judged = int(self.rounds.judged[0])
        return {side: {"judged": judged} for side in AGENTS}
