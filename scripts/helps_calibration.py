"""Measure how often `react` says "helps" where nothing helps, and where fresh real rows do.

For each setting and repeat: real rows are drawn from the digits, test rows are 600 others, and what
is called generated is a bootstrap of the same real rows (nothing new) or fresh real rows. One row a
setting is printed: the share of repeats in which any row of the run says helps.
Example: python scripts/helps_calibration.py --kind bootstrap --rows 60 --size 40 --made 60
"""

import argparse

import numpy as np

from genenv import data, learners
from genenv.reactions import evidence, helps
from genenv.reactions.sources import FromRows

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--kind", choices=["bootstrap", "fresh"], default="bootstrap")
parser.add_argument("--rows", type=int, default=60, help="real rows that there are")
parser.add_argument("--size", type=int, default=40, help="real rows of a trial")
parser.add_argument("--made", type=int, default=60, help="generated rows that there are")
parser.add_argument("--repeats", type=int, default=400)
parser.add_argument("--seed", type=int, default=7)
parser.add_argument("--learner", default="logistic")
args = parser.parse_args()

TESTS = 600
digits = data.load("digits")
fit = learners.named(args.learner, digits.units)


def says_helps(repeat):
    """Whether any row of one run says that generated rows help."""
    rng = np.random.default_rng((args.seed, args.rows, args.size, args.made, repeat))
    order = rng.permutation(len(digits))
    own = order[: args.rows]
    others = order[args.rows + TESTS :]
    made = rng.choice(own if args.kind == "bootstrap" else others, args.made)
    real = digits.at(own)
    test = digits.pick(order[args.rows : args.rows + TESTS])
    source = FromRows(digits.at(made), real)
    trials = helps.ask(helps.Question(real, test, source, repeat), args.learner, fit, args.size)
    return any(row["verdict"] == "helps" for row in evidence.judged([trials], repeat))


said = sum(says_helps(repeat) for repeat in range(args.repeats))
print(
    f"{args.kind}, {args.rows} real rows, trials of {args.size}, {args.made} generated, "
    f"{args.learner}: helps in {said} of {args.repeats}"
)
