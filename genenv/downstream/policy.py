"""Reinforcement-learning policies of Stable-Baselines3."""

from __future__ import annotations

import sys
from typing import Any

import gymnasium
import torch
from torch import Tensor

from genenv import checks
from genenv.downstream import vec_normalize
from genenv.downstream.base import Downstream
from genenv.downstream.torch_module import constant
from genenv.downstream.vec_normalize import VecNormalize


class Policy(Downstream):
    """A Stable-Baselines3 policy (or the algorithm that holds it) whose actions are the classes.

    Action j belongs to the j-th class. Actor-critic policies answer with the probabilities of their
    actions, read as the logits behind them; DQN's with Q-values, taken as logits. Observations are
    the raw samples, images moved to channels first if the policy's space is.
    An algorithm that was trained behind VecNormalize normalises its observations here too, unless
    `preprocess` is a VecNormalize, as from its file.
    The module is put into eval mode and stays there; nothing else of it changes.
    """

    kind_name = "policy"
    differentiable = True

    def __init__(self, model: Any, *args: Any, **kw: Any) -> None:
        super().__init__(model, *args, **kw)
        if self.output == "probabilities":
            raise checks.Mistake("output auto or logits for a policy", self.output, "leave it out")
        self.output = "logits"
        self.policy = getattr(model, "policy", model)
        actions, seen = self.policy.action_space, self.policy.observation_space
        if not isinstance(actions, gymnasium.spaces.Discrete):
            raise checks.Mistake("a policy with discrete actions", actions, "wrap it in a function")
        if not (hasattr(self.policy, "get_distribution") or hasattr(self.policy, "q_net")):
            raise checks.Mistake(
                "a policy with get_distribution or q_net",
                type(self.policy).__name__,
                "wrap it in a function",
            )
        if isinstance(seen, gymnasium.spaces.Dict):
            raise checks.Mistake(
                "a policy whose observations are one array",
                f"a dict of {', '.join(seen)}",
                "wrap it in a function that fills in the others",
            )
        if hasattr(self.policy, "lstm_actor"):
            raise checks.Mistake(
                "a policy that answers one observation at a time",
                f"{type(self.policy).__name__}, which remembers earlier ones",
                "wrap it in a function that begins afresh with each row",
            )
        given = isinstance(self.preprocess, VecNormalize)
        self._normalise = None if given else _normalised(model)
        if given or self._normalise is not None:
            self.notes = ("Observations are normalised as in the policy's training.",)
        shape = tuple(self.tensor(torch.zeros(1, *self.units.shape), self.policy).shape[1:])
        self._first = len(shape) == 3 and seen.shape == (shape[2], *shape[:2]) != shape
        if seen.shape != shape and not self._first:
            raise checks.Mistake(
                f"a policy for observations of shape {shape}",
                seen.shape,
                "choose input raw or flat",
            )

    @classmethod
    def fits(cls, model: Any) -> bool:
        """Take policies and algorithms; without SB3 imported, there are none."""
        policies = sys.modules.get("stable_baselines3.common.policies")
        algorithms = sys.modules.get("stable_baselines3.common.base_class")
        return (policies is not None and isinstance(model, policies.BasePolicy)) or (
            algorithms is not None and isinstance(model, algorithms.BaseAlgorithm)
        )

    def __call__(self, x: Tensor) -> Tensor:
        """Answer with action logits."""
        with constant(self.policy, x):
            seen = self.tensor(x, self.policy)
            seen = seen.permute(0, 3, 1, 2).contiguous() if self._first else seen
            seen = seen if self._normalise is None else self._normalise(seen)
            if hasattr(self.policy, "get_distribution"):
                return self.policy.get_distribution(seen).distribution.logits  # type: ignore[no-any-return]
            return self.policy.q_net(seen)  # type: ignore[no-any-return]


def _normalised(model: Any) -> VecNormalize | None:
    """Return how an algorithm's VecNormalize changes observations; None: it has none."""
    wrapper = getattr(model, "get_vec_normalize_env", lambda: None)()
    return None if wrapper is None else vec_normalize.of(wrapper)
