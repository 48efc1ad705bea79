"""What a question of the study is: parts that are made once, and an answer in react.json."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from genenv.parts import Part

if TYPE_CHECKING:
    from genenv.reacting.study import Reacting


class Question(ABC):
    """One question of a study, whose generator, judge and learners it uses."""

    needs_generator: ClassVar[bool] = True
    needs_judge: ClassVar[bool] = True

    def __init__(self, study: Reacting) -> None:
        self.study = study

    @abstractmethod
    def parts(self) -> Sequence[Part[Any]]:
        """Return its parts, in the order of making."""

    @abstractmethod
    def answer(self) -> dict[str, Any]:
        """Make what is not there, and return its keys of react.json."""
