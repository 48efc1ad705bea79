"""Two gloo processes under torchrun train as one."""

import contextlib
import io
import shutil
from pathlib import Path

import pytest
import torch
from pair import Pair
from safetensors.torch import load_file

from genenv import cli, networks
from genenv.checks import Mistake
from genenv.training import checkpoint, distributed
from genenv.training.distributed import World
from genenv.training.draws import DrawnTogether
from genenv.training.machine import pick_device

FIT = [
    *("fit", "ring", "--steps", "12", "--batch", "64", "--width", "16"),
    *("--critic-width", "16", "--no-metrics", "--threads", "1", "--checkpoint-every", "6"),
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two processes that torchrun started."""
    both = Pair(tmp_path_factory.mktemp("pair"))
    yield both
    both.close()


@pytest.fixture(scope="module")
def fit(pair):
    """Train by the command, in this process or in the two; returns what it printed."""

    def called(processes, out, *words):
        given = [*FIT, *words, "--out", str(out)]
        if processes == "two":
            code, said, err = pair.run(*given)
            assert code == 0, err
            return said
        said = io.StringIO()
        with pytest.raises(SystemExit) as left, contextlib.redirect_stdout(said):
            cli.main(given)
        assert left.value.code == 0
        return said.getvalue()

    return called


@pytest.fixture(scope="module")
def folders(tmp_path_factory, fit):
    """The same training by one process and by two."""
    folder = tmp_path_factory.mktemp("runs")
    for processes in ("one", "two"):
        fit(processes, folder / processes)
    return folder


def generator(run):
    return load_file(run / "generator/generator.safetensors")


def cut_back(run, to):
    """Copy a run without its generator and its last checkpoint; return the copy and that."""
    broken = Path(shutil.copytree(run, to))
    last = checkpoint.newest(broken / "checkpoints")
    straight = checkpoint.read(last)[0]
    shutil.rmtree(last)
    shutil.rmtree(broken / "generator")
    assert checkpoint.newest(broken / "checkpoints").name == "step-0000006"
    return broken, straight


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one_to_rounding(folders):
    one = generator(folders / "one")
    two = generator(folders / "two")
    torch.testing.assert_close(one, two, atol=1e-5, rtol=0)


@pytest.mark.slow
def test_what_an_objective_draws_is_of_the_row_and_not_of_the_process(fit, tmp_path):
    made = []
    few = ("--steps", "4", "--penalty", "10")  # Adam has not yet made much of roundings
    for name in ("one", "two"):
        fit(name, tmp_path / name, "--objective", "wgan-gp", *few)
        made.append(generator(tmp_path / name))
    torch.testing.assert_close(*made, atol=1e-6, rtol=0)  # drawn apart they differ by 6e-5


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after"), [("one", "two"), ("two", "one")])
def test_a_checkpoint_goes_on_with_another_number_of_processes(
    fit, folders, tmp_path, before, after
):
    broken, _ = cut_back(folders / before, tmp_path / "broken")
    said = fit(after, broken, "--resume")
    assert "processes differ from the checkpoint's: the run goes on, but not bit" in said
    torch.testing.assert_close(generator(broken), generator(folders / "one"), atol=1e-5, rtol=0)


@pytest.mark.slow
def test_the_leading_process_alone_writes_and_the_run_tells_of_both(folders):
    kinds = [{p.name.split(".")[0] for p in (folders / n).iterdir()} for n in ("one", "two")]
    assert kinds[0] == kinds[1]
    assert len(list((folders / "two").glob("events.out.tfevents*"))) == 1
    plain = checkpoint.read(checkpoint.newest(folders / "two" / "checkpoints"))[1]
    assert (plain["processes"], plain["step"]) == (2, 12)
    assert networks.load(folders / "two" / "generator").sample(5, seed=0)[0].shape == (5, 2)


@pytest.mark.slow
def test_two_processes_resume_to_the_bit(fit, folders, tmp_path):
    broken, straight = cut_back(folders / "two", tmp_path / "broken")
    fit("two", broken, "--resume")
    again = checkpoint.read(checkpoint.newest(broken / "checkpoints"))[0]
    assert straight.keys() == again.keys()
    assert all(torch.equal(straight[name], again[name]) for name in straight)


def test_processes_draw_together_what_one_would_draw():
    def drawn(rank, size):
        rng = torch.Generator().manual_seed(3)
        world = World(rank, size)
        with DrawnTogether(rng, 8 // size, world):
            per_row = torch.rand(8 // size, generator=rng)
            both = torch.randn(2 * 8 // size, 3, generator=rng)
            columns = torch.rand(5, 8 // size, generator=rng)
            return per_row, both, columns, torch.rand(7, generator=rng), torch.rand(4)

    whole = drawn(0, 1)
    first = drawn(0, 2)
    second = drawn(1, 2)
    assert torch.equal(torch.cat([first[0], second[0]]), whole[0])
    real, fake = (torch.cat([p[1][k : k + 4] for p in (first, second)]) for k in (0, 4))
    assert torch.equal(torch.cat([real, fake]), whole[1])
    assert torch.equal(torch.cat([first[2], second[2]], 1), whole[2])
    assert torch.equal(first[3], second[3])
    assert not torch.equal(first[4], second[4])  # of the global state: not touched


def test_one_process_has_all_rows_and_averages_nothing():
    assert distributed.current() == World(0, 1)
    assert distributed.part(8, World()) == slice(0, 8)
    tensor = torch.ones(3)
    distributed.average([tensor], World())
    assert tensor.tolist() == [1, 1, 1]
    assert distributed.agree(5, World())


def test_each_process_has_its_own_rows():
    assert distributed.part(8, World(0, 2)) == slice(0, 4)
    assert distributed.part(8, World(1, 2)) == slice(4, 8)


def test_a_batch_that_the_processes_do_not_divide_is_told():
    with pytest.raises(Mistake, match="a batch that 2 processes divide, got 7; give 6 or 8"):
        distributed.part(7, World(0, 2))


def test_a_process_has_whole_packs_and_the_advice_is_the_batch_of_all():
    assert distributed.part(24, World(1, 2), 3) == slice(12, 24)
    with pytest.raises(
        Mistake, match="a batch that 4 processes divide in packs of 3, got 30; give 24 or 36"
    ):
        distributed.part(30, World(0, 4), 3)
    with pytest.raises(Mistake, match=r"processes divide, got 3; give 4$"):
        distributed.part(3, World(0, 4))


@pytest.mark.parametrize(
    ("device", "rank", "sentence"),
    [
        (
            "cuda:0",
            0,
            "cuda under torchrun, got 'cuda:0'; leave the number out: each",
        ),
        (
            "cuda",
            2,
            "on this machine, got LOCAL_RANK 2 with 2 of them; start at most 2",
        ),
        (
            "auto",
            2,
            "on this machine, got LOCAL_RANK 2 with 2 of them; start at most 2",
        ),
    ],
)
def test_processes_that_have_no_card_of_their_own_are_told(monkeypatch, device, rank, sentence):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for name, value in {"WORLD_SIZE": 3, "RANK": rank, "LOCAL_RANK": rank}.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(Mistake, match=sentence):
        pick_device(device)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert (pick_device("cuda").type, pick_device("cpu").type) == ("cuda", "cpu")


def test_the_place_of_a_process_comes_from_torchrun(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    world = distributed.started_by_torchrun()
    assert (world, world.leads) == (World(1, 4), False)


@pytest.mark.slow
def test_a_batch_that_processes_cannot_share_leaves_no_folder(pair, tmp_path):
    words = [*FIT]
    words[words.index("--batch") + 1] = "63"
    code, _, err = pair.run(*words, "--out", str(tmp_path / "odd"))
    assert code == 2
    assert "expected a batch that 2 processes divide, got 63; give 62 or 64" in err
    assert not (tmp_path / "odd").exists()
