import errno
import json
import os
import random
import re
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
import toys

from genenv import files, objectives
from genenv.checks import Mistake
from genenv.codecs import Pictures, Vectors
from genenv.monitoring import Curves
from genenv.networks import NETWORKS
from genenv.noise import Gaussian
from genenv.objectives import OBJECTIVES
from genenv.tracking import Tracker, read
from genenv.training import (
    Trainer,
    TrainingConfig,
    TrainingDiverged,
    checkpoint,
    machine,
    preset,
    shrunk,
    train,
)
from genenv.training.average import TENTH, TWENTIETH, Average
from genenv.training.machine import pick_device, pick_threads
from genenv.training.presets import configured

GREY = Pictures((8, 8), "uint8", (0.0,), (255.0,))
VECTOR = Vectors((2,), "float64", (-1.0,), (1.0,))
CLASSES = ("a", "b")
SMALL = {"width": 8, "critic_width": 8, "batch": 8, "latent": 3, "device": "cpu"}


def data(units=GREY, rows=20):
    rng = np.random.default_rng(0)
    x = rng.uniform(units.low[0], units.high[0], (rows, *units.shape)).astype(units.dtype)
    return x, np.arange(rows, dtype=np.int64) % 2


def trainer(
    folder=None, units=GREY, conditional=True, tracker=None, noise=None, measure=None, **changes
):
    settings = SMALL | {"steps": 20, "log_every": 5, "checkpoint_every": 1000} | changes
    x, label = data(units)
    return Trainer(
        toys.rows(x, label if conditional else None, units, CLASSES if conditional else ()),
        replace(preset(settings.pop("objective", "relativistic"), units), **settings),
        noise=noise,
        folder=folder,
        monitor=None if tracker is None else Curves(tracker, (x, label if conditional else None)),
        measure=measure,
    )


def everything(run):
    from genenv.training import state

    return state.pack(run.game.modules, run.game.optimizers)


def assert_bit_equal(a, b):
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def assert_resume_is_exact(folder, at, **settings):
    """Compare a training that is cut after `at` of its steps with one that is not; returns it."""
    straight = trainer(**settings)
    straight.fit()
    first = trainer(folder, **settings)
    for _ in range(at):
        first.step()
    first.save()
    torch.manual_seed(123)  # no global state may matter
    second = trainer(folder, **settings)
    assert second.resume() == at
    second.fit()
    assert second.done == straight.done == 20
    assert_bit_equal(everything(second), everything(straight))
    return second


GAMES = [(o, n, u) for o in OBJECTIVES for n in NETWORKS for u in (GREY, VECTOR)]
GAMES = [(o, n, u) for o, n, u in GAMES if n in u.networks]


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "network", "units"), GAMES)
def test_resume_is_exact_to_the_bit(tmp_path, objective, network, units):
    assert_resume_is_exact(tmp_path, 10, objective=objective, network=network, units=units)


@pytest.mark.parametrize(("objective", "steps"), [("relativistic", 1), ("wgan-gp", 2)])
def test_resume_between_two_penalties_is_exact_to_the_bit(tmp_path, objective, steps):
    settings = {"objective": objective, "critic_steps": steps, "penalty_every": 4}
    assert_resume_is_exact(tmp_path, 9, **settings)


@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_training_moves_both_networks_and_returns_a_frozen_generator(precision):
    run = trainer(precision=precision, network="dcgan")
    before = {name: t.clone() for name, t in everything(run).items()}
    run.fit()
    moved = [n for n, t in everything(run).items() if n in before and not torch.equal(t, before[n])]
    assert any(n.startswith("module/generator") for n in moved)
    assert any(n.startswith("module/critic") for n in moved)
    generator = run.result()
    assert not generator.training
    assert not any(p.requires_grad for p in generator.parameters())
    assert generator.objective == "relativistic"
    x, label = generator.sample(4, seed=0)
    assert x.dtype == np.uint8
    assert generator.score(x, label).shape == (4,)
    assert generator.notes[0].startswith("trained on cpu in ")


def test_two_trainings_are_equal_and_the_seed_matters():
    states = []
    for seed in (0, 0, 1):
        run = trainer(seed=seed)
        run.fit()
        states.append(everything(run))
    assert_bit_equal(states[0], states[1])
    name = "module/generator/body.0.weight"
    assert not torch.equal(states[0][name], states[2][name])


def test_training_leaves_the_global_random_state_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    trainer().fit()
    assert torch.equal(torch.rand(3), expected)


def test_a_training_sets_its_threads_and_gives_them_back():
    before = torch.get_num_threads()
    seen = []
    torch.set_num_threads(2)
    try:
        trainer(threads=1, steps=2).fit(lambda _: seen.append(torch.get_num_threads()))
        assert seen == [1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_small_networks_get_one_thread_and_large_ones_and_images_torch_s_default(monkeypatch):
    monkeypatch.setattr(machine, "DEFAULT_THREADS", 7)
    assert pick_threads(0, 999_999) == 1
    assert pick_threads(0, 1_000_000) == 7
    assert pick_threads(0, 10, images=True) == 7
    assert pick_threads(3, 10) == 3


def test_the_average_follows_parameters_and_copies_buffers():
    run = trainer(ema=0.9, steps=100)
    average = None
    for step in range(6):
        run.step()
        now = run.game.generator.body[0].weight.detach().clone()
        average = now if step == 0 else 0.9 * average + 0.1 * now
    torch.testing.assert_close(run.game.ema.module.body[0].weight.detach(), average)
    assert torch.equal(
        run.game.ema.module.body[1].running_mean, run.game.generator.body[1].running_mean
    )


@pytest.mark.parametrize(
    ("objective", "horizon", "gamma"),
    [("relativistic", 0.05, TWENTIETH), ("wgan-gp", 0.05, TWENTIETH), ("gan", 0.1, TENTH)],
)
def test_unless_told_the_average_forgets_over_a_share_of_the_steps_so_far(
    objective, horizon, gamma
):
    module = torch.nn.Linear(1, 1, bias=False)
    average = Average(module, None, trainer(objective=objective).game.ema._gamma)
    steps = 400
    for step in range(1, steps + 1):
        module.weight.data.fill_(step / steps)  # so that the average is the mean age of its share
        average.update(step)
    shares = np.arange(1, steps + 1) / steps
    weights = shares**gamma / (shares**gamma).sum()
    mean = (weights * shares).sum()
    assert average.module.weight.item() == pytest.approx(mean, abs=2e-3)
    width = np.sqrt((weights * (shares - mean) ** 2).sum())
    assert width == pytest.approx(horizon, abs=2e-3)


def test_the_average_can_be_left_out():
    run = trainer(steps=3, ema=0.0)
    run.fit()
    assert torch.equal(run.game.ema.module.body[0].weight, run.game.generator.body[0].weight)


class Seen(objectives.Gan):
    """Notes the fakes of both players."""

    def __init__(self):
        self.by_critic = []
        self.by_generator = []

    def critic_terms(self, critic, real, fake, rng):
        assert not fake.requires_grad
        self.by_critic.append(fake)
        return super().critic_terms(critic, real, fake, rng)

    def generator_terms(self, critic, real, fake, latent, rng):
        self.by_generator.append(fake.detach())
        return super().generator_terms(critic, real, fake, latent, rng)


def test_the_generator_learns_from_the_fakes_that_the_critic_saw_last():
    run = trainer(critic_steps=2)
    run.game.objective = seen = Seen()
    for _ in range(3):
        run.step()
    assert len(seen.by_critic) == 6
    assert not torch.equal(seen.by_critic[0], seen.by_critic[1])
    for last, fake in zip(seen.by_critic[1::2], seen.by_generator, strict=True):
        assert torch.equal(last, fake)


def test_a_training_lays_weights_out_as_images_come_and_hands_them_over_as_on_disk():
    run = trainer(network="dcgan", steps=2)
    run.fit()
    for module in (run.game.generator, run.game.critic, run.game.ema):
        weights = [p for p in module.parameters() if p.ndim == 4]
        assert weights
        assert all(p.is_contiguous(memory_format=torch.channels_last) for p in weights)
    generator = run.result()
    for module in (generator, generator.kept_critic):
        assert all(p.is_contiguous() for p in module.parameters())


def test_the_learning_rate_falls_to_its_floor_on_a_cosine():
    run = trainer(steps=10, lr=1.0, lr_floor=0.2)
    rates = []
    for _ in range(10):
        rates.append(run.config.rate(run.done))
        run.done += 1
    assert rates[0] == 1.0
    assert rates[5] == pytest.approx(0.6)
    assert run.config.rate(run.done) == pytest.approx(0.2)


def test_weights_of_a_clipped_critic_stay_in_bounds():
    run = trainer(objective="wgan")
    run.fit()
    assert max(p.abs().max().item() for p in run.game.critic.parameters()) <= 0.01 + 1e-9


class Poisoned(objectives.Gan):
    """NaN in one term from one call on."""

    def __init__(self, at):
        self.calls = 0
        self.at = at

    def critic_terms(self, critic, real, fake, rng):
        terms = super().critic_terms(critic, real, fake, rng)
        self.calls += 1
        return terms | {"fake": terms["fake"] * (float("nan") if self.calls > self.at else 1.0)}


def test_nan_stops_with_the_term_the_step_and_the_last_good_checkpoint(tmp_path):
    run = trainer(tmp_path, log_every=10, checkpoint_every=4)
    run.game.objective = Poisoned(at=6)
    with pytest.raises(TrainingDiverged, match=r"in critic/fake at step 6; .*step-0000004"):
        run.fit()
    assert checkpoint.newest(tmp_path).name == "step-0000004"
    assert [p.name for p in tmp_path.iterdir()] == ["step-0000004"]


def test_a_generator_that_diverged_is_not_measured():
    run = trainer(measure=lambda _: pytest.fail("measured"), log_every=20, metrics_every=4)
    run.game.objective = Poisoned(at=2)
    with pytest.raises(TrainingDiverged, match=r"in critic/fake at step 2; "):
        run.fit()


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"objective": "gan"}, "lower lr"),
        ({"penalty_every": 1}, "lower lr or raise the penalty"),
        (
            {"penalty_every": 3},
            "lower lr or raise the penalty, in every update (penalty_every 1)",
        ),
    ],
)
def test_the_advice_after_a_divergence_names_what_the_training_has(changes, advice):
    run = trainer(log_every=1, **changes)
    with torch.no_grad():
        run.game.critic.head.weight[0, 0] = float("nan")
    with pytest.raises(TrainingDiverged, match=rf"; {re.escape(advice)}; no checkpoint"):
        run.fit()


def test_poisoned_weights_are_never_saved(tmp_path):
    run = trainer(tmp_path)
    run.step()
    with torch.no_grad():
        run.game.critic.head.weight[0, 0] = float("inf")
    with pytest.raises(TrainingDiverged, match=r"the weights of critic at step 0; .*no checkpoint"):
        run.save()
    assert not list(tmp_path.iterdir())


def test_half_written_checkpoints_are_passed_over(tmp_path):
    run = trainer(tmp_path)
    for _ in range(2):
        run.step()
        run.save()
    good = checkpoint.newest(tmp_path)
    assert good.name == "step-0000002"
    (tmp_path / ".part-step-0000003").mkdir()
    (tmp_path / "step-0000004").mkdir()
    damaged = tmp_path / "step-0000005"
    damaged.mkdir()
    for file in good.iterdir():
        (damaged / file.name).write_bytes(file.read_bytes())
    with (damaged / "tensors.safetensors").open("r+b") as file:
        file.truncate(100)
    assert checkpoint.newest(tmp_path) == good
    assert trainer(tmp_path).resume() == 2


@pytest.mark.parametrize("name", ["state.json", "tensors.safetensors", "sha256.json"])
def test_a_checkpoint_with_any_byte_flipped_or_cut_to_any_length_is_passed_over(tmp_path, name):
    run = trainer(tmp_path)
    for _ in range(2):
        run.step()
        run.save()
    good = tmp_path / "step-0000001"
    newest = tmp_path / "step-0000002"
    whole = (newest / name).read_bytes()
    rng = random.Random(0)
    for _ in range(40):
        at = rng.randrange(len(whole))
        flipped = bytes([whole[at] ^ (1 << rng.randrange(8))])
        for damaged in (whole[:at], whole[:at] + flipped + whole[at + 1 :]):
            (newest / name).write_bytes(damaged)
            assert checkpoint.newest(tmp_path) == good
            with pytest.raises(Mistake, match="expected a whole checkpoint in"):
                checkpoint.read(newest)
    assert trainer(tmp_path).resume() == 1


def test_checkpoints_are_written_by_the_clock_too(tmp_path, monkeypatch):
    now = iter(range(10_000))
    monkeypatch.setattr("genenv.training.trainer.time.monotonic", lambda: next(now))
    trainer(tmp_path / "steps", steps=12, checkpoint_seconds=0, keep=99).fit()
    assert [p.name for p in checkpoint.every(tmp_path / "steps")] == ["step-0000012"]
    trainer(tmp_path / "clock", steps=12, checkpoint_seconds=4, keep=99).fit()
    steps = [int(p.name[-2:]) for p in checkpoint.every(tmp_path / "clock")]
    assert len(steps) >= 3
    assert steps[-1] == 12
    one, two = (checkpoint.read(tmp_path / f / "step-0000012")[0] for f in ("steps", "clock"))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_full_disk_is_told_and_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    run = trainer(tmp_path)
    run.step()
    good = run.save()
    run.step()

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(Mistake, match=r"MB to write in .*No space left on device; make room"):
        run.save()
    assert list(tmp_path.iterdir()) == [good]
    assert trainer(tmp_path).resume() == 1


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_only_the_last_checkpoints_stay(tmp_path, keep):
    trainer(tmp_path, checkpoint_every=5, keep=keep).fit()
    names = ["step-0000010", "step-0000015", "step-0000020"]
    assert sorted(p.name for p in tmp_path.iterdir()) == names[-keep:]


def scored(values):
    """A measure that gives these values of `frechet` one after the other."""
    left = iter(values)
    return lambda _: {"frechet": next(left)}


def test_the_best_generator_is_kept_and_is_the_result(tmp_path):
    seen = []

    def measure(generator):
        seen.append({k: t.clone() for k, t in generator.state_dict().items()})
        return {"frechet": [3.0, 1.0, 2.0, 4.0][len(seen) - 1]}

    settings = {"metrics_every": 5, "best": "frechet", "checkpoint_every": 5}
    run = trainer(tmp_path, measure=measure, **settings)
    run.fit()
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"best-0000010", "step-0000015", "step-0000020"}
    result = run.result()
    assert all(torch.equal(t, seen[1][k]) for k, t in result.state_dict().items())
    assert result.notes[-1].startswith("the generator of step 10 was kept: its frechet of 1 is")


def test_a_resumed_run_keeps_the_best_that_it_had(tmp_path):
    settings = {"metrics_every": 5, "best": "frechet", "checkpoint_every": 5}
    first = trainer(tmp_path, measure=scored([1.0, 2.0]), **settings)
    while first.done < 12:
        first.step()
        first._look()
    second = trainer(tmp_path, measure=scored([3.0, 4.0]), **settings)
    assert second.resume() == 10
    second.fit()
    assert second.best.at == {"step": 5, "value": 1.0}
    assert (tmp_path / "best-0000005").is_dir()


def test_a_metric_that_is_not_measured_is_told(tmp_path):
    run = trainer(tmp_path, measure=scored([1.0]), metrics_every=5, best="recall")
    with pytest.raises(Mistake, match="best to be one of frechet, got 'recall'"):
        run.fit()


def test_memory_that_runs_out_is_told_with_a_batch_to_try(tmp_path, monkeypatch):
    run = trainer(tmp_path, checkpoint_every=3)

    def full(index, rate, step=run.game.step):
        if index == 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return step(index, rate)

    monkeypatch.setattr(run.game, "step", full)
    with pytest.raises(Mistake, match=r"a batch of 8, got none left at step 4; try a batch of 4,"):
        run.fit()
    assert trainer(tmp_path).resume() == 3


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 3 bytes"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("CUDA error: out of memory"),
    ],
)
@pytest.mark.parametrize("where", ["genenv.networks.build", "genenv.data.batches._resident"])
def test_networks_and_data_that_do_not_fit_are_told(monkeypatch, where, error):
    def full(*_, **__):
        raise error

    monkeypatch.setattr(where, full)
    with pytest.raises(
        Mistake, match="widths of 8 and 8, got none left before the first step; try"
    ):
        trainer()


def test_other_errors_are_not_taken_for_lack_of_memory(monkeypatch):
    run = trainer()

    def broken(*_):
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(run.game, "step", broken)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        run.fit()


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["batch", "spectral"])
def test_resume_is_exact_with_packs_and_normalised_critics(tmp_path, norm):
    settings = {"objective": "hinge", "network": "dcgan", "critic_norm": norm, "pack": 2}
    second = assert_resume_is_exact(tmp_path, 10, **settings)
    assert f"critic with {norm} norm of packs of 2" in second.notes[0]


@pytest.mark.slow
def test_codes_are_learned_without_labels_and_resume_is_exact(tmp_path):
    settings = {"conditional": False, "categorical": (3,), "continuous": 2}
    straight = trainer(**settings)
    straight.fit()
    first = trainer(tmp_path, **settings)
    for _ in range(10):
        first.step()
    first.save()
    second = trainer(tmp_path, **settings)
    second.resume()
    second.fit()
    assert_bit_equal(everything(second), everything(straight))
    noise = second.result().noise
    assert [type(part).__name__ for part in noise.parts] == ["Categorical", "Uniform", "Gaussian"]
    assert noise.dim == 3 + 2 + 3


def test_a_preset_s_batch_shrinks_to_the_rows_and_a_chosen_one_stays():
    usual = preset("relativistic", GREY)
    assert shrunk(usual, GREY, 1000) is usual
    assert shrunk(usual, GREY, 20).batch == 20
    assert shrunk(replace(usual, pack=8), GREY, 20).batch == 16
    chosen = replace(usual, batch=30)
    assert shrunk(chosen, GREY, 20) is chosen


def test_ctrl_c_finishes_the_step_saves_and_is_raised_again(tmp_path):
    def press(_):
        if run.done == 7:
            os.kill(os.getpid(), signal.SIGINT)

    run = trainer(tmp_path)
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run.fit(press)
    assert signal.getsignal(signal.SIGINT) is handler
    again = trainer(tmp_path)
    straight = trainer()
    assert again.resume() == 7
    again.fit()
    straight.fit()
    assert_bit_equal(everything(again), everything(straight))


def test_a_second_ctrl_c_interrupts_inside_the_step_and_saves_nothing(tmp_path):
    run = trainer(tmp_path)

    class Impatient(objectives.Gan):
        def generator_terms(self, *arguments):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            return super().generator_terms(*arguments)

    run.game.objective = Impatient()
    with pytest.raises(KeyboardInterrupt):
        run.fit()
    assert not list(tmp_path.iterdir())


def test_progress_adds_up_also_after_a_resume(tmp_path):
    calls = []
    run = trainer(tmp_path, steps=10, checkpoint_every=5)
    run.fit(calls.append)
    assert sum(calls) == 10
    again = trainer(tmp_path, steps=10)
    calls = []
    again.resume()
    again.fit(calls.append)
    assert sum(calls) == 10


def test_resume_refuses_other_settings_noise_and_rows(tmp_path):
    run = trainer(tmp_path)
    run.step()
    run.save()
    with pytest.raises(Mistake, match="another value of lr, seed;"):
        trainer(tmp_path, lr=0.5, seed=3).resume()
    with pytest.raises(Mistake, match="another value of noise;"):
        trainer(tmp_path, noise=Gaussian(4)).resume()
    x, label = data(rows=18)
    with pytest.raises(Mistake, match="another value of rows;"):
        Trainer(toys.rows(x, label, GREY, CLASSES), run.config, folder=tmp_path).resume()
    assert trainer(tmp_path, log_every=7).resume() == 1


def test_resume_elsewhere_goes_on_and_says_so(tmp_path):
    run = trainer(tmp_path)
    run.step()
    state_file = run.save() / "state.json"
    state_file.write_text(
        json.dumps(json.loads(state_file.read_text()) | {"torch": "2.0", "threads": 3})
    )
    (state_file.parent / "sha256.json").unlink()
    again = trainer(tmp_path)
    again.resume()
    assert again.notes[-1].startswith("torch and threads differ from the checkpoint's")
    fresh = trainer(tmp_path / "empty")
    assert fresh.resume() == 0
    assert fresh.notes[-1] == "no checkpoint was found, training started at step 0"


@pytest.mark.slow
@pytest.mark.parametrize("units", [GREY, VECTOR])
def test_curves_and_pictures_are_written(tmp_path, units):
    with Tracker(tmp_path) as tracker:
        trainer(units=units, tracker=tracker, picture_every=10).fit()
    curves = read(tmp_path)
    assert {
        "loss/critic/pairing",
        "loss/critic/r1",
        "loss/critic/r2",
        "loss/generator/adversarial",
        "critic/real",
        "critic/fake",
        "gradient/generator",
        "gradient/critic",
        "samples_per_second",
        "lr",
    } <= curves.keys()
    assert curves["critic/real"][0].tolist() == [5, 10, 15, 20]
    assert all(np.isfinite(values).all() for _, values in curves.values())


@pytest.mark.slow
def test_watching_does_not_change_the_weights(tmp_path):
    with Tracker(tmp_path) as tracker:
        watched = trainer(tmp_path / "c", objective="gan", network="dcgan", tracker=tracker)
        watched.fit()
    alone = trainer(objective="gan", network="dcgan", log_every=3)
    alone.fit()
    assert_bit_equal(everything(watched), everything(alone))


@pytest.mark.slow
def test_train_learns_where_the_data_lie(tmp_path):
    rng = np.random.default_rng(0)
    label = np.arange(200, dtype=np.int64) % 2
    x = (rng.normal(0, 0.05, (200, 2)) + np.where(label[:, None] == 0, -0.5, 0.5)).astype("f4")
    config = replace(preset("relativistic", VECTOR), steps=300, width=32, critic_width=32, batch=64)
    generator = train(
        toys.rows(x, label, VECTOR, CLASSES), replace(config, device="cpu"), folder=tmp_path
    )
    made, asked = generator.sample(400, seed=1)
    for c, centre in enumerate((-0.5, 0.5)):
        assert np.abs(made[asked == c].mean(0) - centre).max() < 0.15
    resumed = train(
        toys.rows(x, label, VECTOR, CLASSES),
        replace(config, device="cpu"),
        folder=tmp_path,
        resume=True,
    )
    np.testing.assert_array_equal(resumed.sample(9)[0], generator.sample(9)[0])


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("shape", [(2,), (8, 8), (28, 28), (32, 32, 3)])
def test_every_objective_has_a_preset_for_every_kind_of_data(objective, shape):
    config = preset(objective, toys.codec(shape, "float32", (0.0,), (1.0,)))
    assert config.objective == objective
    if objective == "wgan":
        assert (config.optimizer, config.critic_steps) == ("rmsprop", 5)


X, LABEL = data()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: TrainingConfig(objective="x"), "objective to be one of"),
        (lambda: TrainingConfig(network="x"), "network to be one of"),
        (lambda: TrainingConfig(optimizer="sgd"), "optimizer to be one of adam, rmsprop"),
        (lambda: TrainingConfig(precision="16"), "precision to be one of 32, bf16, tf32"),
        (lambda: TrainingConfig(steps=0), "steps to be a whole number above 0"),
        (lambda: TrainingConfig(ema=1.5), "ema from 0 to 1"),
        (lambda: TrainingConfig(threads=-1), "threads of 0 or more"),
        (lambda: TrainingConfig(batch=9, pack=2), "a batch that 2 divides, got 9; give 8 or 10"),
        (lambda: TrainingConfig(categorical=(1,)), "categorical codes of 2 classes or more"),
        (lambda: TrainingConfig(critic_norm="layer"), "critic_norm to be one of auto, none"),
        (lambda: TrainingConfig(best="frechet"), "metrics_every above 0 with best"),
        (lambda: TrainingConfig(best="charm", metrics_every=5), "metric to be one of"),
        (lambda: trainer(batch=21), "a batch of at most 20 rows"),
        (lambda: trainer(categorical=(2,)), "no labels beside categorical codes"),
        (lambda: trainer(critic_norm="batch", network="dcgan"), "batch norm"),
        (lambda: trainer(objective="wgan", critic_norm="spectral"), "spectral"),
        (lambda: TrainingConfig(penalty=-1.0), "penalty above 0"),
        (lambda: TrainingConfig(objective="gan", penalty=1.0), "a penalty only with"),
        (lambda: pick_device("tpu"), "device to be auto, cpu, cuda or cuda:N"),
        (lambda: pick_device("cpu:x"), "device to be auto, cpu, cuda or cuda:N"),
        (lambda: pick_device("cuda:99"), "a CUDA device for 'cuda:99'"),
        (lambda: trainer().save(), "a folder for checkpoints"),
        (lambda: Trainer(toys.rows(X[:1], None, GREY, ()), TrainingConfig()), "at least 2 rows"),
        (
            lambda: Trainer(toys.rows(X, LABEL, GREY, ()), TrainingConfig()),
            "label and classes together",
        ),
        (
            lambda: Trainer(toys.rows(X, LABEL, GREY, ("a",)), TrainingConfig()),
            "labels from 0 to 0",
        ),
        (
            lambda: Trainer(toys.rows(X, LABEL[:3], GREY, CLASSES), TrainingConfig()),
            "label of shape",
        ),
        (lambda: Trainer(toys.rows(X, None, VECTOR, ()), TrainingConfig()), "x of shape"),
        (
            lambda: Trainer(toys.rows(X * np.nan, None, GREY, ()), TrainingConfig()),
            "x to be finite",
        ),
    ],
)
def test_mistakes_are_told(make, sentence):
    with pytest.raises(Mistake, match=sentence):
        make()


def test_a_checkpoint_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(Mistake, match="a whole checkpoint in"):
        checkpoint.read(tmp_path)


def test_a_short_training_logs_more_often_unless_it_was_said_how_often():
    units = Vectors((2,), "float32", (0.0, 0.0), (1.0, 1.0))
    every = [
        configured("gan", units, changes).log_every
        for changes in ({"steps": 100}, {"steps": 5}, {"steps": 100, "log_every": 60}, {})
    ]
    assert every == [8, 1, 60, 100]
