"""Two processes that stay: torchrun starts them once, and they run one command after the other.

The first command joins the two, and they stay joined: gloo is not sure to join them again. Each
takes `COMMAND.json` from a folder by its number, and leaves `COMMAND-RANK.json` there: the exit
code, and what was printed. An empty command ends them.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


class Pair:
    """What a test asks of the two."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = 0
        self.process = subprocess.Popen([*TORCHRUN, __file__, str(folder)])

    def run(self, *words: str) -> tuple[int, str, str]:
        """Run a command of genenv in both: the leading one's exit code, stdout and stderr."""
        self._put([*words])
        leading, other = (self._taken(rank) for rank in (0, 1))
        assert leading[0] == other[0]
        return leading

    def close(self) -> None:
        """End both."""
        self._put([])
        assert self.process.wait(60) == 0

    def _put(self, words: list[str]) -> None:
        self.asked += 1
        _write(self.folder / f"{self.asked}.json", words)

    def _taken(self, rank: int) -> tuple[int, str, str]:
        path = self.folder / f"{self.asked}-{rank}.json"
        while not path.exists():
            assert self.process.poll() is None, "a process of the pair died"
            time.sleep(0.02)
        code, out, err = json.loads(path.read_text())
        return code, out, err


def _write(path: Path, content: object) -> None:
    path.with_suffix(".part").write_text(json.dumps(content))
    path.with_suffix(".part").rename(path)


def _serve(folder: Path, rank: int) -> None:
    from genenv import cli

    for number in range(1, sys.maxsize):
        path = folder / f"{number}.json"
        while not path.exists():
            time.sleep(0.02)
        words = json.loads(path.read_text())
        if not words:
            return
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                cli.main(words)
            except SystemExit as left:
                code = int(left.code or 0)
        _write(folder / f"{number}-{rank}.json", [code, out.getvalue(), err.getvalue()])


if __name__ == "__main__":
    import torch.distributed as dist

    part = dist.destroy_process_group
    dist.destroy_process_group = lambda: None
    _serve(Path(sys.argv[1]), int(os.environ["RANK"]))
    part()
