"""Whether a critic can help ForgerSequence's policy at all: two tries beyond whole sequences.

Both begin with the policy that the preset pre-trains by likelihood on 5,000 sequences of an LSTM
oracle. "Own" is the negative log-likelihood of its sequences under the oracle, "held-out" that of
fresh oracle samples under it, in nats a token; what costs nothing, a temperature, trades one for
the other, and its sweep is the front to be beaten: "ahead" is by how much own lies below the front
at the same held-out.

- prefixes: a recurrent critic tells real prefixes of every length from the policy's. What its
  score gains by a token estimates log p(token | prefix) of the data less that of the policy, and
  pays that token alone (policy gradient).
- next tokens: a recurrent critic tells real next tokens from the policy's after the same real
  prefix. Its score is a log ratio as well, and tilts the policy's logits by β times it: nothing has
  to be learned by reward. Stopped by the sequences that pre-training held out.

Each with 5,000 real sequences and with more that the policy has not learned from. Prints Markdown
and writes JSON; seeds that the JSON has are not measured again.
Example: python scripts/forger_critics.py --seeds 0 1 2 --out forger-critics.json
"""

import argparse
import json
import time
from pathlib import Path

import gymnasium
import numpy as np
import torch
from torch import nn

from genenv import seeding
from genenv.agents.presets import preset
from genenv.agents.sequence import apart, likeliest, log_prob
from genenv.data.sequences import LSTMOracle

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--rows", type=int, nargs="+", default=[5_000, 40_000], help="of the critic")
parser.add_argument("--steps", type=int, default=150, help="of the policy, and as many before")
parser.add_argument("--out", type=Path, default=Path("forger-critics.json"))
args = parser.parse_args()

ID, SAMPLES, BATCH = "genenv/ForgerSequence-v0", 2000, 128
TEMPERATURES = (0.8, 0.85, 0.9, 0.95, 1.0)
TILTS = (0.5, 1.0)
torch.set_num_threads(1)


class Reader(nn.Module):
    """A GRU over prefixes: `outputs` numbers after each, the empty one first."""

    def __init__(self, blank, outputs, seed):
        super().__init__()
        with seeding.global_seed(seed):
            self.embedding = nn.Embedding(blank + 1, 32)
            self.memory = nn.GRU(32, 64, batch_first=True)
            self.head = nn.Linear(64, outputs)
        self.blank = blank

    def forward(self, tokens):
        """(n, steps) -> (n, steps + 1, outputs)."""
        start = tokens.new_full((len(tokens), 1), self.blank)
        return self.head(self.memory(self.embedding(torch.cat([start, tokens], 1)))[0])


class Writer:
    """A policy whose logits may be divided by a temperature and tilted by a critic."""

    def __init__(self, policy, temperature=1.0, critic=None, tilt=0.0):
        self.policy = policy
        self.temperature = temperature
        self.critic = critic
        self.tilt = tilt

    def logits(self, prefixes):
        """(n, steps) -> (n, steps + 1, vocabulary)."""
        states = self.policy.pi_features_extractor.states(prefixes)
        logits = self.policy.action_net(self.policy.mlp_extractor.forward_actor(states))
        if self.critic is not None:
            logits = logits + self.tilt * self.critic(prefixes)
        return logits / self.temperature

    @torch.no_grad()
    def write(self, count, length, seed):
        """Draw sequences (count, length)."""
        rng = seeding.torch_generator(seed, "forger critics")
        tokens = torch.zeros(count, 0, dtype=torch.int64)
        for _ in range(length):
            law = self.logits(tokens)[:, -1].softmax(1)
            tokens = torch.cat([tokens, torch.multinomial(law, 1, generator=rng)], 1)
        return tokens

    def told(self, tokens):
        """Log-probabilities of each token, (n, length)."""
        law = self.logits(tokens[:, :-1]).log_softmax(2)
        return law.gather(2, tokens[:, :, None])[..., 0]


@torch.no_grad()
def measured(writer, oracle, fresh):
    """Own and held-out negative log-likelihood, nats a token."""
    own = oracle.log_prob(writer.write(SAMPLES, oracle.length, 2).numpy()).mean()
    return [float(-own / oracle.length), -float(writer.told(fresh).mean())]


def batches(rows, seed, count):
    """Yield batches of rows by address."""
    for step in range(count):
        rng = seeding.torch_generator(seed, "batch", step)
        yield step, rows[torch.randint(len(rows), (BATCH,), generator=rng)]


def by_prefixes(policy, real, oracle, fresh, seed):
    """Pay each token by what a critic of prefixes gains: (points, 2) on the way."""
    critic = Reader(oracle.vocabulary, 1, seed)
    learns = torch.optim.Adam(critic.parameters(), 1e-3)
    moves = torch.optim.Adam(policy.parameters(), 4e-4)
    writer, points = Writer(policy), []
    for step, rows in batches(real, seed, 2 * args.steps):
        written = writer.write(BATCH, oracle.length, seeding.fold(seed, "written", step))
        score = critic(torch.cat([rows, written]))[..., 0]
        told = nn.functional.softplus(-score[:BATCH]) + nn.functional.softplus(score[BATCH:])
        learns.zero_grad()
        told.mean().backward()
        learns.step()
        if step < args.steps:
            continue  # the critic comes to know the policy first
        with torch.no_grad():
            score = critic(written)[..., 0]
        gained = score[:, 1:] - score[:, :-1]
        gained = (gained - gained.mean(0)) / gained.std()
        loss = -(gained * log_prob(policy, written)).mean()
        moves.zero_grad()
        loss.backward()
        moves.step()
        if (step + 1) % (args.steps // 3) == 0:
            points.append(measured(writer, oracle, fresh))
    return points


def by_next_tokens(policy, real, held, oracle, fresh, seed):
    """Tilt the policy by a critic of next tokens: (tilts, 2)."""
    critic = Reader(oracle.vocabulary, oracle.vocabulary, seed)
    learns = torch.optim.Adam(critic.parameters(), 1e-3)
    writer = Writer(policy)
    tilted = Writer(policy, 1.0, critic, 1.0)
    best, kept = -np.inf, critic.state_dict()
    for step, rows in batches(real, seed, 4 * args.steps):
        with torch.no_grad():
            law = writer.logits(rows[:, :-1]).softmax(2).flatten(0, 1)
            rng = seeding.torch_generator(seed, "next", step)
            other = torch.multinomial(law, 1, generator=rng).view_as(rows)
        score = critic(rows[:, :-1])
        told = nn.functional.softplus(-score.gather(2, rows[:, :, None]))
        told = told + nn.functional.softplus(score.gather(2, other[:, :, None]))
        learns.zero_grad()
        told.mean().backward()
        learns.step()
        if (step + 1) % 50 == 0:
            with torch.no_grad():
                now = float(tilted.told(held).mean())
            if now > best:
                best, kept = now, {k: v.clone() for k, v in critic.state_dict().items()}
    critic.load_state_dict(kept)
    return [measured(Writer(policy, 1.0, critic, tilt), oracle, fresh) for tilt in TILTS]


def tried(seed):
    """Measure a seed: the front of temperatures, and the points of both tries."""
    oracle = LSTMOracle(seed=seed)
    every = torch.from_numpy(oracle.sample(max(args.rows), seed=0))
    fresh = torch.from_numpy(oracle.sample(SAMPLES, seed=1))
    env = gymnasium.make(ID)
    model = preset(ID).blank(env.observation_space, env.action_space)
    policy, real = model.policy, every[: args.rows[0]].numpy()
    likeliest(policy, real, epochs=50, lr=5e-3, seed=seed)
    begun = {name: value.clone() for name, value in policy.state_dict().items()}
    held, learned = apart(real, seed)
    found = {"front": [measured(Writer(policy, t), oracle, fresh) for t in TEMPERATURES]}
    for count in args.rows:
        rows = torch.cat([learned, every[args.rows[0] : count]])
        began = time.process_time()
        found[f"next tokens, {count:,} rows"] = by_next_tokens(
            policy, rows, held, oracle, fresh, seed
        )
        found[f"prefixes, {count:,} rows"] = by_prefixes(policy, rows, oracle, fresh, seed)
        policy.load_state_dict(begun)
        print(seed, count, f"{time.process_time() - began:.0f} CPU s", flush=True)
    return found


known = json.loads(args.out.read_text()) if args.out.is_file() else {}
for seed in args.seeds:
    if str(seed) not in known:
        known[str(seed)] = tried(seed)
        args.out.write_text(json.dumps(known, indent=1))
print("\n| try | own | held-out | ahead of the front, by seed |\n|---|---|---|---|")
for name in next(iter(known.values())):
    for k in range(len(known[str(args.seeds[0])][name])):
        points = np.array([known[str(seed)][name][k] for seed in args.seeds])
        fronts = [np.array(known[str(seed)]["front"]) for seed in args.seeds]
        base = np.array([front[TEMPERATURES.index(1.0)] for front in fronts])
        own, held = 100 * (points / base - 1).mean(0)
        ahead = []
        for point, front in zip(points, fronts, strict=True):
            order = front[:, 1].argsort()
            ahead.append(np.interp(point[1], front[order, 1], front[order, 0]) - point[0])
        label = f"temperature {TEMPERATURES[k]}" if name == "front" else f"{name}, point {k + 1}"
        told = "" if name == "front" else "; ".join(f"{gap:+.3f}" for gap in ahead)
        print(f"| {label} | {own:+.1f} % | {held:+.1f} % | {told} |")
