"""What looks on while a training runs, from the trainer's side: called, never asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from genenv.training.config import TrainingConfig
from genenv.training.game import Game


class Monitor(ABC):
    """Looks on at one training and decides nothing: a training is the same with it or without.

    Of several processes the leading one alone has it. What it draws it draws by addresses of its
    own.
    """

    @abstractmethod
    def begin(self, game: Game, config: TrainingConfig) -> None:
        """Look at the networks and the data before the first step; called once."""

    @abstractmethod
    def resume(self, step: int, state: Mapping[str, Any] | None) -> None:
        """Go on after this finished step; what an interrupted process said of later ones is void.

        Parameters
        ----------
        step
            Of the checkpoint; 0: there is none.
        state
            What `state` returned there; None: nothing was kept.
        """

    @abstractmethod
    def restart(self, step: int) -> None:
        """Take note that the loop goes on from this step now: clocks count from here."""

    @abstractmethod
    def write(self, step: int, terms: Mapping[str, Tensor], game: Game, lr: float) -> None:
        """Look at a training that has finished `step` steps, every `log_every` of them.

        Parameters
        ----------
        step, terms, lr
            Finished steps; means of the terms, and the learning rate, of the last one.
        game
            With the rows and the gradients of its last step.
        """

    @abstractmethod
    def draw(self, step: int, game: Game) -> None:
        """Look at what the generators make, every `picture_every` steps."""

    @abstractmethod
    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """Take the metrics of the averaged generator."""

    @abstractmethod
    def notes(self) -> list[str]:
        """Return what there is to say of the training, in sentences."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return what `resume` needs, as JSON can hold it."""
