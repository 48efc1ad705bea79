"""Whether an error says that memory ran out, whoever asked for it."""

from __future__ import annotations

# what torch says where it raises no error of its own for it: CPU, cuBLAS, cuDNN, the CUDA runtime
WORDS = ("not enough memory", "can't allocate memory", "ALLOC_FAILED", "out of memory")


def exhausted(error: BaseException) -> bool:
    """Tell an allocation that failed, in Python, NumPy or torch, from any other error."""
    if isinstance(error, RuntimeError):
        return any(words in str(error) for words in WORDS)
    return isinstance(error, MemoryError)
