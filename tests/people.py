"""A small table with known relations: older people work in offices, who earn more."""

from __future__ import annotations

import numpy as np
import pandas as pd


def people(rows=600, seed=0):
    """Return columns of every kind, missing values among them."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    office = rng.random(rows) < (age - 10) / 80
    income = np.round(np.exp(rng.normal(7.0 + office, 0.2)), 2)
    frame = pd.DataFrame(
        {
            "age": age,
            "job": np.where(office, "office", "craft"),
            "hours-per-week": rng.integers(10, 60, rows),
            "gross.income": income,
            "capital gain": np.where(rng.random(rows) < 0.9, 0, rng.integers(100, 9_000, rows)),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), "D"),
            "score": rng.normal(size=rows) + 3 * office,
            "size": pd.Categorical(
                np.array(["s", "m", "l"])[rng.integers(0, 3, rows)], ["s", "m", "l"], ordered=True
            ),
            "member": rng.random(rows) < 0.5,
            "land": "here",
            "loan": np.where(income > 2_000, "yes", "no"),
        }
    )
    frame.loc[::7, "score"] = np.nan
    frame.loc[::11, "job"] = None
    return frame
