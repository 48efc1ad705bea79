"""Data sets from arrays, their units, the bundled ones, splits and batches."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from genenv import codecs, data
from genenv.checks import Mistake
from genenv.codecs import Pictures
from genenv.data import DATA, Batches, from_arrays, split
from genenv.data.splits import LEAST, PARTS
from genenv.data.toys import GRID, RING

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, (40, 10, 12, 3), np.uint8)
LABELS = np.arange(40) % 4
VECTORS = rng.normal(size=(40, 3))
PARTS_OF_REST = [part for part in PARTS if part != "train"]


def labelled(counts, name="arrays"):
    """Vectors with so many rows of each class, in a mixed order."""
    label = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    x = np.random.default_rng(2).normal(size=(len(label), 2))
    return from_arrays(x, label, name)


# units


@pytest.mark.parametrize("x", [IMAGES, IMAGES[..., 0], VECTORS, IMAGES.astype(np.int64)])
def test_units_map_real_rows_and_back_and_images_to_minus_one_and_one(x):
    units = from_arrays(x).units
    rows = units.tensor(x)
    unit = units.encode(rows)
    if units.bounded:
        assert unit.min() >= -1 - 1e-6
        assert unit.max() <= 1 + 1e-6
    back = units.store(units.decode(unit))
    assert back.dtype == x.dtype
    np.testing.assert_allclose(back, x, rtol=0, atol=0 if units.integer else 1e-5)


def test_integer_data_are_rounded_exactly_and_the_gradient_passes_straight_through():
    units = from_arrays(IMAGES).units
    unit = (torch.rand(5, 10, 12, 3) * 2.2 - 1.1).requires_grad_()
    x = units.decode(unit)
    assert torch.equal(x, x.round())
    assert (x.min(), x.max()) == (0, 255)
    (gradient,) = torch.autograd.grad(x.sum(), unit)
    assert torch.equal(gradient, torch.full_like(unit, 127.5))


def test_each_integer_column_is_clamped_to_its_own_range():
    units = from_arrays(np.array([[0, 10], [5, 12], [3, 11]])).units
    x = units.decode(torch.tensor([[3.0, 3.0], [-3.0, -3.0]]))
    assert x.tolist() == [[5, 12], [0, 10]]


def test_integers_beyond_the_dtype_are_cut_off_and_do_not_wrap_around():
    units = from_arrays(IMAGES).units
    assert units.store(torch.tensor([-3.0, 300.0])).tolist() == [0, 255]


def test_a_constant_column_maps_to_zero_and_always_comes_back():
    dataset = from_arrays(np.column_stack([VECTORS, np.full(40, 7.0)]))
    assert dataset.notes == (
        "1 of 4 columns never vary, the first is column 3: samples repeat their value",
    )
    unit = dataset.units.encode(dataset.units.tensor(dataset.x))
    assert torch.equal(unit[:, 3], torch.zeros(40))
    assert torch.equal(dataset.units.decode(unit + 0.4)[:, 3], torch.full((40,), 7.0))


@pytest.mark.parametrize("dtype", [np.float64, np.int64])
def test_columns_that_float32_cannot_tell_apart_are_told(dtype):
    seconds = 1.7e9 + 1e3 * np.random.default_rng(0).standard_normal(40)
    x = np.column_stack([VECTORS * 100, np.full(40, 1.7e9 + 1), seconds]).astype(dtype)
    assert from_arrays(x).notes[1:] == (
        "1 of 5 columns vary little for how large they are, the first is column 4: in float32 it "
        "has steps of 128, which samples keep; subtract its mean",
    )
    x[:, 4] -= dtype(1.7e9)
    assert len(from_arrays(x).notes) == 1  # the constant column's


@pytest.mark.parametrize("x", [IMAGES, IMAGES[..., 0]])
def test_a_picture_is_channels_first_between_zero_and_one(x):
    units = from_arrays(x).units
    picture = units.picture(units.tensor(x))
    assert picture.shape == (40, x.shape[3] if x.ndim == 4 else 1, 10, 12)
    expected = x[..., 0] if x.ndim == 4 else x
    assert np.array_equal(picture[:, 0], expected.astype(np.float32) / 255)


def test_a_picture_follows_any_range_and_images_of_one_value_are_grey():
    x = torch.tensor([-2.0, 0.0, 6.0]).expand(2, 4, 3)
    assert Pictures((4, 3), "float32", (-2.0,), (6.0,)).picture(x)[1, 0, 2].tolist() == [0, 0.25, 1]
    assert (
        Pictures((4, 3), "uint8", (7.0,), (7.0,)).picture(torch.full((2, 4, 3), 7.0)).unique()
        == 0.5
    )


def test_the_map_leaves_what_it_is_given_and_works_after_inference_mode():
    units = Pictures((4, 3), "uint8", (0.0,), (200.0,))
    x = torch.full((2, 4, 3), 3.4)
    with torch.inference_mode():
        units.encode(x)
    u = units.encode(x.requires_grad_())
    for value in (units.decode(u), units.decode(u.detach()), units.picture(x)):
        assert value.shape[0] == 2
    assert units.store(x).tolist() == np.full((2, 4, 3), 3).tolist()
    assert torch.equal(x, torch.full((2, 4, 3), 3.4))
    assert torch.equal(u, (x - 100) / 100)
    u.sum().backward()
    assert torch.allclose(x.grad, torch.tensor(0.01))


def test_units_survive_json():
    units = from_arrays(VECTORS).units
    assert codecs.from_json(units.to_json()) == units


def test_a_tensor_of_stored_rows_is_a_copy():
    x = VECTORS.astype(np.float32)
    x.flags.writeable = False
    from_arrays(x).units.tensor(x).zero_()
    assert x.any()


# arrays


def test_vectors_keep_their_dtype_and_are_standardised_by_column():
    dataset = from_arrays(VECTORS, LABELS, "mine")
    units = dataset.units
    assert (dataset.name, units.shape, units.dtype) == ("mine", (3,), "float64")
    np.testing.assert_array_equal(units.least, VECTORS.min(0))
    np.testing.assert_array_equal(units.most, VECTORS.max(0))
    unit = units.encode(units.tensor(VECTORS)).numpy()
    np.testing.assert_allclose(unit.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(unit.std(0), 1, atol=1e-5)


def test_a_heavy_tail_does_not_squash_its_column():
    x = rng.standard_normal((1000, 2))
    x[0] = 1e4
    units = from_arrays(x).units
    assert np.abs(units.encode(units.tensor(x)).numpy()).max() < 40


def test_integer_vectors_stay_between_their_ends():
    units = from_arrays(np.array([[0, 5], [1, 7], [9, 6]])).units
    far = units.decode(torch.tensor([[-9.0, 0.1], [9.0, 9.0]]))
    np.testing.assert_array_equal(far.numpy(), [[0, 6], [9, 7]])


def test_float_images_span_their_minimum_to_maximum():
    x = rng.uniform(-2, 3, (10, 8, 8)).astype(np.float32)
    assert from_arrays(x).units == Pictures((8, 8), "float32", (float(x.min()),), (float(x.max()),))


def test_bright_uint8_images_span_0_to_255_and_dark_ones_their_maximum():
    assert from_arrays(IMAGES // 2 + 60).units.high == (255,)
    dark = from_arrays((IMAGES // 16).astype(np.uint8))
    assert (dark.units.low, dark.units.high) == ((0,), (15,))
    assert dark.notes == ("uint8 images span 0 to 15, their maximum, instead of 255",)


def test_bools_become_uint8():
    dataset = from_arrays(IMAGES[..., 0] > 127)
    assert (dataset.x.dtype, dataset.units.high) == (np.uint8, (1,))
    assert dataset.notes[0] == "bools were stored as uint8"


def test_big_endian_arrays_and_tensors_are_read():
    np.testing.assert_array_equal(from_arrays(VECTORS.astype(">f8")).x, VECTORS)
    np.testing.assert_array_equal(from_arrays(torch.tensor(VECTORS)).x, VECTORS)


@pytest.mark.parametrize(
    ("y", "classes"),
    [
        (np.array([5, 3, 5, 9]), (3, 5, 9)),
        (np.array(["b", "a", "b", "c"]), ("a", "b", "c")),
        (np.array(["b", "a", "b", "c"], object), ("a", "b", "c")),
        (np.array([b"b", b"a", b"b", b"c"]), ("a", "b", "c")),
        (np.array([5, 3, 5, 9], object), (3, 5, 9)),
        ([5.0, 3.0, 5.0, 9.0], (3, 5, 9)),
        (torch.tensor([5, 3, 5, 9]), (3, 5, 9)),
    ],
)
def test_labels_become_indices_into_the_sorted_classes(y, classes):
    dataset = from_arrays(VECTORS[:4], y)
    assert dataset.classes == classes
    assert [type(c) for c in dataset.classes] == [type(c) for c in classes]
    assert dataset.label.tolist() == [1, 0, 1, 2]
    assert dataset.label.dtype == np.int64


def test_columns_of_truth_values_beside_numbers_are_numbers():
    frame = pd.DataFrame({"x": VECTORS[:, 0], "is_a": VECTORS[:, 0] > 0})
    dataset = from_arrays(frame, np.arange(40) % 2)
    np.testing.assert_array_equal(dataset.x, frame.to_numpy(np.float64))
    assert "objects" in dataset.notes[0]
    with pytest.raises(Mistake, match=r"'a' in column 'word'.*`target`"):
        from_arrays(frame.assign(word="a"))


def test_no_labels_no_classes():
    dataset = from_arrays(VECTORS)
    assert (dataset.label, dataset.classes, len(dataset)) == (None, (), 40)


def nan_at(row):
    x = VECTORS.copy()
    x[row, 1] = np.nan
    return x


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (nan_at(7), "expected samples to be finite, got NaN or infinity in 1 of 40 rows, the first "
         "at row 7; clean or impute these rows"),
        (VECTORS * 1e20, "expected samples within ±1e+18, got "),
        (np.array([["a"]]), "expected samples of integers, floats or bools, got dtype <U1; "),
        (np.array([[1, "a"]], object), "expected samples of integers, floats or bools, got dtype "
         "object; turn the samples into numbers"),
        (VECTORS * 1j, "expected samples of integers, floats or bools, got dtype complex128"),
        ([[1, 2], [3]], "expected an array with rows of one shape, got list with rows of different "
         "shapes; give every row the same shape"),
        (np.arange(5), "expected samples of shape (n, columns), (n, h, w) or (n, h, w, c), got "
         "shape (5,); reshape them, rows first"),
        (np.empty((0, 3)), "got shape (0, 3)"),
        (np.moveaxis(IMAGES, 3, 1), "expected images with the channels last, (n, h, w, c), got "
         "shape (40, 3, 10, 12); move the axis: np.moveaxis(x, 1, -1)"),
        (IMAGES[:, :4], "expected images of 8 to 64 pixels a side, got 4 x 12; resize them"),
        (np.zeros((3, 8, 65)), "expected images of 8 to 64 pixels a side, got 8 x 65"),
        (np.full((3, 8, 8), 4), "expected samples that vary, got the value 4 everywhere; check how "
         "they were read"),
    ],
)  # fmt: skip
def test_bad_samples_are_refused(x, sentence):
    with pytest.raises(Mistake) as error:
        from_arrays(x)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (LABELS[:39], "expected labels of shape (40,), one a sample, got shape (39,); give one"),
        (np.eye(40), "got shape (40, 40); give one label a row (y.argmax(1) for one-hot rows"),
        (VECTORS[:, 0], "expected labels that are integers or strings, got "),
        (np.full(40, np.nan), "expected labels to be finite"),
        (np.array([None] * 40), "expected labels that are integers or strings, got None of dtype"),
    ],
)  # fmt: skip
def test_bad_labels_are_refused(y, sentence):
    with pytest.raises(Mistake) as error:
        from_arrays(VECTORS, y)
    assert sentence in str(error.value)


def test_one_class_is_no_label_and_it_is_told():
    dataset = from_arrays(VECTORS, np.full(40, "cat"))
    assert (dataset.label, dataset.classes) == (None, ())
    assert "there is one class, 'cat': it is learned without labels" in dataset.notes


# what comes by name


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
def test_every_name_loads_labelled_rows_and_the_same_twice(name):
    one = data.load(name)
    two = data.load(name)
    np.testing.assert_array_equal(one.x, two.x)
    assert (one.name, one.x.shape[1:], str(one.x.dtype)) == (name, one.units.shape, one.units.dtype)
    assert set(one.label) == set(range(len(one.classes)))


def test_digits_are_float32_from_0_to_16():
    digits = data.load("digits")
    assert digits.x.shape == (1797, 8, 8)
    assert digits.units == Pictures((8, 8), "float32", (0.0,), (16.0,))
    assert digits.classes == tuple(range(10))
    assert not digits.unconditional


@pytest.mark.parametrize(
    ("name", "centres", "sigma"),
    [("ring", RING.centres, RING.sigma), ("grid", GRID.centres, GRID.sigma)],
)
def test_toys_follow_their_law(name, centres, sigma):
    toy = data.load(name)
    assert toy.unconditional
    assert len(toy) == 20_000
    assert len(np.unique(centres.round(6), axis=0)) == len(centres)
    offsets = (toy.x - centres[toy.label]) / sigma
    assert abs(offsets.mean()) < 0.02
    assert abs(offsets.std() - 1) < 0.02
    within = np.mean(np.linalg.norm(offsets, axis=1) <= 3)
    assert abs(within - 0.9889) < 0.003  # 1 - exp(-9/2)
    shares = np.bincount(toy.label) / len(toy)
    np.testing.assert_allclose(shares, 1 / len(centres), atol=0.01)


def test_the_ring_has_radius_one_and_the_grid_a_pitch_of_two():
    np.testing.assert_allclose(np.linalg.norm(RING.centres, axis=1), 1)
    assert sorted(set(GRID.centres.ravel())) == [-4, -2, 0, 2, 4]


# split


def parts(of):
    return {part: getattr(of, part) for part in PARTS}


def test_digits_split_into_the_rows_of_the_design():
    sizes = {part: len(rows) for part, rows in parts(split(data.load("digits"), 0)).items()}
    assert sizes == {"train": 800, "guide": 250, "audit": 400, "calibration": 200, "test": 147}


@pytest.mark.parametrize("counts", [(500, 700, 597), (40, 2000), (33, 33, 33)])
def test_a_split_is_disjoint_whole_and_stratified(counts):
    dataset = labelled(counts)
    made = split(dataset, 3)
    assert made.shares_rows
    assert sorted(np.concatenate(list(parts(made).values()))) == list(range(len(dataset)))
    for part, rows in parts(made).items():
        assert rows.dtype == np.int64
        share = PARTS[part] / sum(PARTS.values())
        got = np.bincount(dataset.label[rows], minlength=len(counts))
        np.testing.assert_allclose(got, np.array(counts) * share, atol=2)


def test_a_split_follows_its_seed():
    dataset = labelled((200, 200))
    same = zip(parts(split(dataset, 3)).values(), parts(split(dataset, 3)).values(), strict=True)
    assert all(np.array_equal(a, b) for a, b in same)
    assert not np.array_equal(split(dataset, 3).train, split(dataset, 4).train)


def test_a_split_of_unlabelled_rows_is_disjoint_and_whole():
    made = split(from_arrays(VECTORS), 0)
    assert sorted(np.concatenate(list(parts(made).values()))) == list(range(40))


def test_held_out_rows_are_the_judges_and_all_data_train():
    dataset = labelled((50, 60))
    held_out = labelled((1000, 994))
    made = split(dataset, 0, held_out)
    assert not made.shares_rows
    np.testing.assert_array_equal(made.train, np.arange(110))
    rest = [getattr(made, part) for part in PARTS_OF_REST]
    assert [len(rows) for rows in rest] == [500, 800, 400, 294]
    assert sorted(np.concatenate(rest)) == list(range(1994))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("others", [(), (33,), (1000, 77), (50,) * 12])
def test_the_number_of_rows_that_the_mistake_names_is_enough(others, seed):
    with pytest.raises(Mistake, match=r"expected 27 rows or more of each class"):
        split(labelled((10, *others, 300)), seed)
    made = split(labelled((27, *others, 300)), seed)
    label = labelled((27, *others, 300)).label
    for part, rows in parts(made).items():
        assert np.bincount(label[rows]).min() >= LEAST[part]


def test_a_class_with_too_few_rows_is_named():
    with pytest.raises(Mistake) as error:
        split(labelled((300, 3), "mine"), 0)
    assert str(error.value) == (
        "expected 27 rows or more of each class, so that every part has some, got 3 of class 1 "
        "in mine; give more rows of it, or leave that class out"
    )


def test_too_few_unlabelled_rows_are_refused():
    with pytest.raises(Mistake, match=r"^expected 27 rows or more, got 3; give more data$"):
        split(from_arrays(VECTORS[:3]), 0)


@pytest.mark.parametrize(
    ("held_out", "sentence"),
    [
        (from_arrays(IMAGES, LABELS), "expected held-out samples like the data, float64 (3,), got "
         "uint8 (10, 12, 3); bring both into one form"),
        (from_arrays(VECTORS, LABELS + 1), "expected held-out rows of the data's 4 classes, got 4 "
         "classes, different in 0, 4; give rows of every class and of no other"),
        (from_arrays(VECTORS), "got 0 classes, different in 0, 1, 2, 3; "),
    ],
)  # fmt: skip
def test_held_out_rows_of_another_kind_are_refused(held_out, sentence):
    with pytest.raises(Mistake) as error:
        split(from_arrays(VECTORS, LABELS), 0, held_out)
    assert sentence in str(error.value)


# batches


def test_an_epoch_shows_every_row_once_and_drops_the_partial_batch():
    x = np.arange(23, dtype=np.uint8)[:, None]
    batches = Batches(x, np.arange(23), 5, seed=1)
    for epoch in range(2):
        seen = [batches.at(4 * epoch + k)[0].flatten() for k in range(4)]
        assert len(set(torch.cat(seen).tolist())) == 20
    assert not torch.equal(batches.at(0)[0], batches.at(4)[0])


def test_a_batch_is_addressed_by_its_step_alone():
    there, alone = (Batches(IMAGES, LABELS, 16, seed=5) for _ in range(2))
    walked = [there.at(step) for step in range(9)]
    x, label = alone.at(7)
    assert torch.equal(x, walked[7][0])
    assert torch.equal(label, walked[7][1])
    assert not torch.equal(x, Batches(IMAGES, LABELS, 16, seed=6).at(7)[0])


def test_labels_belong_to_their_rows_and_bytes_stay_bytes():
    batches = Batches(IMAGES, np.arange(40), 16, seed=0)
    x, label = batches.at(3)
    assert (x.dtype, label.dtype) == (torch.uint8, torch.int64)
    np.testing.assert_array_equal(x.numpy(), IMAGES[label.numpy()])
    np.testing.assert_array_equal(label.numpy(), batches.rows(3))


def test_batches_without_labels_have_none():
    assert Batches(VECTORS, None, 40, 0).at(0)[1] is None


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(Mistake) as error:
        Batches(VECTORS, None, 41, 0)
    assert str(error.value) == (
        "expected a batch of at most 40 rows, the size of the data, got 41; "
        "give a smaller batch or more data"
    )


def test_labels_that_do_not_match_the_rows_are_refused():
    with pytest.raises(Mistake, match=r"^expected 40 labels, one a row, got 39; give one"):
        Batches(VECTORS, LABELS[:39], 8, 0)


def test_a_batch_of_no_rows_is_refused():
    with pytest.raises(Mistake, match="batch"):
        Batches(VECTORS, None, 0, 0)
