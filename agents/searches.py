"""Searches by name, class or function, and the name that each goes by in figures."""

from __future__ import annotations

import functools
import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from genenv import checks, naming
from genenv.agents.cma_es import CmaEs
from genenv.agents.evolution import Evolution
from genenv.agents.gradient import Gradient
from genenv.agents.illumination import CmaMae, CmaMe
from genenv.agents.metropolis import Metropolis
from genenv.agents.policy import Played, Player, Policy, SoftPolicy
from genenv.agents.random import Random
from genenv.agents.sobol import Sobol
from genenv.agents.stored import Stored
from genenv.agents.surrogate import Surrogate
from genenv.search import Search, Space

SEARCHES: dict[str, type[Search]] = {
    "random": Random,
    "sobol": Sobol,
    "metropolis": Metropolis,
    "evolution": Evolution,
    "cma-es": CmaEs,
    "cma-me": CmaMe,
    "cma-mae": CmaMae,
    "surrogate": Surrogate,
    "gradient": Gradient,
    "policy": Policy,
    "sac": SoftPolicy,
    "stored": Stored,
}

LATER: dict[type[Search], str] = {
    Policy: "player", SoftPolicy: "player", Stored: "failures",
}  # fmt: skip
"""What a kind of search is handed when it is there."""


@dataclass(frozen=True)
class Entrant:
    """A search that takes part in a run."""

    name: str
    """In figures, tags and files."""
    make: Callable[..., Any]
    """(space, seed) -> Search; `player` or `failures` besides where it needs them."""

    @property
    def kind(self) -> type[Search] | None:
        """The class it is made of; None: a function of the user's, which alone knows."""
        return _kind(self.make)

    @property
    def wants_gradient(self) -> bool:
        """See `Search`; of a function's search it is not known before it is made."""
        return self.kind is not None and self.kind.wants_gradient

    @property
    def samples_law(self) -> bool:
        """See `Search`; of a function's search it is not known before it is made."""
        return self.kind is not None and self.kind.samples_law

    @property
    def needs_player(self) -> bool:
        """Whether a player must be trained for it first."""
        return self.plays is not None and not _has(self.make, "player")

    @property
    def plays(self) -> type[Played] | None:
        """The class of a search that plays by a player; None: it plays by itself."""
        return self.kind if self.kind is not None and issubclass(self.kind, Played) else None

    @property
    def needs_failures(self) -> bool:
        """Whether it starts from the failures of another run."""
        return self.kind is Stored and not _has(self.make, "failures")

    def given(self, player: Player) -> Entrant:
        """Return it with its player."""
        return replace(self, make=functools.partial(self.make, player=player))

    def started(self, failures: tuple[Tensor, Tensor]) -> Entrant:
        """Return it with what it starts from: base vectors and labels."""
        return replace(self, make=functools.partial(self.make, failures=failures))

    def __call__(self, space: Space, seed: int) -> Search:
        """Make it.

        Raises
        ------
        Mistake
            A function that returned something else.
        """
        made = self.make(space, seed)
        if not isinstance(made, Search):
            raise checks.Mistake(
                f"{self.name} to make a genenv.search.Search", type(made).__name__,
                "return one, for a space and a seed",
            )  # fmt: skip
        return made


def entrants(searches: Sequence[Any]) -> tuple[Entrant, ...]:
    """Find out what each search is and name it.

    Parameters
    ----------
    searches
        Names in SEARCHES, `module:name`, subclasses of Search, or callables (space, seed) ->
        Search such as `functools.partial(MySearch, sigma=0.5)`.

    Returns
    -------
    Each under its name in SEARCHES or that of its class or function; where several share a name,
    the second is NAME-2.

    Raises
    ------
    Mistake
        An unknown name, what cannot be called, or settings that it does not take.
    """
    met: Counter[str] = Counter()
    found = []
    for given in searches:
        make = naming.find("search", given, SEARCHES)
        _check(make, given)
        name = _name(make)
        met[name] += 1
        found.append(Entrant(name if met[name] == 1 else f"{name}-{met[name]}", make))
    return tuple(found)


def _check(make: Any, given: Any) -> None:
    """Raise a Mistake unless it can be called as Kind(space, seed)."""
    wanted = "a search: a name, a class or a callable (space, seed) -> Search"
    own = _kind(make)
    if not callable(make) or (inspect.isclass(make) and own is None):
        raise checks.Mistake(wanted, naming.spelled(given), "derive it from genenv.search.Search")
    if inspect.isabstract(own):
        missing = ", ".join(sorted(own.__abstractmethods__))  # type: ignore[union-attr]
        raise checks.Mistake(wanted, f"{naming.spelled(given)} without {missing}", "write them")
    bound = make if isinstance(make, functools.partial) else functools.partial(make)
    later = [name for kind, name in LATER.items() if own is kind and not _has(make, name)]
    try:
        takes = inspect.signature(bound.func)
    except ValueError:  # of some callables written in C: nothing is known
        return
    try:
        takes.bind(*bound.args, None, 0, **bound.keywords, **dict.fromkeys(later))
    except TypeError as error:
        do = "bind settings that it takes, by functools.partial"
        raise checks.Mistake(wanted, f"{naming.spelled(given)}: {error}", do) from error


def _kind(make: Any) -> type[Search] | None:
    inner = make.func if isinstance(make, functools.partial) else make
    return inner if inspect.isclass(inner) and issubclass(inner, Search) else None


def _has(make: Any, setting: str) -> bool:
    return isinstance(make, functools.partial) and setting in make.keywords


def _name(make: Any) -> str:
    """Name by the row in SEARCHES, else by the class or function."""
    inner = make.func if isinstance(make, functools.partial) else make
    known: dict[Any, str] = {kind: name for name, kind in SEARCHES.items()}
    own: str = getattr(inner, "__name__", type(inner).__name__)
    return known.get(inner, own.strip("<>"))
