"""The commands as a stranger types them: exit codes, and one sentence for every mistake."""

from __future__ import annotations

import itertools
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from genenv import ENVIRONMENTS, agents, bundled, cli, data, finished, networks, seeding
from genenv.agents import SEARCHES
from genenv.cli.check import Check
from genenv.cli.parsing import at_home
from genenv.cli.stress import UNDECIDED
from genenv.learners import LEARNERS
from genenv.networks import NETWORKS
from genenv.noise import NOISES
from genenv.objectives import OBJECTIVES
from genenv.probe import Probe
from genenv.progress import Progress
from genenv.training import TrainingDiverged
from genenv.training.game import Game

SMALL = ["--steps", "20", "--budget", "300"]
GOOD = ["--model", "models_of_mine:good", "--anyway", "--search", "random", "evolution", *SMALL]
Run = Callable[..., tuple[int, str, str]]

MODELS = """
import numpy as np
asked = 0
def good(x):
    return np.eye(10)[(x.reshape(len(x), -1).sum(1) % 10).astype(int)] * 0.9 + 0.01
def late(x):
    global asked
    asked += len(x)
    if asked > 1600:
        raise RuntimeError("the GPU fell off")
    return good(x)
def later_nan(x):
    global asked
    asked += len(x)
    return good(x) if asked < 1600 else good(x) * np.nan
def raises(x): raise ValueError("no such shape")
def leaves(x): raise SystemExit(3)
def narrow(x): return good(x)[:, :9]
def halves(x): return good(x) / 2
def nan(x): return good(x) * np.nan
def words(x): return [["a"] * 10] * len(x)
def nothing(x): return None
def chance(x): return np.random.default_rng().dirichlet(np.ones(10), len(x))
number = 5
"""


PIPED = """
import os, sys
from genenv import cli
read, write = os.pipe()
os.close(read)
os.dup2(write, sys.stdout.fileno())
cli.main(["--version"])
"""


pytestmark = pytest.mark.usefixtures("every_verdict")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a module of models and bad data."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "models_of_mine.py").write_text(MODELS)
    digits = data.load("digits")
    x = digits.x
    y = digits.label
    assert y is not None
    spoiled = x.copy()
    spoiled[7, 0, 0] = np.nan
    files: dict[str, dict[str, Any]] = {
        "one": {"x": x, "y": y * 0},
        "few": {"x": x[:60], "y": y[:60]},
        "nan": {"x": spoiled, "y": y},
        "short": {"x": x, "y": y[:-5]},
        "unlabelled": {"x": x},
        "words": {"x": x.astype(str), "y": y},
    }
    for name, arrays in files.items():
        np.savez(folder / f"{name}.npz", **arrays)
    (folder / "empty").mkdir()
    (folder / "table.csv").write_text("a,b\n1,2\n")
    (folder / "other").mkdir()
    (folder / "other" / "thesis.txt").write_text("mine")
    return folder


@pytest.fixture
def run(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in that folder; returns exit code, stdout, stderr."""
    monkeypatch.chdir(place)

    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            cli.main([*words])
        sys.modules.pop("models_of_mine", None)
        shown = capsys.readouterr()
        return int(left.value.code or 0), shown.out, shown.err

    return call


@pytest.fixture(scope="module")
def done(place: Path) -> Path:
    """A run of two searches on a model that answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        with pytest.raises(SystemExit) as left:
            cli.main(["stress", "digits", *GOOD, "--out", "done"])
    assert left.value.code == UNDECIDED  # small parts cannot be trusted, and the run says so
    return place / "done"


def plain(folder: Path) -> dict[str, Any]:
    """Read report.json without seconds."""
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    report.pop("timings")
    for row in report["searches"]:
        row.pop("seconds")
    return report


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("stress nowhere", "'nowhere', which does not exist; check the name or path"),
        (
            "stress digits --ray-workers 2",
            "expected --ray beside --ray-workers, got none",
        ),
        ("stress digits --ray 127.0.0.1:1", "expected a Ray cluster at 127.0.0.1:1, got [Errno"),
        ("stress digits --ray ray://127.0.0.1:99999", "check HOST:PORT, or leave --ray out"),
        (
            "stress digits --criterion top-k:0",
            "expected k from 1 to 9, fewer than the classes",
        ),
        ("compare done", "expected two runs or more, got 1; name the first and another"),
        ("stress empty", "got empty, which is empty; sort the images"),
        ("stress table.csv", "got none of a, b named; name it: --target COLUMN"),
        ("stress one.npz", "expected labels of two classes or more, got none in one"),
        ("stress few.npz", "rows or more of each class, so that every part has some"),
        ("stress nan.npz", "NaN or infinity in 1 of 1797 rows, the first at row 7"),
        ("stress short.npz", "expected labels of shape (1797,), one a sample, got shape (1792,)"),
        ("stress unlabelled.npz", "expected labels of two classes or more, got none in unlabelled"),
        ("stress words.npz", "expected samples of integers, floats or bools"),
        (
            "stress ring --size 8",
            "expected size, channels and background with a folder of images only",
        ),
        ("stress digits --held-out ring", "expected held-out samples like the data"),
        ("stress digits --search chess", "expected search to be one of random, sobol"),
        ("stress digits --budget 0", "expected budget to be a whole number above 0, got 0"),
        ("stress digits --train-queries 9", "expected at least 2112 training queries, got 9"),
        ("stress digits --steps 0", "expected steps to be a whole number above 0, got 0"),
        ("stress digits --seeds 1 1", "expected each of seeds once"),
        ("stress digits --objective chess", "expected objective to be one of gan, minimax, wgan"),
        ("stress digits --generator nowhere", "got none in nowhere; give a folder that `fit` left"),
        ("stress digits --out other", "got one that holds other files; choose another --out"),
        ("stress digits --out one.npz", "expected a folder for the run, got the file one.npz"),
        ("stress digits --resume", "expected --out with --resume, got none"),
        ("stress digits --resume --out fresh", "expected a run to resume in fresh"),
        ("fit ring --network dcgan --out f", "expected "),
        ("fit digits --network vit", "expected network to be one of"),
        ("fit digits --device abacus --out f", "expected device to be auto, cpu, cuda or cuda:N"),
        ("fit digits --precision 8", "expected precision to be one of 32, bf16"),
        ("fit few.npz --out f", "5 rows or more of each class, a fifth of them for metrics"),
        ("sample nowhere --out s.npz", "expected a run's folder, got none in nowhere"),
        ("replay nowhere", "expected a run's folder, got none in nowhere"),
        ("replay nowhere --expect maybe", "expected --expect to be one of fail, pass"),
    ],
)
def test_a_mistake_is_one_sentence_with_exit_code_2_and_leaves_no_folder(
    run: Run, place: Path, words: str, sentence: str
) -> None:
    before = sorted(place.iterdir())
    code, _, err = run(*words.split())
    assert code == 2
    assert sentence in err
    assert re.fullmatch(r"\n*genenv: expected [^\n]+, got [^\n]+; [^\n]+\n", err)
    assert sorted(p for p in place.iterdir() if p.name != "__pycache__") == [
        p for p in before if p.name != "__pycache__"
    ]


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("models_of_mine:raises", "got ValueError: no such shape; mend it"),
        ("models_of_mine:leaves", "got SystemExit: 3; mend it"),
        ("models_of_mine:narrow", "to answer with shape (64, 10), got shape (64, 9)"),
        ("models_of_mine:halves", "a row that sums to 0.5; choose output probabilities or logits"),
        ("models_of_mine:nan", "NaN or infinity in 64 of 64 rows"),
        ("models_of_mine:words", "expected the model to return numbers"),
        ("models_of_mine:nothing", "expected the model to return numbers, got NoneType"),
        ("models_of_mine:chance", "expected a model that answers the same row alike"),
        ("models_of_mine:number", "a callable, an .onnx path or an SB3 policy, got int"),
        ("models_of_mine:gone", "got no attribute gone; name one that it has"),
        ("gone:model", "expected a module gone, got none of the name gone"),
        ("gone", "expected a model as package.module:name or file.onnx, got 'gone'"),
        ("gone.onnx", "expected an .onnx file, got no file gone.onnx"),
    ],
)
def test_a_model_that_cannot_be_asked_is_found_before_anything_is_trained(
    run: Run, place: Path, model: str, sentence: str
) -> None:
    code, _, err = run("stress", "digits", "--model", model, "--out", "never")
    assert code == 2
    assert sentence in err
    assert err.count("\n") == 1
    assert not (place / "never").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("stress", "got missing from genenv stress: DATA; see genenv stress --help"),
        ("stress digits --bugdet 9", "options: --bugdet, 9; perhaps --budget was meant, see "),
        ("stress digits --network mlp", "options: --network mlp; --network is of genenv fit, see "),
        ("fit ring --noise sphere", "--noise is of genenv sample, react, see genenv fit --help"),
        ("fit ring --objectiv gan", "perhaps --objective was meant, see genenv fit --help"),
        ("stress digits --budget x", "got --budget x where --budget N is read; see genenv stress "),
        ("stress digits --seeds a", "got --seeds a where --seeds N [N ...] is read; "),
        ("fit ring --steps x", "got --steps x where --steps N is read; see genenv fit --help"),
        ("fit ring --betas 1", "got --betas 1 where --betas X X is read; see genenv fit --help"),
        ("--quiet", "got unrecognized options: --quiet; see genenv --help"),
        ("fit digits --device", "got missing value for argument '--device'"),
    ],
)
def test_a_line_that_cannot_be_read_is_one_sentence(run: Run, words: str, sentence: str) -> None:
    code, _, err = run(*words.split())
    assert code == 2
    assert sentence in err
    assert re.fullmatch(r"genenv: expected a command line of genenv's, got [^\n]+; [^\n]+\n", err)


def test_no_command_at_all_is_told_with_all_of_them(run: Run) -> None:
    code, _, err = run()
    assert code == 2
    assert err.startswith("genenv: expected a command of genenv's, got none; give fit, sample, ")


@pytest.mark.parametrize(
    ("word", "do"),
    [("strss", "perhaps stress was meant, see genenv --help"), ("xyz", "see genenv --help")],
)
def test_a_command_that_there_is_not_is_told_with_the_nearest(run: Run, word: str, do: str) -> None:
    code, _, err = run(word, "digits")
    assert code == 2
    assert err.startswith(f"genenv: expected a command of genenv's, got {word}; {do}")


@pytest.mark.slow
def test_a_pipe_that_nobody_reads_any_more_is_left_quietly() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PIPED], capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    assert ended.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ((), ["fit", "sample", "stress", "replay", "envs", "train"]),
        (("fit",), [*OBJECTIVES, *NETWORKS, "--no-metrics", "--steps N"]),
        (("stress",), [*SEARCHES, *OBJECTIVES, "MODULE:NAME", "--budget N"]),
        (("sample",), ["--keep X", "(default: the trained one)"]),
        (("replay",), ["fail|pass"]),
        (("train",), ["ENV_ID", "--steps N", "--episodes N"]),
    ],
)
def test_help_names_what_can_be_chosen(run: Run, words: tuple[str, ...], shown: list[str]) -> None:
    code, out, _ = run(*words, "--help")
    assert code == 0
    assert "{None}" not in out
    told = " ".join(out.replace("\N{BOX DRAWINGS LIGHT VERTICAL}", " ").split())
    for word in shown:
        assert word in told


@pytest.mark.parametrize(
    ("kinds", "command"),
    [
        *((OBJECTIVES, command) for command in ("fit", "stress", "react")),
        (NETWORKS, "fit"),
        (SEARCHES, "stress"),
        (LEARNERS, "react"),
        (NOISES, "sample"),
    ],
)
def test_help_names_a_kind_that_was_added(
    run: Run, monkeypatch: pytest.MonkeyPatch, kinds: dict[str, Any], command: str
) -> None:
    monkeypatch.setitem(kinds, "mine", None)
    assert ", mine" in " ".join(run(command, "--help")[1].replace("│", "").split())


@pytest.mark.slow
def test_a_model_that_breaks_later_keeps_its_queries_and_resumes_to_the_same_report(
    run: Run, place: Path, done: Path
) -> None:
    words = ["--model", "models_of_mine:late", *GOOD[2:], "--out", "late"]
    code, _, err = run("stress", "digits", *words)
    assert code == 2
    sentence, kept = err.strip().splitlines()[-2:]
    assert "got RuntimeError: the GPU fell off; mend it" in sentence
    assert "late holds checkpoints, the generator, its metrics, the judge, its cut, queries" in kept
    assert kept.endswith("--out late --resume")
    seconds = json.loads((place / "late" / "timings.json").read_text())["stages"]

    (place / "models_of_mine.py").write_text(MODELS.replace("asked > 1600", "False"))
    code, _, _ = run(*kept.partition("go on with: genenv ")[2].split())
    (place / "models_of_mine.py").write_text(MODELS)
    assert code == UNDECIDED
    late = plain(place / "late")
    whole = plain(done)
    late["model"]["name"] = whole["model"]["name"]
    assert late == whole
    timings = json.loads((place / "late" / "report.json").read_text())["timings"]
    assert timings["generator"] == seconds["generator"]


@pytest.mark.slow
def test_numbers_that_stop_being_finite_are_one_sentence_and_what_was_found_stays(
    run: Run, place: Path
) -> None:
    words = ["--model", "models_of_mine:later_nan", *GOOD[2:], "--out", "nans"]
    code, _, err = run("stress", "digits", *words)
    assert code == 2
    assert "to answer with finite numbers, got NaN" in err
    assert len(list((place / "nans" / "findings").glob("*.npz"))) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("done")
def test_another_model_does_not_resume(run: Run, place: Path) -> None:
    worse = MODELS.replace("np.eye(10)[", "np.eye(10)[3 + 0 * ")
    (place / "models_of_mine.py").write_text(worse)
    code, _, err = run("stress", "digits", *GOOD, "--out", "done", "--resume")
    (place / "models_of_mine.py").write_text(MODELS)
    assert code == 2
    assert "got one that answers real rows otherwise; give that model with --resume" in err


@pytest.mark.slow
@pytest.mark.usefixtures("done")
def test_a_given_generator_is_known_and_its_rows_are_told(run: Run, place: Path) -> None:
    words = [
        "--model",
        "models_of_mine:good",
        "--anyway",
        "--generator",
        "done",
        "--search",
        "random",
    ]
    code, _, _ = run("stress", "digits", *words, "--budget", "100", "--seed", "1", "--out", "given")
    assert code == UNDECIDED
    told = re.search(r"trained on (\d+) of the 997 rows", (place / "given/report.html").read_text())
    assert told is not None
    assert 0 < int(told[1]) < 997


@pytest.mark.slow
def test_replay_exits_by_what_is_expected(run: Run, done: Path) -> None:
    rows = len(json.loads((done / "report.json").read_text())["modes"])
    assert rows
    again = ["--model", "models_of_mine:good"]
    code, out, _ = run("replay", "done", *again)
    assert code == 0
    assert "stored failures fail" in out
    code, out, _ = run("replay", "done", *again, "--expect", "pass", "--png", "seen")
    assert code == 1
    assert "not as expected, rows of done/failures:" in out
    told = re.search(r"  row 0: (\d), answered (\d) before, (\d) now, (seen/\S+)\n", out)
    assert told is not None
    assert told[1] != told[2] == told[3]
    assert (done.parent / told[4]).is_file()


@pytest.mark.slow
def test_check_says_that_a_run_which_cannot_be_trusted_decides_nothing(
    run: Run, done: Path, tmp_path: Path
) -> None:
    words = ["check", str(done), "--fail-if", "p_confirmed > 1%", "--fail-if", "accuracy < 0.5"]
    code, out, _ = run(*words, "--junit", str(tmp_path / "j.xml"))
    assert code == UNDECIDED
    assert out.splitlines()[-1] == "investigate: models_of_mine:good on digits"
    assert (tmp_path / "j.xml").is_file()
    assert run(*words[:2])[0] == 2
    assert run("check", "nowhere", *words[2:])[0] == 2


@pytest.mark.slow
def test_check_asks_another_model_what_the_run_asked_its_own(
    run: Run, done: Path, tmp_path: Path
) -> None:
    words = ["--model", "models_of_mine:good", "--fail-if", "accuracy < 0.5"]
    again = tmp_path / "again"
    assert run("check", str(done), *words, "--out", str(again))[0] == UNDECIDED
    before, after = (plain(folder)["searches"][0] for folder in (done, again))
    assert after["name"] == "random"
    assert after == before  # the same model, on the same samples, by the same judge and cut


@pytest.mark.slow
def test_check_of_data_stresses_the_model_first(run: Run, tmp_path: Path) -> None:
    words = ["check", "digits", *GOOD, "--out", str(tmp_path / "first")]
    code, out, _ = run(*words, "--fail-if", "accuracy < 0.5", "--junit", str(tmp_path / "j.xml"))
    assert code == UNDECIDED
    assert "investigate: models_of_mine:good on digits" in out
    assert (tmp_path / "first" / "report.html").is_file()
    assert (tmp_path / "j.xml").is_file()
    assert run("check", "digits", "--fail-if", "accuracy < 0.5")[0] == 2  # no run, and no model


@pytest.mark.parametrize("confirmed", [0, 3])
def test_check_starts_from_stored_failures_where_there_are_some(
    tmp_path: Path, confirmed: int
) -> None:
    (tmp_path / "run.toml").write_text('command = "stress"\ngiven = ["digits"]\nbudget = 64\n')
    left = finished.opened(tmp_path)
    left.content = {"searches": [{"confirmed": confirmed}]}
    check = Check(data=str(tmp_path), model="mine:model", fail_if=("accuracy < 1",))
    words = check._again(
        left, f"genenv check {tmp_path} --model mine:model --fail-if 'accuracy < 1'"
    )
    assert ("--starts-from" in words) == ("stored" in words) == bool(confirmed)
    assert words[:2] == ["stress", "digits"]
    assert "--fail-if" not in words


@pytest.mark.slow
def test_check_imports_nothing_that_a_run_names_without_trust(
    run: Run, done: Path, place: Path, tmp_path: Path
) -> None:
    hostile = tmp_path / "run"
    hostile.mkdir()
    (hostile / "report.json").write_text((done / "report.json").read_text())
    words = ["check", str(hostile), "--model", "models_of_mine:good", "--fail-if", "accuracy < 0.5"]
    code, _, err = run(*words)
    assert code == 2
    assert "genenv check DATA --generator" in err
    (place / "theirs.py").write_text("raise SystemExit('imported')")
    for name in ("criterion", "rules", "preprocess"):
        (hostile / "run.toml").write_text(f'command = "stress"\n{name} = "theirs:run"\n')
        code, _, err = run(*words)
        assert code == 2
        assert f"--trust or --{name} theirs:run" in err


@pytest.mark.slow
def test_export_names_the_recorded_model_and_needs_somewhere_to_write(
    run: Run, done: Path, tmp_path: Path
) -> None:
    code, out, _ = run("export", str(done), "--pytest", str(tmp_path / "test_known.py"))
    assert code == 0
    assert "models_of_mine:good" in (tmp_path / "test_known.py").read_text()
    assert "pytest" in out
    assert "run its code: models_of_mine:good\n" in out
    named = "export", str(done), "--pytest", str(tmp_path / "test_it.py"), "--model", "mine:run"
    assert "run its code" not in run(*named)[1]
    code, _, err = run("export", str(done))
    assert code == 2
    assert "--pytest FILE.py, --png FOLDER or --without-rows FOLDER" in err


def real_rows(folder: Path) -> int:
    """Count rows of the digits among the arrays of a folder."""
    real = {row.tobytes() for row in data.load("digits").x.reshape(-1, 64).astype(np.float64)}
    count = 0
    for path in folder.rglob("*.npz"):
        with np.load(path) as arrays:
            for array in arrays.values():
                if array.dtype.kind in "fiu" and array.size and array[0].size == 64:
                    rows = array.reshape(-1, 64).astype(np.float64)
                    count += sum(row.tobytes() in real for row in rows)
    return count


@pytest.mark.slow
def test_a_run_that_is_forwarded_holds_no_real_row_and_replays_as_before(
    run: Run, done: Path, tmp_path: Path
) -> None:
    to = tmp_path / "forwarded"
    code, out, _ = run("export", str(done), "--without-rows", str(to))
    assert code == 0
    assert "without checkpoints, events.out" in out
    assert real_rows(done) > 64  # those of the replay check, and the nearest ones of failures
    assert real_rows(to) == 0
    assert not [path for path in to.rglob("*") if path.suffix in (".html", ".png", ".gif")]
    assert (
        run("replay", str(to), "--model", "models_of_mine:good")[:2]
        == run("replay", str(done), "--model", "models_of_mine:good")[:2]
    )
    assert run("export", str(done), "--without-rows", str(to))[0] == 2
    (to / "generator" / "spec.json").write_text("{}")  # its digests went along
    assert run("replay", str(to), "--model", "models_of_mine:good")[0] == 2


@pytest.mark.parametrize(
    ("word", "read"),
    [
        ("--out=~/run", "--out=/home/me/run"),
        ("~/run", "/home/me/run"),
        ("--model=~/m.py:model", "--model=/home/me/m.py:model"),
        ("~", "/home/me"),
        ("~me/run", "~me/run"),
        ("a~/b", "a~/b"),
        ("--fail-if=x ~/y", "--fail-if=x ~/y"),
    ],
)
def test_a_tilde_is_the_home_folder_after_an_equals_sign_too(
    word: str, read: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert at_home(["stress", word]) == ["stress", read]


def test_a_sample_goes_home(run: Run, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(place))
    bundle = str(bundled.FOLDER)
    assert run("sample", bundle, "--count", "3", "--out=~/three.npz")[0] == 0
    assert (place / "three.npz").is_file()


@pytest.mark.slow
def test_fit_measures_on_rows_it_held_out_and_sample_draws(run: Run, place: Path) -> None:
    code, out, _ = run("fit", "digits", "--steps", "40", "--out", "fitted")
    assert code == 0
    assert "359 of 1,797 rows were held out for metrics." in out
    assert 0 < json.loads((place / "fitted/metrics.json").read_text())["agreement"] <= 1
    config = json.loads((place / "fitted/config.json").read_text())
    assert config["train"]["count"] == 1438
    assert config["repeat"] == "genenv fit digits --steps 40 --out fitted"
    asked = config["training"]
    assert (asked["device"], asked["network"], asked["threads"]) == ("auto", "auto", 0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    assert config["resolved"] == {
        "network": "mlp", "critic_norm": "none", "penalty": 2.0, "device": device, "threads": 1,
    }  # fmt: skip
    code, out, _ = run("sample", "fitted", "--count", "6", "--label", "3", "--out", "drawn")
    assert (code, out) == (0, "6 samples: drawn.npz\n")
    with np.load(place / "drawn.npz") as file:
        assert file["x"].shape == (6, 8, 8)
        assert (file["y"] == 3).all()
    code, _, err = run("sample", "fitted", "--noise", "pink", "--out", "drawn")
    assert code == 2
    assert ", ".join(NOISES) in err


def test_a_fit_from_another_folder_by_another_path_has_the_same_weights(
    run: Run, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, path in ((place, "unlabelled.npz"), (tmp_path, str(place / "unlabelled.npz"))):
        monkeypatch.chdir(folder)
        code, _, err = run("fit", path, "--no-metrics", "--steps", "2", "--out", "walked")
        assert code == 0, err
    one, two = (at / "walked" / "generator" / "generator.safetensors" for at in (place, tmp_path))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.slow
def test_modes_that_are_known_are_counted_and_the_critic_s_surface_is_drawn(
    run: Run, place: Path
) -> None:
    assert run("fit", "ring", "--steps", "20", "--out", "ringed")[0] == 0
    figures = json.loads((place / "ringed" / "metrics.json").read_text())
    assert 0 <= figures["modes"] <= 8
    assert figures["modes_real"] == 8
    assert figures["modes_samples"] == 2500
    assert figures["high_quality_real"] > 0.97
    assert figures["features"] == "samples"
    assert (place / "ringed" / "critic.png").is_file()


@pytest.mark.slow
def test_data_of_one_class_are_trained_without_labels_and_it_is_told(run: Run, place: Path) -> None:
    code, out, _ = run("fit", "one.npz", "--steps", "2", "--no-metrics", "--out", "single")
    assert code == 0
    assert "there is one class, 0: it is learned without labels" in out
    assert json.loads((place / "single/generator/spec.json").read_text())["classes"] == []


@pytest.mark.slow
@pytest.mark.parametrize("rows", [5, 11, 12, 29])
def test_few_rows_are_measured_where_enough_can_be_held_out(
    run: Run, place: Path, rows: int
) -> None:
    x = np.random.default_rng(0).normal(size=(rows, 3))
    np.savez(place / f"rows{rows}.npz", x=x)
    code, out, err = run("fit", f"rows{rows}.npz", "--steps", "2", "--out", f"rows{rows}")
    assert code == 0, err
    enough = rows >= 12
    assert (place / f"rows{rows}" / "metrics.json").is_file() is enough
    assert (f"6 of {rows} rows were held out for metrics." in out) is enough
    told = "nothing was held out and measured: metrics need 6 rows to learn from and 6 others"
    assert (told in out) is not enough


def test_too_few_rows_to_measure_on_the_way_are_told_before_there_is_a_folder(
    run: Run, place: Path
) -> None:
    np.savez(place / "eleven.npz", x=np.random.default_rng(0).normal(size=(11, 3)))
    code, _, err = run("fit", "eleven.npz", "--metrics-every", "5", "--out", "eleven")
    assert code == 2
    assert "got 11 in eleven; give more, or leave metrics_every out" in err
    assert not (place / "eleven").exists()


@pytest.mark.slow
def test_codes_are_learned_without_labels_and_judged_by_them(run: Run, place: Path) -> None:
    words = ["--categorical", "3", "4", "--continuous", "2", "--steps", "20", "--out", "coded"]
    assert run("fit", "digits", *words)[0] == 0
    figures = json.loads((place / "coded" / "metrics.json").read_text())
    assert 0 < figures["purity"] <= 1
    assert 0 < figures["purity_k_means"] <= 1
    assert (place / "coded" / "traversals.png").is_file()
    assert run("sample", "coded", "--count", "5", "--out", "coded-samples")[0] == 0
    with np.load(place / "coded-samples.npz") as file:
        assert set(file) == {"x"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--batch 5000", "expected a batch of at most 1438 rows"),
        ("--batch 9 --pack 2", "expected a batch that 2 divides, got 9"),
        ("--critic-norm batch --network dcgan", "a gradient penalty is on one row's gradient"),
        ("--device cuda:7", "expected a CUDA device for 'cuda:7'"),
        ("--best agreement --metrics-every 2", "expected best, measured on the way, to be one of"),
        ("--best fid --metrics-every 2", "to be one of frechet, kernel"),
        ("--betas 1 1", "expected beta 1 from 0 to below 1, got 1.0"),
        ("--best frechet", "expected metrics_every above 0 with best"),
        ("--metrics-every 5 --no-metrics", "expected metrics with metrics_every"),
        ("--features nowhere.pth", "nowhere.pth"),
        ("--categorical 1", "expected categorical codes of 2 classes or more"),
    ],
)
def test_a_setting_that_cannot_be_is_one_sentence_and_leaves_no_folder(
    run: Run, place: Path, words: str, sentence: str
) -> None:
    code, _, err = run("fit", "digits", "--steps", "5", "--out", "wrong", *words.split())
    assert code == 2
    assert sentence in err
    assert not (place / "wrong").exists()


@pytest.mark.slow
@pytest.mark.parametrize("words", [["--batch", "60"], ["--batch=60"]])
def test_a_batch_too_large_for_the_memory_ends_in_a_command_that_may_fit(
    run: Run, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    name = f"full{len(words)}"
    with monkeypatch.context() as patch:
        patch.setattr(Game, "step", full)
        code, _, err = run("fit", "digits", *words, "--steps", "4", "--no-metrics", "--out", name)
    assert code == 2
    sentence, note = err.strip().splitlines()[-2:]
    assert "none left at step 0; try a batch of 30, or a smaller width" in sentence
    again = f"genenv fit digits --steps 4 --no-metrics --batch 30 --out {name}-again"
    assert note.endswith(f"begin again with: {again}")
    assert run(*again.split()[1:])[0] == 0


def test_a_training_that_diverged_is_not_to_be_resumed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def diverged(*_: object) -> None:
        raise TrainingDiverged("finite loss terms", "NaN", "lower lr")

    monkeypatch.setattr(Game, "step", diverged)
    _, _, err = run("fit", "digits", "--steps", "4", "--no-metrics", "--out", "diverged")
    assert err.endswith("begin again with that change and another --out\n")


@pytest.mark.slow
def test_envs_lists_every_id(run: Run) -> None:
    code, out, _ = run("envs")
    assert code == 0
    for name in ENVIRONMENTS:
        assert f"{name}  " in out
    assert out.count("    observation ") == out.count("    action ") == len(ENVIRONMENTS)
    assert "action      Box(-1.0, 1.0, (32,), float32)" in out


@pytest.mark.slow
def test_train_takes_arguments_of_the_environment_and_a_policys_zip_with_trust(
    run: Run, place: Path
) -> None:
    with seeding.global_seed(0):
        PPO("MlpPolicy", "CartPole-v1", device="cpu").save(place / "mine.zip")
    given = {"world": "CartPole-v1", "policy": "mine.zip", "horizon": 20}
    words = ["train", "genenv/Disturbance-v0", "--steps", "960", "--episodes", "4"]
    words += ["--arguments", json.dumps(given)]
    code, _, err = run(*words, "--out", "unread")
    assert code == 2
    assert "expected a policy that runs no code of others" in err
    assert not (place / "unread").exists()
    code, out, _ = run(*words, "--trust", "--out", "against-mine")
    assert code == 0
    assert "returns of 4 fresh episodes: interquartile mean" in out
    kept = json.loads((place / "against-mine/config.json").read_text())["preset"]["arguments"]
    assert kept["policy"] == "mine.zip"
    assert "trust" not in kept


@pytest.mark.slow
def test_train_leaves_an_agent_and_says_what_it_is_worth(run: Run, place: Path) -> None:
    name = "genenv/LatentProbe-v0"
    code, out, _ = run("train", name, "--steps", "2048", "--episodes", "16", "--out", "seat")
    assert code == 0
    assert "returns of 16 fresh episodes: interquartile mean" in out
    names = ["random", "best of 16 constants", "its open loop", "outwards", "agent"]
    assert [line.split("  ")[0] for line in out.splitlines() if "[" in line][-5:] == names
    assert agents.load(place / "seat").steps == 2048
    assert list(json.loads((place / "seat" / "returns.json").read_text())) == names
    assert json.loads((place / "seat" / "config.json").read_text())["preset"]["algorithm"] == "ppo"
    words = ["train", "genenv/Forger-v0", "--steps", "1024", "--out", "forged"]
    code, out, _ = run(*words)
    assert code == 0
    assert "returns of 64 fresh episodes: interquartile mean" in out
    (place / "forged/returns.json").unlink()  # as if killed before: the critic is kept
    assert run(*words, "--resume")[1] == out
    returns = place / "seat" / "returns.json"
    kept = json.loads(returns.read_text())
    returns.write_text('{"agent": {"mean": 1.0}}')  # as an older version kept them
    assert (
        run("train", name, "--steps", "2048", "--out", "seat", "--episodes", "16", "--resume")[0]
        == 0
    )
    assert json.loads(returns.read_text()) == kept
    code, _, err = run("train", name, "--out", "seat")
    assert code == 2
    assert "got one that holds a run; add --resume to go on with it, or choose another" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("nowhere/X-v0", "expected an environment with a preset to be one of genenv/"),
        ("genenv/LatentProbe-v0 --steps 0", "expected steps to be a whole number above 0, got 0"),
        ("genenv/LatentProbe-v0 --episodes -1", "expected 2 episodes or more, or 0, got -1"),
        ('genenv/LatentProbe-v0 --arguments {"a":1}', "expected arguments that genenv/LatentProbe"),
        ("genenv/LatentProbe-v0 --arguments 3", "expected arguments as a JSON object, got '3'"),
        ("genenv/LatentProbe-v0 --arguments {", "expected arguments in JSON, got '{'"),
        (
            f"genenv/LatentProbe-v0 --arguments {'[' * 2000}",
            "expected arguments in JSON, got '[[",
        ),
        (
            'genenv/LatentProbe-v0 --arguments {"probe":{}}',
            "arguments that genenv/LatentProbe-v0 takes",
        ),
        ('genenv/Disturbance-v0 --arguments {"horizon":1' + 30 * "0" + "}", "that genenv/Disturb"),
        ('genenv/Disturbance-v0 --arguments {"trust":1}', "expected no trust among the arguments"),
    ],
)
def test_a_training_that_cannot_be_is_one_sentence_and_leaves_no_folder(
    run: Run, place: Path, words: str, sentence: str
) -> None:
    code, _, err = run("train", *words.split(), "--out", "no-seat")
    assert code == 2
    assert sentence in err
    assert not (place / "no-seat").exists()


@pytest.mark.slow
def test_a_disk_that_refuses_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device", "fuller/generator")

    monkeypatch.setattr(networks.Generator, "save", refuse)
    words = ["fit", "digits", "--steps", "20", "--no-metrics", "--out", "fuller"]
    code, _, err = run(*words)
    assert code == 2
    sentence, kept = err.strip().splitlines()[-2:]
    assert sentence.endswith("got No space left on device; make room, or choose another place")
    assert "fuller holds checkpoints; go on with: genenv fit digits" in kept


@pytest.mark.slow
def test_an_interrupt_in_any_stage_exits_130_and_says_how_to_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Progress.stage
    words = ["stress", "digits", "--search", "random", *SMALL, "--no-cache", "--out", "stopped"]
    for stage in ("generator", "generator metrics", "model", "judge", "random"):

        def interrupted(self: Progress, name: str, ends: bool = True, stage: str = stage) -> Any:
            if name == stage:
                signal.raise_signal(signal.SIGINT)
            return before(self, name, ends)

        monkeypatch.setattr(Progress, "stage", interrupted)
        code, _, err = run(*words)
        assert code == 130, stage
        assert "genenv: interrupted\n" in err
        if stage != "generator":
            assert "stopped holds checkpoints, the generator" in err
            assert err.endswith("--out stopped --resume\n")
        words = [*words[:11], "--resume"]


@pytest.mark.slow
def test_a_run_that_is_interrupted_in_a_search_resumes_to_the_same_report(
    run: Run, place: Path, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["stress", "digits", *GOOD, "--out", "broken"]
    ask = Probe.begin
    asked = itertools.count()

    def stop(*given: Any) -> Any:
        if next(asked) == 2:
            signal.raise_signal(signal.SIGINT)
        return ask(*given)

    with monkeypatch.context() as patch:
        patch.setattr(Probe, "begin", stop)
        code, _, err = run(*words)
    assert code == 130
    assert "Traceback" not in err
    assert err.endswith("--out broken --resume\n")
    assert run(*words, "--resume")[0] == UNDECIDED
    assert plain(place / "broken") == plain(done)


@pytest.mark.slow
def test_a_model_that_is_handed_something_else_is_not_searched(run: Run, place: Path) -> None:
    (place / "turned_model.py").write_text(
        "from sklearn.linear_model import LogisticRegression\n"
        "from genenv import data\n"
        "d = data.load('digits')\n"
        "flat = d.x.reshape(-1, 64)\n"
        "model = LogisticRegression(max_iter=100).fit(flat, (d.label + 1) % 10)\n"
    )
    words = ["stress", "digits", "--model", "turned_model.py:model", "--out", "turned"]
    code, _, err = run(*words, "--budget", "64")
    assert code == 2
    assert "expected a model that is handed what it was trained on" in err
    assert "its column 0 is 9, not 0" in err
    assert "or go on with --anyway" in err
    assert not (place / "turned").exists()


ALLOCATOR = "DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (MemoryError("Unable to allocate 3. TiB"), 2, "genenv: expected memory enough for this"),
        (RuntimeError(ALLOCATOR), 2, "genenv: expected memory enough for this, got RuntimeError"),
        (
            RuntimeError("\x1b[2Jnobody foresaw"),
            70,
            "RuntimeError: \\x1b[2Jnobody foresaw\nRUN holds",
        ),
        (KeyError("seed"), 70, "KeyError: 'seed'\nRUN holds"),
    ],
)
def test_a_defect_and_memory_that_ran_out_are_not_what_a_run_came_to(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, told: str
) -> None:
    def broken(_line: str) -> int:
        error.add_note("RUN holds the generator")
        raise error

    monkeypatch.setattr(cli, "parsed", lambda *_: broken)
    left, _, err = run("replay", "RUN")
    assert left == code
    assert told in err
    assert ("Traceback" in err) == (code == 70)
