"""Train genenv/ForgerSequence by its preset, to see how far the critic's praise carries a policy.

SeqGAN's protocol (arXiv 1609.05473) on an LSTM oracle, in nats a token: the negative
log-likelihood of the policy's sequences under the oracle ("own"), which plausible sequences lower,
beside that of fresh oracle samples under the policy ("held-out"), which rises when the policy
drops what the data have. Both after pre-training by likelihood, and at the end. Beside them the
oracle's entropy; its greedy sequence, a policy that has collapsed; and the pre-trained policy at a
temperature of 0.9, which costs nothing. Seed s takes the oracle,
critic and policy of seed s. Prints Markdown and writes JSON; seeds that the JSON has already are
not trained again.
Example: python scripts/forger_sequence.py --seeds 0 1 2 3 4 --out forger-sequence.json
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from genenv import agents, seeding
from genenv.agents.algorithms import SequencePpo
from genenv.agents.presets import preset
from genenv.agents.sequence import log_prob, written
from genenv.data.sequences import LSTMOracle

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
parser.add_argument("--steps", type=int, default=None, help="tokens to learn from; None: preset")
parser.add_argument(
    "--critic-steps",
    type=int,
    default=None,
    help="0: praise of one that never learns; None: preset",
)
parser.add_argument("--out", type=Path, default=Path("forger-sequence.json"))
args = parser.parse_args()

ID = "genenv/ForgerSequence-v0"
SAMPLES = 5000
TEMPERATURE = 0.9
critic = {} if args.critic_steps is None else {"critic_steps": args.critic_steps}
table = json.loads(args.out.read_text()) if args.out.is_file() else []


def measure(policy, oracle):
    """Negative log-likelihoods, nats a token."""
    fresh = torch.from_numpy(oracle.sample(SAMPLES, seed=1))
    own = oracle.log_prob(written(policy, SAMPLES, oracle.length, seed=2)).mean()
    with torch.no_grad():
        held_out = float(log_prob(policy, fresh).mean())
    return {"own": float(-own / oracle.length), "held_out": -held_out}


def tempered(policy, oracle):
    """Measure with all logits divided by the temperature."""
    usual = [p.detach().clone() for p in policy.action_net.parameters()]
    for p in policy.action_net.parameters():
        p.data /= TEMPERATURE
    found = measure(policy, oracle)
    for p, before in zip(policy.action_net.parameters(), usual, strict=True):
        p.data = before
    return found


class Watched(SequencePpo):
    """The preset, measured when its pre-training is over."""

    def prepare(self, model, env):  # noqa: D102
        super().prepare(model, env)
        (oracle,) = env.get_attr("oracle", [0])
        starts.append(measure(model.policy, oracle))
        starts.append(tempered(model.policy, oracle))


for seed in args.seeds:
    if any(row["seed"] == seed for row in table):
        continue
    starts = []
    settings = preset(ID).to_json()
    del settings["algorithm"]
    watched = Watched(**settings | {"hidden": tuple(settings["hidden"])})
    oracle = LSTMOracle(seed=seed)
    began = time.process_time()
    agent = agents.train(
        ID,
        watched,
        seed=seed,
        total_steps=args.steps,
        arguments={"oracle_seed": seed, "critic_seed": seed} | critic,
    )
    row = {"seed": seed, "steps": agent.steps, "cpu_seconds": time.process_time() - began}
    row |= {"start": starts[0], "tempered": starts[1]}
    row["end"] = measure(agent.model.policy, oracle)
    row["entropy"] = float(-oracle.log_prob(oracle.sample(SAMPLES, seed=3)).mean()) / oracle.length
    row["greedy"] = float(-oracle.log_prob(oracle.greedy()[None])[0]) / oracle.length
    chance = np.random.default_rng(seeding.fold(seed, "chance"))
    tokens = chance.integers(oracle.vocabulary, size=(SAMPLES, oracle.length))
    row["uniform"] = float(-oracle.log_prob(tokens).mean()) / oracle.length
    table.append(row)
    args.out.write_text(json.dumps(table, indent=2))
    print(row, flush=True)

rows = [row for row in table if row["seed"] in args.seeds]
print(
    "\n| seed | tokens | CPU s | own: pre-trained, end | held-out: pre-trained, end "
    f"| own, held-out at temperature {TEMPERATURE} | oracle's entropy | its greedy sequence "
    "| uniform tokens |\n|---|---|---|---|---|---|---|---|---|"
)


def change(row, when, key):
    """Change since pre-training, in %."""
    return 100 * (row[when][key] / row["start"][key] - 1)


for row in rows:
    cells = [
        f"{row['start'][k]:.3f}, {row['end'][k]:.3f} ({change(row, 'end', k):+.1f} %)"
        for k in ("own", "held_out")
    ]
    cheap = [f"{change(row, 'tempered', k):+.1f} %" for k in ("own", "held_out")]
    print(
        f"| {row['seed']} | {row['steps']:,} | {row['cpu_seconds']:.0f} | {' | '.join(cells)} "
        f"| {', '.join(cheap)} | {row['entropy']:.3f} | {row['greedy']:.3f} "
        f"| {row['uniform']:.3f} |"
    )
for when, title in (("end", "at the end"), ("tempered", f"temperature {TEMPERATURE}")):
    for key in ("own", "held_out"):
        found = [change(row, when, key) for row in rows]
        print(f"\n{title}, {key}: {np.mean(found):+.1f} % ({min(found):+.1f} to {max(found):+.1f})")
