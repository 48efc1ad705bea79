"""Games take turns, and one that ends all lets the others keep what they have."""

from __future__ import annotations

import pytest

from genenv import turns


def game(name, rounds, said, kept):
    """Say its name a round, and note at its end, however it comes, how far it was."""
    try:
        for _ in range(rounds):
            said.append(name)
            yield
    finally:
        kept[name] = said.count(name)
    return name * rounds


def test_games_take_turns_and_each_has_its_result():
    said, kept = [], {}
    games = [game("a", 3, said, kept), game("b", 1, said, kept), game("c", 2, said, kept)]
    assert turns.play(games, 3) == ["aaa", "b", "cc"]
    assert "".join(said) == "abcaca"


@pytest.mark.parametrize(("at_once", "order"), [(1, "aaabcc"), (2, "abaacc")])
def test_so_many_games_are_in_play_at_once(at_once, order):
    said, kept = [], {}
    turns.play([game(name, n, said, kept) for name, n in (("a", 3), ("b", 1), ("c", 2))], at_once)
    assert "".join(said) == order


def test_where_one_raises_the_others_keep_what_they_have():
    said, kept = [], {}

    def broken():
        yield
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        turns.play([game("a", 9, said, kept), broken(), game("c", 9, said, kept)], 3)
    assert kept == {"a": 2, "c": 1}
