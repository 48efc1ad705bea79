"""The command `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EXTRAS = {  # what a user gains, and the module that it needs
    "onnx": ("models as .onnx files", "onnxruntime"),
    "table": ("tables: .csv, .parquet, frames", "pandas"),
    "game": ("the duel as a PettingZoo environment", "pettingzoo"),
    "corruptions": ("corruptions of images by kornia", "kornia"),
    "smote": ("SMOTE beside generated rows, --peer", "imblearn"),
    "ray": ("asking the model on a cluster, --ray", "ray"),
    "qd": ("the searches cma-me and cma-mae", "ribs"),
    "window": ("environments in a window", "pygame"),
    "browser": ("pages checked in a browser", "playwright"),
}


@dataclass(frozen=True)
class Doctor:
    """Say what is installed, what this machine is, and what is missing for what."""

    def __call__(self, _line: str) -> int:
        """Print versions, device, threads, extras, and room on the disk."""
        import os
        import platform
        import shutil
        from importlib.util import find_spec

        import torch

        from genenv import cache, runs

        versions = ", ".join(f"{name} {number}" for name, number in runs.versions().items())
        print(f"versions: {versions}")
        print(f"machine:  {platform.platform()}, {os.cpu_count()} CPUs")
        cuda = torch.cuda.get_device_name(0) if torch.cuda.is_available() else "none, so the CPU"
        print(f"device:   {cuda}")
        print(f"threads:  {torch.get_num_threads()} (torch; --threads N sets those of a run)")
        for place in dict.fromkeys((Path.cwd(), _there(cache.folder()))):
            free = shutil.disk_usage(place).free / 1e9
            writable = "" if os.access(place, os.W_OK) else ", NOT WRITABLE"
            print(f"disk:     {free:.1f} GB free at {place}{writable}")
        for extra, (gain, module) in EXTRAS.items():
            there = find_spec(module) is not None
            do = "installed" if there else f"missing: pip install 'genenv[{extra}]'"
            print(f"extra:    {extra:<12} {gain:<38} {do}")
        return 0


def _there(path: Path) -> Path:
    """Return the nearest folder that is there."""
    return next(each for each in (path, *path.parents) if each.is_dir())
