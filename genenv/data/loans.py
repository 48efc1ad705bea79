"""A small table of mixed columns that is made, not measured: who repays a loan.

Every relation is known (`drawn` has them one by one), so that a model's faults can be, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from genenv import seeding
from genenv.data.dataset import Dataset
from genenv.data.table import TableOptions, from_frame
from genenv.tables import frames

if TYPE_CHECKING:
    import pandas as pd

ROWS = 3000
TARGET = "repaid"
JOBS = ("clerk", "craft", "nurse", "sales", "teacher")
SCHOOLS = ("basic", "middle", "high")
PAID = np.array([0.0, 0.25, 0.15, 0.1, 0.3])  # of a job, in the logarithm of an income
OPEN = np.array([[1, 3, 3], [0, 1, 2], [0, 2, 4]])  # jobs by schooling
YEAR = 365


def loans() -> Dataset:
    """Draw 3,000 loans: eight mixed columns, one with missing values, and `repaid`, yes or no."""
    return from_frame(drawn(ROWS), TableOptions(TARGET), "loans")


def drawn(rows: int, seed: int = 0) -> pd.DataFrame:
    """Draw loans by relations that are known.

    Schooling decides the jobs that are open; income grows with age up to 50, with schooling and by
    job. Married are most from 35 on, and who is married mostly owns a home. The first contract was
    signed at 18 to 22. Two in five have no debt; the others owe up to 0.8 of their income. Savings
    grow with income and age, and are missing where the debt is large more often than elsewhere. A
    loan is repaid by the logit

        2 - 25 debt / income + 4 [has a home] + 0.2 (age - 45) - 8 [sales under 30]

    Parameters
    ----------
    rows
        How many.
    seed
        Address of the draw.
    """
    module = frames.pandas()
    rng = seeding.numpy_generator(seed, "loans")
    age = rng.integers(18, 75, rows)
    school = rng.binomial(2, 0.5, rows)
    job = OPEN[school, rng.integers(0, OPEN.shape[1], rows)]
    married = rng.random(rows) < 1 / (1 + np.exp(-(age - 35) / 2))
    home = rng.random(rows) < np.where(married, 0.9, 0.1)
    paid = 9.6 + 0.025 * np.minimum(age, 50) + 0.25 * school + PAID[job]
    income = np.round(np.exp(paid + 0.08 * rng.standard_normal(rows)), 2)
    owes = rng.random(rows) < 0.6
    debt = np.where(owes, np.round(income * 0.8 * rng.random(rows) ** 2, -1), 0.0)
    savings = np.round(income * age / 100 * np.exp(0.3 * rng.standard_normal(rows)))
    savings[rng.random(rows) < np.where(debt > 0.3 * income, 0.3, 0.05)] = np.nan
    days = ((age - 17 - 4 * rng.random(rows)).clip(0) * YEAR).astype(np.int64)
    since = np.datetime64("2026-01-01") - days.astype("timedelta64[D]")
    logit = 2 - 25 * debt / income + 4 * home + 0.2 * (age - 45)
    logit -= 8 * ((job == JOBS.index("sales")) & (age < 30))
    repaid = rng.random(rows) < 1 / (1 + np.exp(-logit))
    return module.DataFrame(
        {
            "age": age,
            "school": module.Categorical.from_codes(school, list(SCHOOLS), ordered=True),
            "job": np.array(JOBS)[job],
            "married": married,
            "home": home,
            "income": income,
            "debt": debt,
            "savings": savings,
            "since": since.astype("datetime64[s]"),
            TARGET: np.where(repaid, "yes", "no"),
        }
    )
