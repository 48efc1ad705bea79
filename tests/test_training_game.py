"""What one step of the game does and leaves undone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import toys
from torch import Tensor

from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.monitoring import Curves
from genenv.networks import name_of
from genenv.objectives import OBJECTIVES, Gan, InfoGan, Relativistic, views
from genenv.training import Trainer, preset
from genenv.training.game import critic_of
from genenv.training.presets import configured

GREY = Pictures((16, 16), "uint8", (0.0,), (255.0,))
LABEL = np.arange(20) % 4


def trainer(objective="relativistic", codes=False, **changes):
    x = np.random.default_rng(0).integers(0, 256, (20, 16, 16), dtype=np.uint8)
    small = {"width": 8, "critic_width": 8, "batch": 8, "latent": 3, "device": "cpu", "steps": 5}
    config = replace(preset(objective, GREY), **(small | changes))
    label, classes = (None, ()) if codes else (LABEL, tuple(range(4)))
    return Trainer(toys.rows(x, label, GREY, classes), config)


def test_the_generator_s_update_leaves_no_gradient_in_the_critic(monkeypatch):
    run = trainer()
    monkeypatch.setattr(run.game.optimizers["critic"], "step", lambda: None)
    run.step()
    after_critic = [p.grad.clone() for p in run.game.critic.parameters()]
    assert all(grad.abs().sum() > 0 for grad in after_critic[:1])
    run.game.optimizers["critic"].zero_grad()
    real, fake, label = run.game.batch
    latent = run.game._latent()
    fake = run.game.generator(latent, label)
    run.game._update_generator(real, fake, latent, label)
    assert all(p.grad is None for p in run.game.critic.parameters())
    assert all(p.requires_grad for p in run.game.critic.parameters())


@pytest.mark.parametrize(("precision", "dtype"), [("bf16", torch.bfloat16), ("32", torch.float32)])
def test_the_critic_computes_in_the_precision_that_was_asked_for(precision, dtype):
    run = trainer("gan", precision=precision, network="dcgan")
    seen = set()
    first = next(m for m in run.game.critic.modules() if isinstance(m, torch.nn.Conv2d))
    first.register_forward_hook(lambda _m, _x, y: seen.add(y.dtype))
    run.step()
    assert seen == {dtype}


@pytest.mark.parametrize(("norm", "sizes"), [("batch", [8, 8, 8]), ("none", [16, 8])])
def test_batch_statistics_are_of_real_rows_or_of_fakes_never_of_both(norm, sizes):
    run = trainer("gan", network="dcgan", critic_norm=norm)
    seen = []
    run.game.critic.register_forward_pre_hook(lambda _m, given: seen.append(len(given[0])))
    run.step()
    assert seen == sizes


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("codes", [(), (3,)])
def test_no_step_asks_the_device_for_a_number(monkeypatch, objective, codes):
    run = trainer(objective, codes=bool(codes), categorical=codes, continuous=2 * bool(codes))
    run.step()  # the first fills caches

    def refused(*_, **__):
        raise AssertionError("the step waits for the host")

    for name in ("item", "tolist", "__float__", "__bool__", "__int__", "numpy"):
        monkeypatch.setattr(Tensor, name, refused)
    run.step()


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("asked", [{}, {"network": "auto"}, {"network": "mlp"}])
def test_the_pair_of_images_is_the_objective_s_unless_one_is_asked_for(objective, asked):
    deep = objective == "relativistic"
    config = configured(objective, GREY, asked)
    usual = "deep-dcgan" if deep else "dcgan"
    assert name_of(critic_of(config, GREY)[0]) == ("mlp" if "mlp" in asked.values() else usual)
    assert config.width == (64 if deep else 32)


@pytest.mark.parametrize("objective", ["relativistic", "wgan-gp"])
@pytest.mark.parametrize("critic_steps", [1, 2])
def test_penalties_are_in_each_of_so_many_critic_updates(objective, critic_steps):
    run = trainer(objective, penalty_every=4, critic_steps=critic_steps)
    names = [f"critic/{name}" for name in run.game.objective.penalties]
    terms = [run.game.step(step, 1e-3) for step in range(8)]
    there = [[name in found for name in names] for found in terms]
    every = 4 // critic_steps
    assert there == [[(step + 1) % every == 0] * len(names) for step in range(8)]


@pytest.mark.parametrize("objective", ["relativistic", "wgan-gp"])
def test_a_rarer_penalty_weighs_as_many_times_as_much(objective):
    """By hand: the gradient of the terms' means, those of the penalties three times."""
    run = trainer(objective, penalty_every=3, critic_steps=1)
    run.step(), run.step()
    game, taken = run.game, {}
    game.optimizers["critic"].register_step_pre_hook(
        lambda *_: taken.update({k: p.grad.clone() for k, p in game.critic.named_parameters()})
    )
    before = {k: v.clone() for k, v in game.critic.state_dict().items()}
    run.step()
    told = run._terms
    assert told.keys() > {f"critic/{name}" for name in game.objective.penalties}
    game.critic.load_state_dict(before)
    real, fake, label = game.batch
    game._address(2)
    game._latent()  # what the step had drawn before
    terms = game.objective.critic_terms(game._bound(label), real, fake, game._rng)
    means = {name: term.mean() for name, term in terms.items()}
    for name, mean in means.items():
        torch.testing.assert_close(told[f"critic/{name}"], mean.detach())
    weights = dict(game.critic.named_parameters())
    penalties = game.objective.penalties
    loss = sum(mean * (3 if name in penalties else 1) for name, mean in means.items())
    slopes = torch.autograd.grad(loss, [*weights.values()], allow_unused=True)
    for name, slope in zip(weights, slopes, strict=True):
        torch.testing.assert_close(taken[name], slope, rtol=1e-4, atol=1e-6)


class Drift(Relativistic):
    """A term more, of every update."""

    def critic_terms(self, critic, real, fake, rng):
        drift = {"drift": critic(real).square()}
        return super().critic_terms(critic, real, fake, rng) | drift


class Misnamed(Drift):
    """Says wrongly what its penalty is."""

    penalties = frozenset({"r3"})


class Whole(Drift):
    """Says that all is penalty."""

    penalties = frozenset({"pairing", "r1", "r2", "drift"})


def test_an_objective_that_changes_the_terms_of_another_has_its_own_between_two_penalties():
    run = trainer(Drift(), penalty_every=2)
    terms = [{name for name in run.game.step(step, 1e-3) if "critic" in name} for step in range(2)]
    assert terms[0] == {"critic/pairing", "critic/drift"}
    assert terms[1] == terms[0] | {"critic/r1", "critic/r2"}


@pytest.mark.parametrize("objective", [Misnamed(), Whole()])
def test_penalties_that_are_no_part_of_the_terms_are_told(objective):
    run = trainer(objective, penalty_every=2)
    with pytest.raises(Mistake, match="names of some of its critic's terms"):
        run.step(), run.step()


def test_a_training_without_a_due_penalty_says_so():
    said = "no penalty was part of the 5 critic updates"
    assert any(said in note for note in trainer(penalty_every=6).notes)
    assert not any(said in note for note in trainer(penalty_every=5).notes)


@pytest.mark.parametrize(("steps", "often"), [(6000, 100), (200, 15), (36, 3)])
def test_points_of_the_curves_are_where_penalties_are_due_if_there_can_be_as_many(steps, often):
    assert configured("relativistic", GREY, {"steps": steps}).log_every == often


def test_the_critic_s_gradient_is_a_curve_of_updates_with_their_penalties():
    run = trainer(penalty_every=2, log_every=1)
    points = []

    class Tracker:
        """Takes the curves."""

        def scalars(self, values, *_):
            points.append(set(values))

    curves = Curves(Tracker(), (np.zeros((20, 16, 16), np.uint8), LABEL))
    curves.begin(run.game, run.config)
    for step in range(1, 5):
        run.step()
        curves.write(step, run._terms, run.game, 1e-3)
    there = [{"gradient/critic", "health/gradient/critic"} <= names for names in points]
    assert there == [False, True, False, True]
    assert all("gradient/generator" in names for names in points)


def test_a_rarer_penalty_wants_an_objective_that_names_its_own():
    with pytest.raises(Mistake, match=r"penalty_every only with .* got 4 with hinge"):
        trainer("hinge", penalty_every=4)
    with pytest.raises(Mistake, match="penalty_every"):
        trainer(penalty_every=0)


@pytest.mark.parametrize("sigma", [0.0, 0.3])
def test_the_critic_sees_real_rows_and_samples_through_as_much_noise(sigma):
    run = trainer(instance_noise=sigma, batch=16)
    seen = []
    run.game.critic.register_forward_pre_hook(lambda _m, given: seen.append(given[0].detach()))
    run.step()
    real, fake, _ = run.game.batch
    noise = [x - clean for x, clean in zip(seen[0].chunk(2), (real, fake.detach()), strict=True)]
    assert [n.std().item() for n in noise] == pytest.approx([sigma, sigma], rel=0.05)
    assert not sigma or abs(torch.corrcoef(torch.stack(noise).flatten(1))[0, 1]) < 0.1


def test_samples_have_no_instance_noise():
    flat = trainer(instance_noise=5.0)
    made, _ = flat.result().sample(8, seed=0)
    assert np.abs(np.diff(made.astype(float), axis=2)).mean() < 30  # of 255; with it: 80


def test_labels_repeat_batch_after_batch():
    run = trainer("gan", critic_norm="none")
    seen = []
    run.game.critic.register_forward_pre_hook(lambda _m, given: seen.append(given[1]))
    run.step()
    label = run.game.batch[2]
    assert torch.equal(seen[0], torch.cat([label, label]))  # real rows, then fakes
    assert torch.equal(seen[1], label)
    assert not torch.equal(seen[0], label.repeat_interleave(2))


def test_a_real_row_shares_its_code_with_its_neighbour_s_view(monkeypatch):
    objective = InfoGan(Gan(), (2,), 0)
    real = torch.tensor([[0.0, 0.0], [5.0, 5.0], [5.1, 5.0], [0.1, 0.0]])  # 0 with 3, 1 with 2
    monkeypatch.setattr(views, "moved", lambda x, _: x)
    p = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]])
    objective.recognition = lambda x: ((p.log().repeat(2, 1),), x[:, :0])
    near = p[[3, 2, 1, 0]]
    mean = p.mean(0)
    expected = -(p * near).sum(1).log().mean() + 4 * (mean * mean.log()).sum()
    found = objective._clusters(real, torch.Generator()).mean()
    torch.testing.assert_close(found, expected)
    assert not torch.isclose(found, -(p * p).sum(1).log().mean() + 4 * (mean * mean.log()).sum())
