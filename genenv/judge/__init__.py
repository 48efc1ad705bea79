"""Is a flip a failure? Two gates, realism and label, each in a guide's and an audit's copy.

The guide is two small networks, differentiable, and may be seen by searches. The audit is networks
of several makes, or boosted trees, a forest and a network, cross-fitted over all rows, so that no
row is judged by a member that saw it; it is shown to no search. The label gate's cut is set on the
rows where the audit contradicts the model under test; realism asks the distance in features and
the share of none of these.
"""

from genenv.judge.audit import Audit, Judged, Looked, q_values
from genenv.judge.belief import Belief, fit_belief
from genenv.judge.figures import judged_controls, on_rows, rate
from genenv.judge.fitting import beside_model, fit, make, steps
from genenv.judge.guide import Guide
from genenv.judge.judging import UNSEEN, Judge, Record
from genenv.judge.keeping import FORMAT, load, load_guide, save, save_beside, save_guide
from genenv.judge.neighbours import Neighbours
from genenv.judge.of_split import (
    judge_beside,
    judge_rows,
    judge_steps,
    make_judge,
    recipe_of,
    thinning,
)
from genenv.judge.promise import Promise, set_cut
from genenv.judge.verdict import Verdict

__all__ = [
    "FORMAT",
    "UNSEEN",
    "Audit",
    "Belief",
    "Guide",
    "Judge",
    "Judged",
    "Looked",
    "Neighbours",
    "Promise",
    "Record",
    "Verdict",
    "beside_model",
    "fit",
    "fit_belief",
    "judge_beside",
    "judge_rows",
    "judge_steps",
    "judged_controls",
    "load",
    "load_guide",
    "make",
    "make_judge",
    "on_rows",
    "q_values",
    "rate",
    "recipe_of",
    "save",
    "save_beside",
    "save_guide",
    "set_cut",
    "steps",
    "thinning",
]
