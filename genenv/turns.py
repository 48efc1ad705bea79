"""Games that take turns, so that one goes on while another waits for answers from far away."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from typing import TypeVar

T = TypeVar("T")

Game = Generator[None, None, T]
"""Yields where it waits, and returns its result."""


def play(games: Sequence[Game[T]], at_once: int = 1) -> list[T]:
    """Play games to the end, in an order that no answer's delay decides; results in theirs.

    Where one raises, all are closed, so that each can keep what it has.

    Parameters
    ----------
    games
        Not yet begun.
    at_once
        How many are in play; 1: one after the other.
    """
    results: dict[int, T] = {}
    todo, playing = deque(enumerate(games)), deque[tuple[int, Game[T]]]()
    with ExitStack() as opened:
        for game in games:
            opened.callback(game.close)
        while todo or playing:
            while todo and len(playing) < at_once:
                playing.append(todo.popleft())
            number, game = playing.popleft()
            try:
                next(game)
            except StopIteration as end:
                results[number] = end.value
            else:
                playing.append((number, game))
    return [results[number] for number in range(len(games))]
