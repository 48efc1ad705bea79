from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import toys
from scipy import stats

from genenv import data
from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.corruptions import CORRUPTIONS, Corruption, names_for, through_kornia

FAR = 8.0  # a base coordinate at which even draws are 1 to float32


def pictures(shape, dtype, high, n=24):
    """Soft blobs, each somewhere else, on a background that is not flat."""
    rng = np.random.default_rng(0)
    down, across = np.mgrid[: shape[0], : shape[1]] / np.array(shape[:2]).reshape(2, 1, 1)
    middle = rng.uniform(0.3, 0.7, (n, 2, 1, 1))
    blob = np.exp(-40 * ((down - middle[:, 0]) ** 2 + (across - middle[:, 1]) ** 2))
    x = high * (0.75 * blob + 0.2 * rng.random((n, *shape[:2])))
    x = x if len(shape) == 2 else x[..., None] * np.array([1.0, 0.8, 0.5])
    return x.astype(dtype), toys.codec(shape, dtype, (0.0,), (high,))


def table(columns, dtype, n=400):
    """Columns with means and deviations of their own, as `from_arrays` describes them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, columns)) * np.linspace(2, 9, columns) + np.linspace(-9, 30, columns)
    x = np.rint(x).astype(dtype) if np.dtype(dtype).kind == "i" else x.astype(dtype)
    return x, data.from_arrays(x).units


def mixed(rows=400):
    """Rows of a table, with and without an order, some of them missing."""
    loans = data.load("loans")
    return loans.x[:rows], loans.units


DATA = {
    "8 x 8 float32": pictures((8, 8), "float32", 16.0),
    "28 x 28 uint8": pictures((28, 28), "uint8", 255.0),
    "32 x 32 x 3 uint8": pictures((32, 32, 3), "uint8", 255.0),
    "20 x 9 float64": pictures((20, 9), "float64", 0.7),
    "5 columns float32": table(5, "float32"),
    "2 columns float64": table(2, "float64"),
    "7 columns int64": table(7, "int64"),
    "loans": mixed(),
}
APPLY = {
    kind: names
    for kind in CORRUPTIONS
    if (names := [name for name, (_, units) in DATA.items() if kind in names_for(units)])
}  # kind -> data that it applies to
OPTIONAL = {"elastic", "motion-blur", "jpeg"}
BY_CELL = {  # a cell is hit or not
    "impulse",
    "missing",
    "missing-not-at-random",
    "unit-errors",
    "swapped-columns",
    "outliers",
    "category-shift",
    "blank-cells",
    "mistaken-categories",
    "slipped-digits",
}
IN_STEPS = BY_CELL | {"rounding", "jpeg", "measured-badly"}


def case(kind, name) -> tuple[np.ndarray, Corruption]:
    x, units = DATA[name]
    return x, CORRUPTIONS[kind](units)


def plain(kind, shape, dtype="float32") -> Corruption:
    """Make a kind for data that are in [-1, 1] already."""
    ends = ((-1.0,), (1.0,)) if len(shape) > 1 else ((-1.0,) * shape[0], (1.0,) * shape[0])
    return CORRUPTIONS[kind](toys.codec(shape, dtype, *ends))


# ------------------------------------------------------------------ what every kind must keep


def test_every_kind_has_an_example():
    assert set(APPLY) | OPTIONAL == set(CORRUPTIONS)


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_a_kind_bears_the_name_of_its_row_and_its_levels_rise(kind):
    law = CORRUPTIONS[kind]
    assert law.kind == kind
    assert law.domain in ("image", "vector", "table")
    assert len(law.levels) == 5
    assert (np.diff([0, *law.levels]) > 0).all()


@pytest.mark.parametrize("kind", APPLY)
def test_strength_0_is_the_identity_bit_for_bit(kind):
    for name in APPLY[kind]:
        x, law = case(kind, name)
        same = law.sample(x, 0, seed=1)
        assert same.dtype == x.dtype
        assert same.tobytes() == x.tobytes()
        assert not np.shares_memory(same, x)


@pytest.mark.slow
@pytest.mark.parametrize("kind", APPLY)
def test_shape_dtype_and_range_are_kept(kind):
    for name in APPLY[kind]:
        x, law = case(kind, name)
        before = x.copy()
        for strength in (0.5, 5):
            spoilt = law.sample(x, strength, seed=2)
            assert (spoilt.shape, spoilt.dtype) == (x.shape, x.dtype)
            assert np.isfinite(spoilt).all()
            if law.domain == "image":
                assert spoilt.min() >= law.units.low[0]
                assert spoilt.max() <= law.units.high[0]
        assert (x == before).all()


@pytest.mark.parametrize("kind", APPLY)
def test_an_address_gives_the_same_in_any_batch(kind):
    for name in APPLY[kind]:
        x, law = case(kind, name)
        once = law.sample(x, 3, seed=3, start=40)
        cuts = [x[:1], x[1:8], x[8:]]
        twice = [
            law.sample(cut, 3, 3, start) for cut, start in zip(cuts, (40, 41, 48), strict=True)
        ]
        assert once.tobytes() == np.concatenate(twice).tobytes()
        assert torch.equal(law.base(5, seed=3, start=2), law.base(9, seed=3)[2:7])
        assert law.base(1, seed=3).shape == (1, law.base_dim)


@pytest.mark.parametrize("kind", APPLY)
def test_the_mean_change_grows_with_strength(kind):
    for name in APPLY[kind]:
        x, law = case(kind, name)
        wide = x.astype(np.float64)
        change = [np.abs(law.sample(x, strength, seed=4) - wide).mean() for strength in range(6)]
        assert (np.diff(change) > 0).all(), change


@pytest.mark.parametrize("kind", sorted(set(APPLY) - IN_STEPS))
def test_a_path_over_strengths_is_continuous(kind):
    for name in APPLY[kind]:
        x, law = case(kind, name)
        grain = 1.0 if law.units.integer else 0.0
        for strength in (0.0, 1.0, 2.3, 5 - 1e-4):
            here, there = (law.sample(x, s, seed=5) for s in (strength, strength + 1e-4))
            span = x.max().astype(np.float64) - x.min()
            assert np.abs(here.astype(np.float64) - there).max() <= grain + 0.01 * span


@pytest.mark.parametrize("kind", sorted(set(APPLY) & BY_CELL))
def test_a_cell_once_hit_stays_as_it_is(kind):
    for name in APPLY[kind]:
        x, law = case(kind, name)
        weak = law.sample(x, 2, seed=6)
        strong = law.sample(x, 4, seed=6)
        hit = weak != x
        assert 0 < hit.sum() < (strong != x).sum()
        assert (strong[hit] == weak[hit]).all()


@pytest.mark.parametrize("kind", APPLY)
def test_no_rows_are_no_rows(kind):
    for name in APPLY[kind]:
        x, law = case(kind, name)
        assert law.sample(x[:0], 3, seed=0).shape == (0, *x.shape[1:])


@pytest.mark.parametrize("kind", APPLY)
def test_amounts_are_interpolated(kind):
    for name in APPLY[kind]:
        _, law = case(kind, name)
        assert law.amount(0) == 0
        assert law.amount(0.5) == pytest.approx(law.levels[0] / 2)
        assert law.amount(4.25) == pytest.approx(0.75 * law.levels[3] + 0.25 * law.levels[4])
        assert [law.amount(s) for s in range(1, 6)] == list(law.levels)


def test_kinds_draw_each_for_itself():
    shot, gaussian = (case(kind, "28 x 28 uint8")[1] for kind in ("shot", "gaussian"))
    assert not torch.equal(shot.base(1, 0), gaussian.base(1, 0))


def test_names_for_lists_what_applies():
    ours = [kind for kind, law in CORRUPTIONS.items() if law.domain == "image"]
    small = [kind for kind in ours if kind not in OPTIONAL]
    assert names_for(DATA["28 x 28 uint8"][1]) == small
    tables = [kind for kind, law in CORRUPTIONS.items() if law.domain == "vector"]
    assert names_for(DATA["7 columns int64"][1]) == tables
    assert "category-shift" not in names_for(DATA["2 columns float64"][1])
    assert "swapped-columns" not in names_for(table(1, "float32")[1])


def test_what_rows_become_is_what_their_columns_can_hold():
    x, units = DATA["loans"]
    for kind in names_for(units):
        spoilt = CORRUPTIONS[kind](units).sample(x, 5, seed=0)
        assert np.array_equal(units.store(units.tensor(spoilt)), spoilt)
        frame = units.raw_view(spoilt)
        before = units.raw_view(x)
        assert frame.dtypes.equals(before.dtypes)
        assert not frame.equals(before)


def test_blank_cells_are_missing_where_a_column_knows_it():
    x, units = DATA["loans"]
    before, after = (
        units.raw_view(rows)["savings"].isna().mean()
        for rows in (x, CORRUPTIONS["blank-cells"](units).sample(x, 5, seed=0))
    )
    assert after == pytest.approx(before + 0.5 * (1 - before), abs=0.08)


# ------------------------------------------------------------------ the page

PAGE = (Path(__file__).parent.parent / "docs" / "corruptions.md").read_text()


@pytest.mark.parametrize("kind", CORRUPTIONS)
def test_the_page_names_a_kind_with_its_levels_and_what_it_costs(kind):
    levels = ", ".join(f"{level:g}" for level in CORRUPTIONS[kind].levels)
    assert f"| `{kind}` | {levels} | " in PAGE
    (cost,) = [line for line in PAGE.splitlines() if line.startswith(f"| {kind} | ")]
    figures = [float(cell) for cell in cost.strip("| ").split(" | ")[1:]]
    at_3 = [figures[1], figures[4]] if CORRUPTIONS[kind].domain == "vector" else [figures[3]]
    assert min(at_3) > 70


def test_the_code_on_the_page_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    found = {}
    exec(code, found)
    assert np.array_equal(found["same"], found["x"][40:50])
    assert np.array_equal(found["again"], found["same"])


# ------------------------------------------------------------------ images against known answers


def test_rotation_by_90_degrees_is_numpys():
    u = torch.zeros(1, 9, 9)
    u[0, :5, 4] = 1.0  # a hand that points up
    u[0, 4, 6] = 0.5
    law = plain("rotate", (9, 9))
    left, right = (law.change(u, torch.tensor([[e]]), 90.0) for e in (FAR, -FAR))
    assert torch.allclose(left, torch.rot90(u, 1, (1, 2)), atol=1e-5)  # counter-clockwise
    assert torch.allclose(right, torch.rot90(u, -1, (1, 2)), atol=1e-5)


def test_translation_moves_a_pixel_down_and_right():
    u = torch.zeros(1, 8, 16)
    u[0, 3, 5] = 1.0
    moved = plain("translate", (8, 16)).change(u, torch.tensor([[FAR, -FAR]]), 1 / 8)
    assert moved[0, 4, 3].item() == pytest.approx(1.0, abs=1e-5)
    assert moved.sum().item() == pytest.approx(1.0, abs=1e-4)


def test_scaling_by_2_covers_4_times_the_area_and_back():
    u = torch.zeros(1, 16, 16)
    u[0, 6:10, 6:10] = 1.0
    law = plain("scale", (16, 16))
    large, small = (law.change(u, torch.tensor([[e]]), 1.0) for e in (FAR, -FAR))
    assert large.sum().item() == pytest.approx(64, abs=1e-3)
    assert small.sum().item() == pytest.approx(4, abs=1e-3)


def test_shear_slides_a_row_by_its_distance_from_the_middle():
    u = torch.zeros(1, 7, 7)
    u[0, :, 3] = 1.0
    assert torch.allclose(plain("shear", (7, 7)).change(u, torch.tensor([[FAR]]), 1.0)[0],
                          torch.eye(7), atol=1e-5)  # fmt: skip


def test_full_contrast_loss_is_flat_at_the_mean_of_each_colour():
    x = torch.rand(3, 8, 8, 3)
    flat = plain("contrast", (8, 8, 3)).change(x, torch.zeros(3, 0), 1.0)
    assert torch.allclose(flat, x.mean((1, 2), keepdim=True).expand_as(x), atol=1e-6)


def test_occlusion_covers_its_share_within_the_image():
    law = plain("occlusion", (12, 20, 3))
    u = torch.ones(50, 12, 20, 3)
    seen = law.change(u, law.base(50, 0), 0.5)
    assert (1 - seen).sum((1, 2, 3)).tolist() == pytest.approx([36 * 3] * 50, rel=1e-4)
    corner = law.change(u[:1], torch.tensor([[-FAR, FAR]]), 0.5)
    assert not corner[0, :6, 14:].any()


def test_impulses_hit_a_share_of_pixels_in_all_colours():
    law = plain("impulse", (32, 32, 3))
    u = torch.zeros(40, 32, 32, 3)
    hit = law.change(u, law.base(40, 0), 0.2)
    assert hit.abs().mean().item() == pytest.approx(0.2, abs=0.01)
    assert hit.mean().item() == pytest.approx(0.0, abs=0.01)
    assert torch.equal(hit[..., 0], hit[..., 2])


def test_shot_noise_has_the_variance_of_counted_photons():
    law = plain("shot", (32, 32))
    photons = 20
    for brightness in (0.0, 0.25, 1.0):
        u = torch.full((30, 32, 32), 2 * brightness - 1)
        p = (law.change(u, law.base(30, 0), 1 / photons) + 1) / 2
        assert p.mean().item() == pytest.approx(brightness, abs=0.01)
        assert p.var().item() == pytest.approx(brightness / photons, rel=0.03, abs=1e-9)


def test_gaussian_noise_has_its_deviation_as_a_share_of_the_range():
    law = plain("gaussian", (32, 32))
    u = torch.zeros(30, 32, 32)
    noisy = law.change(u, law.base(30, 0), 0.1)
    assert noisy.std().item() == pytest.approx(0.2, rel=0.02)


@pytest.mark.parametrize("sigma", [1e-9, 0.1, 0.6, 2.5])
def test_blur_spreads_a_point_and_leaves_what_is_flat(sigma):
    law = plain("blur", (33, 33))
    u = torch.zeros(1, 33, 33)
    u[0, 16, 16] = 1.0
    spot = law.change(u, torch.zeros(1, 0), sigma / 33)[0].double()
    squared = ((torch.arange(33) - 16.0) ** 2 * spot.sum(1)).sum().item()
    expected = sigma * math.sqrt(2 / math.pi) if sigma < 0.2 else sigma**2 + 1 / 6
    assert spot.sum().item() == pytest.approx(1, abs=1e-4)
    assert squared == pytest.approx(expected, rel=0.02)
    assert torch.allclose(law.change(u + 1 - u, torch.zeros(1, 0), sigma / 33), u + 1 - u)


# ------------------------------------------------------------------ images through kornia


@pytest.fixture
def _kornia():
    pytest.importorskip("kornia", reason="kornia is the optional extra `corruptions`")


@pytest.mark.usefixtures("_kornia")
def test_kinds_through_kornia_apply_from_32_pixels():
    assert set(names_for(DATA["32 x 32 x 3 uint8"][1])) >= OPTIONAL
    assert not OPTIONAL & set(names_for(Pictures((40, 31), "uint8", (0.0,), (255.0,))))


@pytest.mark.slow
@pytest.mark.usefixtures("_kornia")
def test_elastic_shifts_have_the_deviation_asked_for():
    law = plain("elastic", (32, 32))
    n = 600
    ramp = (torch.arange(32) / 16 - 1).expand(n, 32, 32)
    shift = (law.change(ramp, law.base(n, 0), 0.02) - ramp) / 2  # shares of the side
    assert shift[:, 15:17, 15:17].std().item() == pytest.approx(0.02, rel=0.1)


@pytest.mark.usefixtures("_kornia")
def test_motion_blur_draws_a_streak_in_its_direction():
    law = plain("motion-blur", (33, 33))
    u = torch.zeros(2, 33, 33)
    u[:, 16, 16] = 1.0
    e = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    across, down = law.change(u, e, 7 / 33)
    assert across[16, 13:20].tolist() == pytest.approx([1 / 7] * 7, abs=1e-5)
    assert torch.allclose(down, across.T, atol=1e-5)
    assert torch.equal(law.change(u, e, 0.01), u)


@pytest.mark.usefixtures("_kornia")
def test_jpeg_leaves_a_flat_image_and_codes_any_number_of_channels():
    for shape in ((32, 32), (40, 33, 3), (32, 32, 4)):
        u = torch.full((2, *shape), 0.25)
        coded = plain("jpeg", shape).change(u, torch.zeros(2, 0), 20.0)
        assert coded.shape == u.shape
        assert torch.allclose(coded, u, atol=0.03)


@pytest.mark.parametrize("kind", sorted(OPTIONAL))
def test_without_kornia_its_kinds_say_what_to_install(kind, monkeypatch):
    monkeypatch.setattr(through_kornia, "find_spec", lambda _: None)
    units = DATA["32 x 32 x 3 uint8"][1]
    with pytest.raises(Mistake, match=rf"package kornia for {kind}, got none; pip install 'gen"):
        CORRUPTIONS[kind](units)
    assert kind not in names_for(units)


# ------------------------------------------------------------------ tables against known answers


def test_missing_cells_are_a_share_and_hold_their_columns_mean():
    x, units = table(4, "float64", n=5000)
    spoilt = CORRUPTIONS["missing"](units).sample(x, 3, seed=0)
    gone = spoilt != x
    assert gone.mean() == pytest.approx(0.2, abs=0.01)
    for column in range(4):
        assert spoilt[gone[:, column], column] == pytest.approx(x[:, column].mean(), abs=1e-4)


def test_what_is_left_keeps_its_exact_value():
    x = table(3, "float64")[0] + 1e-12
    spoilt = CORRUPTIONS["missing"](data.from_arrays(x).units).sample(x, 3, seed=0)
    assert (spoilt == x).mean() == pytest.approx(0.8, abs=0.05)
    large = np.array([[2**53 - 1, 5], [3, 2**40 + 1], [7, 11]])
    units = data.from_arrays(large).units
    assert (CORRUPTIONS["missing"](units).apply(large, torch.full((3, 2), -FAR), 5) == large).all()


def test_large_values_go_missing_more():
    x, units = table(4, "float64", n=5000)
    gone = CORRUPTIONS["missing-not-at-random"](units).sample(x, 3, seed=0) != x
    high = x > np.median(x, axis=0)
    assert gone.mean() == pytest.approx(0.2, abs=0.015)
    assert gone[high].mean() > 5 * gone[~high].mean()


def test_unit_errors_multiply_by_ten_in_the_users_units():
    x, units = table(4, "float64", n=5000)
    spoilt = CORRUPTIONS["unit-errors"](units).sample(x, 3, seed=0)
    hit = spoilt != x
    assert hit.mean() == pytest.approx(0.02, abs=0.006)
    assert np.allclose(spoilt[hit], 10 * x[hit], rtol=1e-4, atol=1e-3)


def test_integers_stay_within_their_dtype():
    x = np.array([[100, 3], [200, 4], [150, 9]], np.uint8)
    law = CORRUPTIONS["unit-errors"](data.from_arrays(x).units)
    e = torch.full((3, 2), FAR)
    assert law.apply(x, e, 1).tolist() == [[255, 30], [255, 40], [255, 90]]


@pytest.mark.parametrize("columns", [2, 5])
def test_swapped_columns_exchange_pairs_of_a_row(columns):
    x, units = table(columns, "float64", n=2000)
    law = CORRUPTIONS["swapped-columns"](units)
    spoilt = law.sample(x, 5, seed=0)
    moved = np.abs(spoilt - x) > 1e-4
    pairs = columns // 2
    assert moved.mean() == pytest.approx(0.25 * 2 * pairs / columns, abs=0.02)
    assert (moved.sum(1) % 2 == 0).all()
    assert np.allclose(np.sort(spoilt, 1), np.sort(x, 1), atol=1e-4)


def test_the_pair_of_a_row_is_the_one_that_e_orders():
    law = plain("swapped-columns", (4,))
    u = torch.tensor([[1.0, 2.0, 3.0, 4.0]])
    e = torch.tensor([[0.1, 0.4, 0.2, 0.3, FAR, -FAR]])  # order 0 2 3 1: the pair (0, 2) alone
    assert law.change(u, e, 0.5).tolist() == [[3.0, 2.0, 1.0, 4.0]]


def test_outliers_jump_by_five_deviations_both_ways():
    x, units = table(4, "float64", n=5000)
    jump = (CORRUPTIONS["outliers"](units).sample(x, 4, seed=0) - x) / x.std(0)
    hit = np.abs(jump) > 1e-3
    assert hit.mean() == pytest.approx(0.15, abs=0.01)
    assert np.abs(jump[hit]) == pytest.approx(5.0, rel=1e-3)
    assert (jump[hit] > 0).mean() == pytest.approx(0.5, abs=0.03)


def test_a_category_becomes_any_other_one():
    x = np.array([[0, 3], [1, 3], [2, 3], [3, 3]]).repeat(5000, 0)
    law = CORRUPTIONS["category-shift"](data.from_arrays(x).units)
    spoilt = law.sample(x, 5, seed=0)
    assert (spoilt[:, 1] == 3).all()  # a column of one value has no other
    hit = spoilt[:, 0] != x[:, 0]
    assert hit.mean() == pytest.approx(0.4, abs=0.01)
    steps = (spoilt[hit, 0] - x[hit, 0]) % 4
    assert stats.chisquare(np.bincount(steps, minlength=4)[1:]).pvalue > 1e-3


def test_rounding_keeps_steps_from_the_mean():
    law = plain("rounding", (3,))
    u = torch.tensor([[0.2, -0.6, 1.3]])
    assert law.change(u, torch.zeros(1, 0), 0.5).tolist() == [[0.0, -0.5, 1.5]]


def test_drift_goes_one_way_a_column_and_as_far_as_time_says():
    law = plain("drift", (9,))
    u = torch.zeros(4, 9)
    e = torch.tensor([[-FAR], [0.0], [1.0], [FAR]])
    moved = law.change(u, e, 2.0)
    assert moved.abs()[:, 0].tolist() == pytest.approx([0, 1, 2 * stats.norm.cdf(1), 2], abs=1e-5)
    assert torch.equal(moved[1:].sign(), moved[3:].sign().expand(3, 9))
    assert moved[3].unique().numel() == 2


# ------------------------------------------------------------------ mistakes

PICTURE = DATA["28 x 28 uint8"]
COLUMNS = DATA["5 columns float32"]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (
            lambda: CORRUPTIONS["blur"](COLUMNS[1]),
            r"expected image data for blur, got samples of shape \(5,\); choose a .*names_for",
        ),
        (
            lambda: CORRUPTIONS["drift"](PICTURE[1]),
            r"expected vector data for drift, got samples of shape \(28, 28\)",
        ),
        (
            lambda: CORRUPTIONS["jpeg"](PICTURE[1]),
            r"expected images of 32 pixels or more a side for jpeg, got samples of shape \(28",
        ),
        (
            lambda: CORRUPTIONS["jpeg"](COLUMNS[1]),
            r"expected image data for jpeg, got samples of shape \(5,\)",
        ),
        (
            lambda: CORRUPTIONS["category-shift"](COLUMNS[1]),
            "expected integer data for category-shift, .*, got float32; store categories as int",
        ),
        (
            lambda: CORRUPTIONS["category-shift"](PICTURE[1]),
            "expected vector data for category-shift",
        ),
        (
            lambda: CORRUPTIONS["swapped-columns"](table(1, "int64")[1]),
            "expected two columns or more for swapped-columns, got one; choose another kind",
        ),
        (
            lambda: plain("blur", (8, 8)).sample(np.zeros((2, 8, 9)), 1, 0),
            r"expected x of shape \(any, 8, 8\), got shape \(2, 8, 9\)",
        ),
        (
            lambda: plain("rotate", (8, 8)).apply(np.zeros((2, 8, 8)), torch.zeros(2, 3), 1),
            r"expected e of shape \(2, 1\), got shape \(2, 3\)",
        ),
        (
            lambda: plain("drift", (2,)).sample(np.array([[0.0, math.nan]]), 1, 0),
            "expected x to be finite, got NaN or infinity in 1 of 1 rows",
        ),
        *(
            (
                lambda strength=strength: plain("blur", (8, 8)).amount(strength),
                f"expected a strength from 0 to 5, got {strength}; give one in between",
            )
            for strength in (-0.1, 5.01, math.nan)
        ),
    ],
)
def test_a_wrong_argument_is_named(make, sentence):
    with pytest.raises(Mistake, match=sentence):
        make()
