"""Is a flip a failure? Two gates, realism and label, each in a guide's and an audit's copy.

The guide is torch, differentiable, and may be seen by searches. The audit has oracles of other
kinds, trained on other rows, and is shown to no search. Realism is the mean distance to the three
nearest rows of the generator's training data; the label gate asks the mean probability of the
oracles. Both are calibrated on rows that neither generator, model nor oracle saw.
"""

from genenv.judge.audit import VERDICTS, Audit
from genenv.judge.gates import Gates, label_cut, realism_threshold
from genenv.judge.guide import Guide, load_guide
from genenv.judge.making import Judge, judge_steps, make_judge
from genenv.judge.neighbours import Neighbours
from genenv.judge.oracles import EstimatorOracle, NetworkOracle, Oracle, mean_probability
from genenv.judge.quality import rate

__all__ = [
    "VERDICTS",
    "Audit",
    "EstimatorOracle",
    "Gates",
    "Guide",
    "Judge",
    "Neighbours",
    "NetworkOracle",
    "Oracle",
    "judge_steps",
    "label_cut",
    "load_guide",
    "make_judge",
    "mean_probability",
    "rate",
    "realism_threshold",
]
