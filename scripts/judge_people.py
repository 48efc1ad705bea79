"""Measure the judge against people: public test images of digits, each with two people's answers.

For every seed a tenth and a half of the digits is set apart; the judge learns from the others. Its
cut is set by the contradictions of genenv's default CNN, which learns half of them and is asked on
the other half. Every image counts as a failure of severity 1. `accepted` is what both gates accept
as the label; `true` what both people see as it; `false for both` what neither does. The last line
is one JSON object: means over the seeds, and intervals of the shares, pooled over the seeds' counts
at the size of one.

    python scripts/judge_people.py --data DIGITS.npz --people FILE.npz --seeds 0 1 2

DIGITS.npz holds x (n, 28, 28) uint8 and y (n,); FILE.npz holds x, `tool`, `people` (n, 2), with -1
for no digit, and perhaps `label`: the class that each image was made for, 5 where it is left out.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from scipy.stats import rankdata

from genenv import data, intervals, judge, seeding
from genenv.classifier import fit_classifier

LATENT = ("ox", "sv")  # tools that search a generator's latents
LABEL = 5  # every seed of the public set is one
APART = 0.15  # of the digits, untouched

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--people", type=Path, required=True)
parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
parser.add_argument("--effort", default="default")
parser.add_argument("--latent", nargs="+", default=list(LATENT), help="tools that count as latent")


def auc(score, true):
    """Area under the receiver's curve, ties by half; NaN where one side is empty."""
    ranks = rankdata(score)
    yes = int(true.sum())
    no = int((~true).sum())
    return (ranks[true].sum() - yes * (yes + 1) / 2) / (yes * no) if yes and no else float("nan")


def auc_interval(score, true, seed=0):
    """95 % bootstrap interval over images."""
    return intervals.bootstrap(auc_rows, (score, true), seeding.numpy_generator(seed, "auc"))


def auc_rows(score, true):
    return auc(np.asarray(score), np.asarray(true, bool))


def default_answers(dataset, rows, seed):
    """Ask genenv's default CNN of the half of the rows that it has not seen; else -1."""
    order = seeding.numpy_generator(seed, "default model").permutation(len(rows))
    seen = order[: len(order) // 2]
    unseen = order[len(order) // 2 :]
    x, label = dataset.pick(rows)
    classes = len(dataset.classes)
    model = fit_classifier("cnn", x[seen], label[seen], dataset.units, classes, seed)
    answers = np.full(len(rows), judge.UNSEEN)
    with torch.no_grad():
        u = dataset.units.encode(dataset.units.tensor(x[unseen]))
        answers[unseen] = torch.cat([model(part).argmax(1) for part in u.split(1024)]).numpy()
    return answers


def measure(dataset, people, seed, effort, latent):
    """One judge: its probability, acceptance and realism for each image, and what it refuses."""
    order = data.stratified_order(dataset, seed)
    apart = round(APART * len(order))
    test = np.sort(order[:apart])
    rows = np.sort(order[apart:])
    began = time.process_time()
    answers = default_answers(dataset, rows, seed)
    model_seconds = time.process_time() - began
    began = time.process_time()
    x, label = dataset.pick(rows)
    made = judge.make(
        dataset.units, dataset.classes, (x, label), seed, effort, answers, dataset.pick(test)
    )
    seconds = time.process_time() - began
    wanted = people["label"]
    severity = np.ones(len(wanted))
    verdict = made.verdicts(people["x"], wanted, severity, people["answer"])
    p = made.probability(people["x"])[np.arange(len(wanted)), wanted]
    return {
        "p": p,
        "accepted": verdict == judge.Verdict.CONFIRMED,
        "realistic": made.realistic(people["x"]),
        "quality": made.quality,
        "seconds": seconds,
        "model_seconds": model_seconds,
        "latent": latent,
    }


def figures(found, truth, part):
    """AUC, precision, false for both, recall and realism on the images of a part."""
    both, neither, no_digit = (truth[name][part] for name in ("both", "neither", "no digit"))
    taken = found["accepted"][part]
    p = found["p"][part]
    real = found["realistic"][part]
    return {
        "images": int(part.sum()),
        "auc": auc(p, both),
        "accepted": int(taken.sum()),
        "true": int((taken & both).sum()),
        "false": int((taken & neither).sum()),
        "both": int(both.sum()),
        "realistic_refuses_no_digit": int((~real & no_digit).sum()),
        "no_digit": int(no_digit.sum()),
        "realistic_refuses_both": int((~real & both).sum()),
    }


def share(rows, above, below):
    """Mean over seeds of a share, and the Wilson interval at one seed's size."""
    pairs = [(row[above], row[below]) for row in rows]
    mean = float(np.mean([a / b if b else 0.0 for a, b in pairs]))
    size = round(np.mean([b for _, b in pairs]))
    return mean, intervals.wilson(round(mean * size), size)


def main():
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with np.load(arguments.data) as file:
        dataset = data.from_arrays(file["x"], file["y"], arguments.data.stem)
    with np.load(arguments.people) as file:
        people = {name: file[name] for name in file.files}
    people["label"] = people.get("label", np.full(len(people["x"]), LABEL)).astype(np.int64)
    people["answer"] = people["predicted"] if "predicted" in people else people["label"] * 0
    seen = people["people"] == people["label"][:, None]
    truth = {
        "both": seen.all(1),
        "neither": ~seen.any(1),
        "no digit": (people["people"] == -1).all(1),
    }
    tools = {tool: people["tool"] == tool for tool in np.unique(people["tool"])}
    latent = np.isin(people["tool"], arguments.latent)
    parts = tools | {"latent": latent, "all": np.ones(len(latent), bool)}
    found = [measure(dataset, people, seed, arguments.effort, latent) for seed in arguments.seeds]
    table = {name: [figures(one, truth, part) for one in found] for name, part in parts.items()}
    print(f"{'tool':8} images  auc [95 %]           accepted  true of these      neither  recall")
    for name, rows in table.items():
        mean_p = np.mean([one["p"] for one in found], axis=0)
        low, high = auc_interval(mean_p[parts[name]], truth["both"][parts[name]])
        area = np.mean([row["auc"] for row in rows])
        precision, (least, most) = share(rows, "true", "accepted")
        accepted = np.mean([row["accepted"] for row in rows])
        print(
            f"{name:8} {rows[0]['images']:6}  {area:.3f} [{low:.3f}, {high:.3f}]"
            f" {accepted:8.1f}  {precision:.3f} [{least:.2f}, {most:.2f}]"
            f"  {share(rows, 'false', 'accepted')[0]:6.3f}  {share(rows, 'true', 'both')[0]:6.3f}"
        )
    for one, seed in zip(found, arguments.seeds, strict=True):
        quality = one["quality"]
        print(
            f"seed {seed}: {one['seconds']:.0f} CPU s and the model's {one['model_seconds']:.0f}; "
            f"promise {quality['promise']}; contradictions {quality['contradictions']}; "
            f"refused {quality['real_rejected']}; accuracy {quality['accuracy']['share']:.4f}; "
            f"controls { {k: v['accepted']['share'] for k, v in quality['controls'].items()} }"
        )
    whole = table["all"]
    lat = table["latent"]
    print(json.dumps(summary(found, whole, lat)))


def summary(found, whole, latent):
    """Return the figures of the last line."""
    return {
        "auc_latent": float(np.mean([row["auc"] for row in latent])),
        "auc_all": float(np.mean([row["auc"] for row in whole])),
        "precision_latent": share(latent, "true", "accepted")[0],
        "precision_latent_interval": share(latent, "true", "accepted")[1],
        "false_for_both_latent": share(latent, "false", "accepted")[0],
        "recall_latent": share(latent, "true", "both")[0],
        "precision_all": share(whole, "true", "accepted")[0],
        "recall_all": share(whole, "true", "both")[0],
        "realistic_refuses_no_digit": share(whole, "realistic_refuses_no_digit", "no_digit")[0],
        "realistic_refuses_both": share(whole, "realistic_refuses_both", "both")[0],
        "real_refused": float(
            np.mean([one["quality"]["real_rejected"]["joint"]["share"] for one in found])
        ),
        "seconds": float(np.mean([one["seconds"] for one in found])),
    }


if __name__ == "__main__":
    main()
