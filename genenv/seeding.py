"""Randomness by address: every draw is a function of a seed and a path, never of a shared stream.

Row keys come from a SplitMix64 chain (Steele et al. 2014), numbers from Philox 4x32-10
(Salmon et al. 2011, https://doi.org/10.1145/2063384.2063405), both vectorised over rows, so that
row i is bit-equal in any batch.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from genenv import checks

if TYPE_CHECKING:
    import torch

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_START = np.uint64(0x6A09E667F3BCC909)  # the first 64 bits of the fraction of √2
_LOW_64 = 0xFFFFFFFFFFFFFFFF
_LOW_32 = np.uint64(0xFFFFFFFF)
_SHIFT_32 = np.uint64(32)
_MULTIPLIERS = np.array([0xD2511F53, 0xCD9E8D57], np.uint64)[:, None, None]
_WEYL = np.array([0x9E3779B9, 0xBB67AE85], np.uint64)[:, None, None]


def _mix(h: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Finaliser of SplitMix64, a bijection of 64-bit words."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


def _mix_one(h: int) -> int:
    """Compute `_mix` of one word, of which the low 64 bits count."""
    h &= _LOW_64
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9 & _LOW_64
    h = (h ^ (h >> 27)) * 0x94D049BB133111EB & _LOW_64
    return h ^ (h >> 31)


def _word(part: ArrayLike | str) -> NDArray[np.uint64]:
    if isinstance(part, str):
        digest = hashlib.blake2b(part.encode(), digest_size=8).digest()
        return np.frombuffer(digest, np.uint64)
    if isinstance(part, int):  # of any size: NumPy alone would refuse more than 64 bits
        return np.array([part & 0xFFFFFFFFFFFFFFFF], np.uint64)
    words = np.atleast_1d(np.asarray(part))
    if words.dtype.kind not in "iub":  # 1.5 would pass for 1
        raise checks.Mistake("seeds that are whole numbers", repr(part), "give some")
    return words.astype(np.uint64)


def fold_rows(seed: ArrayLike, *path: ArrayLike | str) -> NDArray[np.uint64]:
    """Fold a path into one key a row; seeds and path parts broadcast against each other.

    Parameters
    ----------
    seed
        Integer or integers of shape (rows,).
    *path
        Strings, integers, or integer arrays of shape (rows,).

    Returns
    -------
    Keys of 63 bits, shape (rows,).
    """
    h = np.array([_START])
    for part in (seed, *path):  # from a constant, or (a, b) and (b, a) would share a key
        h = _mix(h ^ _mix(_word(part) + _GOLDEN))
    return h >> np.uint64(1)


def fold(seed: int, *path: int | str) -> int:
    """Fold a path of integers and strings into a seed of 63 bits: one row of `fold_rows`.

    In Python's integers, for a single key costs NumPy ten times as much.
    """
    h = int(_START)
    for part in (seed, *path):
        word = int(_word(part)[0]) if isinstance(part, str | float) else int(part)
        h = _mix_one(h ^ _mix_one(word + int(_GOLDEN)))
    return h >> 1


def _philox(keys: NDArray[np.uint64], blocks: int) -> NDArray[np.uint64]:
    """Philox 4x32-10 at counters 0 to blocks - 1 under each key: (rows, blocks, 4) 32-bit words."""
    key = np.stack([keys & _LOW_32, keys >> _SHIFT_32])[:, :, None]
    even = np.zeros((2, len(keys), blocks), np.uint64)  # words 0 and 2 of each counter
    even[0] = np.arange(blocks)
    odd = np.zeros_like(even)  # words 1 and 3
    for _ in range(10):
        product = (even * _MULTIPLIERS)[::-1]
        even = (product >> _SHIFT_32) ^ odd ^ key
        odd = product & _LOW_32
        key = (key + _WEYL) & _LOW_32
    return np.stack([even[0], odd[0], even[1], odd[1]], axis=-1)


def uniforms(keys: NDArray[np.uint64], count: int) -> NDArray[np.float64]:
    """Uniform numbers in the open interval (0, 1): (rows,) keys -> (rows, count)."""
    blocks = (count + 1) // 2
    words = _philox(keys, blocks).reshape(len(keys), 2 * blocks, 2)
    bits = (words[..., 0] << np.uint64(20)) | (words[..., 1] >> np.uint64(12))  # 52 bits
    return ((bits.astype(np.float64) + 0.5) / 2.0**52)[:, :count]


def normals(keys: NDArray[np.uint64], count: int) -> NDArray[np.float32]:
    """Standard-normal numbers by inverse CDF: (rows,) keys -> (rows, count)."""
    return as_normals(uniforms(keys, count))


def as_normals(uniform: NDArray[np.float64]) -> NDArray[np.float32]:
    """Turn uniform numbers in (0, 1) into standard-normal ones, by inverse CDF."""
    return ndtri(uniform).astype(np.float32)  # type: ignore[no-any-return]


def numpy_generator(seed: int, *path: int | str) -> np.random.Generator:
    """Make a NumPy generator for the address (seed, path)."""
    return np.random.default_rng(fold(seed, *path))


def torch_generator(seed: int, *path: int | str, device: str = "cpu") -> torch.Generator:
    """Make a torch generator on a device for the address (seed, path)."""
    import torch

    return torch.Generator(device).manual_seed(fold(seed, *path))


@contextmanager
def global_state() -> Iterator[None]:
    """Leave Python's, NumPy's and torch's global random state as it was."""
    import torch

    state = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        try:
            yield
        finally:
            random.setstate(state[0])
            np.random.set_state(state[1])


@contextmanager
def global_seed(seed: int) -> Iterator[None]:
    """Seed Python's, NumPy's and torch's global state, and restore all three afterwards.

    For code that draws from the global state: Stable-Baselines3, default initialisation of
    torch modules, scikit-learn without `random_state`.
    """
    import torch

    with global_state():
        random.seed(seed)
        np.random.seed(seed % 2**32)
        if torch.accelerator.is_available():
            torch.manual_seed(seed)
        else:  # for cards that may come later it notes a stack each, which takes longer than all
            torch.default_generator.manual_seed(seed)
        yield
