"""Runs as the tab genenv in TensorBoard shows them, and ways to ask it."""

from __future__ import annotations

import io
import json
import shutil
import time
import urllib.error
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from werkzeug.test import Client

from genenv import bundled, data, networks
from genenv.board import Board
from genenv.reactions.meeting import Answers
from genenv.reactions.noises import STRENGTHS, SampleBatch
from genenv.recorded import load_probe

NOISES = ("latent:temperature", "sample:rotate", "real:rotate")
FLIPS = 12


def stress_run(folder):
    """A run as `stress` leaves it: 40 queries, of which the first 12 are flips."""
    shutil.copytree(bundled.FOLDER / "generator", folder / "generator")
    shutil.copytree(bundled.FOLDER / "judge", folder / "judge")
    probe = load_probe(bundled.FOLDER)
    label = torch.arange(40) % 10
    found = probe(probe.generator.noise.base(40, seed=0), label)
    (folder / "findings").mkdir()
    (folder / "model").mkdir()
    (folder / "model" / "model.json").write_text(json.dumps({"path": "<b>mine</b>:model"}))
    np.savez(
        folder / "findings" / "00000.npz",
        e=found.e,
        label=found.label,
        output=found.output,
        severity=np.where(np.arange(40) < FLIPS, 1.0, -1.0).astype(np.float32),
        verdict=(np.arange(40) % 3 + 1).astype(np.int8),
        search=np.full(40, "random"),
        seed=np.zeros(40, np.int64),
        index=np.arange(40),
    )
    return found


def react_run(folder):
    """A study as `react` leaves it: learner b is always right, a never at strength 5."""
    shutil.copytree(bundled.FOLDER / "generator", folder / "generator")
    generator = networks.load(folder / "generator")
    digits = data.load("digits")
    batch = SampleBatch(generator, (digits.x[:6], digits.label[:6]), 8, seed=4)
    labels = {"generated": batch.label, "met": batch.met[1], "real": batch.real[1]}
    log_p = {}
    accepted = {}
    for noise in NOISES:
        label = labels["met" if noise.startswith("real") else "generated"]
        right = np.log(np.eye(10)[label] * 0.9 + 0.01)
        wrong = np.log(np.eye(10)[(label + 1) % 10] * 0.9 + 0.01)
        a = [wrong if s == 5 else right for s in STRENGTHS]
        log_p[noise] = np.array([a, [right] * len(STRENGTHS)], np.float32)
        accepted[noise] = np.ones((len(STRENGTHS), len(label)), bool)
    (folder / "cells").mkdir()
    real = np.log(np.eye(10)[labels["real"]] * 0.9 + 0.01)
    real = np.array([real, real], np.float32)
    answers = Answers(NOISES, ("a", "b"), labels, accepted, log_p, real)
    answers.save(folder / "cells" / "answers-4.npz")


def real_only(folder):
    """Leave the noise of real rows alone in a study."""
    path = folder / "cells" / "answers-4.npz"
    replace(Answers.load(path), noises=("real:rotate",)).save(path)


def changed(path, **columns):
    with np.load(path) as file:
        np.savez(path, **{**file, **columns})


def ask(board, route, **query):
    return board.plugin(f"genenv/{route}", **query)


def flips(board, **query):
    """The flips of a run, when all of it was read."""
    answer = ask(board, "flips", **query)
    while answer["reading"]:
        time.sleep(0.05)
        answer = ask(board, "flips", **query)
    return answer


def refused(board, route, **query):
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(board, route, **query)
    assert caught.value.code == 400
    return json.loads(caught.value.read())["error"]


def picture(board, **query):
    return np.asarray(Image.open(io.BytesIO(board.raw("plugin/genenv/picture", **query))))


def context(logdir, spec=""):
    """What TensorBoard hands to a plugin."""
    return SimpleNamespace(logdir=str(logdir), flags=SimpleNamespace(logdir_spec=spec))


def answered(folder, route, **query):
    """What the plugin answers of a run when all of it was read: status and JSON."""
    app = Board(context(folder.parent)).get_plugin_apps()[f"/{route}"]
    while True:
        answer = Client(app).get("/", query_string={"run": folder.name, **query})
        content = answer.get_json(silent=True)
        if not (content or {}).get("reading"):
            return answer.status_code, content
        time.sleep(0.05)
