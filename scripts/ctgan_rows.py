"""Rows of ctgan's CTGAN or TVAE, for bench_tables.py, which runs this in an environment of its own.

python ctgan_rows.py CTGAN 100 0 learned.csv made.csv COLUMN [COLUMN ...]
"""

from __future__ import annotations

import sys
import time

import ctgan
import pandas as pd
import torch


def main() -> None:
    kind, epochs, seed, learned, made, *discrete = sys.argv[1:]
    torch.set_num_threads(1)
    frame = pd.read_csv(learned)
    began = time.process_time()
    model = getattr(ctgan, kind)(epochs=int(epochs), enable_gpu=False)
    if kind == "CTGAN":
        model.set_random_state(int(seed))
    else:
        torch.manual_seed(int(seed))
    model.fit(frame, discrete)
    print(f"{time.process_time() - began:.0f}", flush=True)
    model.sample(len(frame)).to_csv(made, index=False)


if __name__ == "__main__":
    main()
