"""Folders of idx files and of images, and .npz files."""

from __future__ import annotations

import gzip
import os
import shutil

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

from genenv.checks import Mistake
from genenv.data import TableOptions, load, split
from genenv.data.batches import Batches
from genenv.data.idx import read_idx

rng = np.random.default_rng(0)
X = rng.integers(0, 256, (50, 9, 11), np.uint8)
Y = (np.arange(50) % 5).astype(np.uint8)


def refused(source, *sentences, **options):
    with pytest.raises(Mistake) as error:
        load(source, **options)
    for sentence in sentences:
        assert sentence in str(error.value)


# idx


def idx(array):
    codes = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
    head = bytes([0, 0, codes[array.dtype.name], array.ndim])
    shape = np.array(array.shape, ">u4").tobytes()
    return head + shape + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_idx(folder, part, x=X, y=Y, zipped=False):
    folder.mkdir(exist_ok=True)
    for name, array in ((f"{part}-images-idx3-ubyte", x), (f"{part}-labels-idx1-ubyte", y)):
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array)))
        else:
            (folder / name).write_bytes(idx(array))
    return folder


@pytest.mark.parametrize("zipped", [False, True])
def test_an_idx_folder_is_read_as_stored(tmp_path, zipped):
    dataset = load(str(write_idx(tmp_path / "mine", "train", zipped=zipped)))
    np.testing.assert_array_equal(dataset.x, X)
    np.testing.assert_array_equal(dataset.label, Y)
    assert (dataset.name, dataset.units.dtype, dataset.held_out) == ("mine", "uint8", None)
    assert (dataset.units.shape, dataset.units.high) == ((9, 11), (255,))


@pytest.mark.parametrize("part", ["t10k", "test"])
def test_idx_test_files_are_held_out(tmp_path, part):
    write_idx(tmp_path, "train")
    dataset = load(write_idx(tmp_path, part, X[::-1], Y[::-1]))
    np.testing.assert_array_equal(dataset.held_out.x, X[::-1])
    np.testing.assert_array_equal(dataset.held_out.label, Y[::-1])


def test_emnist_s_names_are_read_and_its_swapped_sides_told(tmp_path):
    write_idx(tmp_path, "emnist-letters-train", zipped=True)
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65 97\n")
    dataset = load(write_idx(tmp_path, "emnist-letters-test", X[::-1], Y[::-1]))
    np.testing.assert_array_equal(dataset.x, X)
    np.testing.assert_array_equal(dataset.held_out.x, X[::-1])
    assert dataset.notes[0].startswith("EMNIST stores its images with height and width swapped")
    write_idx(tmp_path, "emnist-digits-train")
    refused(tmp_path, f"expected one set of idx files in a folder, got emnist-digits-*, "
                      f"emnist-letters-* in {tmp_path}; move one set into its own")  # fmt: skip


def test_idx_files_are_read_whatever_their_names_say_of_gzip(tmp_path):
    write_idx(tmp_path, "train")
    for path in list(tmp_path.iterdir()):
        content = path.read_bytes()
        path.with_name(f"{path.name}.gz").write_bytes(content)  # unpacked by the browser
        path.unlink()
    np.testing.assert_array_equal(load(tmp_path).x, X)
    for path in list(tmp_path.iterdir()):
        path.with_suffix("").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    np.testing.assert_array_equal(load(tmp_path).x, X)


def test_the_parts_of_an_idx_folder_split(tmp_path):
    write_idx(tmp_path, "train")
    y = np.concatenate([Y] * 3)
    dataset = load(write_idx(tmp_path, "t10k", np.concatenate([X, X ^ 1, X ^ 2]), y))
    assert not split(dataset, 0, dataset.held_out).shares_rows


def test_rows_that_came_three_times_are_not_counted_as_enough(tmp_path):
    write_idx(tmp_path, "train")
    dataset = load(write_idx(tmp_path, "t10k", np.concatenate([X] * 3), np.concatenate([Y] * 3)))
    with pytest.raises(Mistake, match="got 10 different ones of class"):
        split(dataset, 0, dataset.held_out)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "float32", "float64"])
def test_every_idx_type_is_read(tmp_path, dtype):
    array = (rng.normal(size=(3, 2, 2)) * 9).astype(dtype)
    (tmp_path / "a").write_bytes(idx(array))
    np.testing.assert_array_equal(read_idx(tmp_path / "a"), array)


def test_a_plain_idx_file_is_mapped_and_its_rows_are_in_memory_nowhere_twice(tmp_path):
    x = np.random.default_rng(0).integers(0, 256, (40, 8, 8)).astype(np.uint8)
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(idx(x))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.arange(40, dtype=np.uint8) % 4))
    found = load(tmp_path)
    batches = Batches(found.at(np.arange(40)).x, found.label, 8, seed=0)
    base = found.x
    while not isinstance(base, np.memmap):
        base = base.base  # views of views
    assert np.shares_memory(batches._x.numpy(), base)
    found.x[0, 0, 0] += 1  # of this process alone
    assert path.read_bytes() == idx(x)


def test_a_truncated_idx_file_is_refused(tmp_path):
    path = write_idx(tmp_path, "train") / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    refused(tmp_path, f"expected 4,966 bytes in {path}, got 4,965; fetch it again, it is not whole")


@pytest.mark.parametrize("length", [5, 9])
def test_an_idx_file_cut_in_its_header_is_refused(tmp_path, length):
    path = write_idx(tmp_path, "train") / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:length])
    refused(tmp_path, f"bytes in {path}, got {length}; fetch it again")


@pytest.mark.parametrize("ruin", [lambda b: b[:-20], lambda b: b"no" + b, lambda b: b[:30] + b"?"])
def test_a_ruined_gz_file_is_refused(tmp_path, ruin):
    path = write_idx(tmp_path, "train", zipped=True) / "train-labels-idx1-ubyte.gz"
    path.write_bytes(ruin(path.read_bytes()))
    refused(tmp_path, f"expected a whole file, got {path}, which cannot be read", "fetch it again")


@pytest.mark.parametrize(
    ("content", "start"), [(b"", "nothing"), (b"\x89PNG-", "89 50 4e 47"), (b"\0\0\x07\1", "00 00")]
)
def test_a_file_that_is_no_idx_is_refused(tmp_path, content, start):
    path = write_idx(tmp_path, "train") / "train-labels-idx1-ubyte"
    path.write_bytes(content)
    refused(tmp_path, f"expected an idx file, which starts with two zeros and a known type, got "
            f"{path} that starts with {start}", "check which file this is")  # fmt: skip


def test_labels_that_do_not_match_the_images_are_refused(tmp_path):
    refused(
        write_idx(tmp_path, "train", y=Y[:49]),
        f"expected as many labels as images in {tmp_path}, got 50 train images and 49 labels; "
        "give the files that belong together",
    )


@pytest.mark.parametrize(("kind", "digit"), [("images", 3), ("labels", 1)])
def test_a_missing_idx_file_is_named(tmp_path, kind, digit):
    (write_idx(tmp_path, "train") / f"train-{kind}-idx{digit}-ubyte").unlink()
    refused(tmp_path, f"expected a file train-{kind}-idx{digit}-ubyte, .gz or not, in {tmp_path}, "
            "got none; add it, or check the folder")  # fmt: skip


# images


def write_images(folder, size=(9, 11), mode="RGB", suffix="png", classes=("cat", "dog"), each=3):
    for name in classes:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(each):
            shape = size if mode == "L" else (*size, len(mode))
            pixels = rng.integers(0, 256, shape, np.uint8)
            Image.fromarray(pixels, mode=None).save(folder / name / f"{i}.{suffix}")
    return folder


@pytest.mark.parametrize(("mode", "shape"), [("L", (9, 11)), ("RGB", (9, 11, 3))])
def test_an_image_folder_is_read_pixel_by_pixel(tmp_path, mode, shape):
    dataset = load(write_images(tmp_path / "pets", mode=mode))
    assert (dataset.name, dataset.classes, dataset.notes) == ("pets", ("cat", "dog"), ())
    assert (dataset.units.shape, dataset.x.dtype, len(dataset)) == (shape, np.uint8, 6)
    assert dataset.label.tolist() == [0, 0, 0, 1, 1, 1]
    second = np.asarray(Image.open(tmp_path / "pets" / "dog" / "1.png"))
    np.testing.assert_array_equal(dataset.x[4], second)


@pytest.mark.parametrize("suffix", ["jpg", "JPEG", "bmp", "tiff", "webp", "gif", "ppm"])
def test_other_formats_are_read(tmp_path, suffix):
    assert load(write_images(tmp_path, suffix=suffix)).units.shape == (9, 11, 3)


def test_channels_can_be_given(tmp_path):
    write_images(tmp_path)
    grey = load(tmp_path, channels=1)
    assert (grey.units.shape, grey.notes) == ((9, 11), ("6 colour images to grey",))
    colour = load(write_images(tmp_path / "grey", mode="L"), channels=3)
    assert colour.units.shape == (9, 11, 3)
    assert colour.notes == ("6 grey images were turned to colour",)


def test_grey_among_colour_becomes_colour_and_is_told(tmp_path):
    write_images(tmp_path)
    dataset = load(write_images(tmp_path, mode="L", classes=("emu",)))
    assert dataset.units.shape == (9, 11, 3)
    assert dataset.notes == ("3 grey images were turned to colour",)


def test_a_transparent_image_is_laid_on_the_background_and_told(tmp_path):
    write_images(tmp_path, mode="L", each=1)
    icon = np.zeros((9, 11, 4), np.uint8)
    icon[4, 2:8, 3] = 255  # black on nothing
    Image.fromarray(icon).save(tmp_path / "cat" / "icon.png")
    dataset = load(tmp_path)
    assert "1 transparent images were laid on the background" in dataset.notes
    assert dataset.x[1][4, 2:8].max() == 0
    assert dataset.x[1][0].min() == 255
    assert load(tmp_path, background="#ff0000").x[1][0, 0].tolist() == [255, 0, 0]
    refused(tmp_path, "expected a background by name", background="nothing")


def test_a_background_is_refused_where_there_is_no_folder_of_images():
    refused("digits", "expected size, channels and background with a folder", background="black")


def test_the_classes_of_idx_files_get_names_and_those_of_their_test_set_too(tmp_path):
    write_idx(write_idx(tmp_path / "idx", "train"), "t10k")
    names = ("shoe", "bag", "coat", "shirt", "hat")
    dataset = load(tmp_path / "idx", class_names=names)
    assert dataset.classes == names  # in the order of the labels 0 to 4, not of the alphabet
    np.testing.assert_array_equal(dataset.label, Y)
    assert dataset.held_out.classes == names


def test_names_that_fit_no_classes_are_refused(tmp_path):
    folder = write_idx(tmp_path / "idx", "train")
    refused(folder, "expected 5 class names, in the order of the labels of idx, got 2",
            class_names=("shoe", "bag"))  # fmt: skip
    refused(folder, "each of class names once", class_names=("a", "b", "c", "d", "d"))
    refused("loans", "expected class names with images or vectors", class_names=("no", "yes"))


def test_an_image_is_turned_upright_and_told(tmp_path):
    write_images(tmp_path, size=(9, 11), mode="L", each=1)
    lying = Image.fromarray(rng.integers(0, 256, (11, 9), np.uint8))
    exif = lying.getexif()
    exif[0x0112] = 6
    lying.save(tmp_path / "dog" / "1.png", exif=exif)
    dataset = load(tmp_path)
    np.testing.assert_array_equal(dataset.x[2], np.rot90(np.asarray(lying), -1))
    assert "1 images were turned upright, as EXIF says" in dataset.notes


def test_what_lies_deeper_is_read_and_what_systems_leave_is_not(tmp_path):
    write_images(tmp_path)
    write_images(tmp_path / "cat", classes=("deep/deeper",), each=2)
    write_images(tmp_path / "cat", classes=("__MACOSX",), each=1)
    write_images(tmp_path, classes=("__MACOSX",), each=1)
    (tmp_path / "cat" / ".DS_Store").touch()
    (tmp_path / "dog" / "gone.png").symlink_to(tmp_path / "nowhere.png")
    Image.new("L", (11, 9)).save(tmp_path / "loose.png")
    dataset = load(tmp_path)
    assert (dataset.classes, len(dataset)) == (("cat", "dog"), 8)
    assert sorted(dataset.notes) == [
        "1 images beside the class folders were left out",
        "1 links that lead to no file were left out",
    ]


def test_later_frames_are_told(tmp_path):
    write_images(tmp_path, mode="L")
    frames = [Image.fromarray(rng.integers(0, 256, (9, 11), np.uint8)) for _ in range(3)]
    frames[0].save(tmp_path / "cat" / "film.tiff", save_all=True, append_images=frames[1:])
    assert "1 images have several frames, of which the first was taken" in load(tmp_path).notes


def test_a_class_folder_whose_name_is_no_utf_8_is_refused(tmp_path):
    write_images(tmp_path, classes=("cat", os.fsdecode(b"caf\xe9")))
    refused(tmp_path, "expected class folders with names in UTF-8", "rename the folder")


def test_a_class_name_is_composed(tmp_path):
    assert load(write_images(tmp_path, classes=("cafe\u0301", "tea"))).classes[0] == "caf\u00e9"


def test_labels_of_an_npz_file_may_be_called_labels(tmp_path):
    np.savez(tmp_path / "a.npz", x=X, labels=Y, more=Y)
    dataset = load(tmp_path / "a.npz")
    assert len(dataset.classes) > 1
    assert dataset.notes == (
        "labels was read as the labels, for want of y",
        "the arrays more were left out",
    )


def test_a_gz_file_that_a_browser_unpacked_is_read(tmp_path):
    path = write_idx(tmp_path, "train", zipped=True) / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.decompress(path.read_bytes()))
    assert len(load(tmp_path)) == len(Y)


@pytest.mark.slow
def test_not_more_is_unzipped_than_the_file_announces(tmp_path):
    path = write_idx(tmp_path, "train", zipped=True) / "train-labels-idx1-ubyte.gz"
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content + bytes(10**8)))
    refused(tmp_path, f"expected {len(content):,} bytes in {path}, got {len(content) + 1:,}")
    path.write_bytes(gzip.compress(b"\0\0\x08\x02" + b"\xff" * 8 + bytes(100)))
    refused(tmp_path, "expected at most 68,719,476,736 bytes in")


@pytest.mark.parametrize(("size", "shape"), [(16, (16, 16)), ((8, 24), (8, 24))])
def test_images_of_different_sizes_are_resized_when_told(tmp_path, size, shape):
    write_images(tmp_path, size=(100, 70), mode="L")
    dataset = load(write_images(tmp_path, mode="L", classes=("emu",)), size=size)
    assert dataset.units.shape == shape
    assert dataset.notes == (f"images were resized to {shape[0]} x {shape[1]} pixels",)


def test_images_of_different_sizes_are_refused(tmp_path):
    write_images(tmp_path)
    write_images(tmp_path, size=(9, 12), classes=("emu",))
    refused(
        tmp_path,
        f"expected images of one size, got {tmp_path / 'cat' / '0.png'} of 9 x 11 and "
        f"{tmp_path / 'emu' / '0.png'} of 9 x 12 pixels; give a size to which all are resized",
    )


@pytest.mark.parametrize("size", [(7, 8), (8, 65)])
def test_images_too_small_or_large_are_refused(tmp_path, size):
    words = f"expected images of 8 to 64 pixels a side, got {size[0]} x {size[1]}"
    refused(write_images(tmp_path / "a", size=size), words, "give a size to which all are resized")
    refused(write_images(tmp_path / "b"), words, "give a size", size=size)


def test_an_unreadable_image_is_named(tmp_path):
    path = write_images(tmp_path) / "dog" / "1.png"
    path.write_bytes(path.read_bytes()[:60])
    refused(tmp_path, f"expected an image, got {path}, which cannot be read", "replace or remove")
    path.write_text("no image")
    refused(tmp_path, f"expected an image, got {path}, which cannot be read", "replace or remove")


def test_no_other_program_is_started_by_an_image(tmp_path, monkeypatch):
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_: pytest.fail("it was started"))
    path = write_images(tmp_path) / "dog" / "1.png"
    Image.new("L", (11, 9)).save(path, format="EPS")
    refused(tmp_path, f"expected an image, got {path}, which cannot be read", "replace or remove")


def test_sixteen_bit_images_are_refused(tmp_path):
    write_images(tmp_path, mode="L")
    path = tmp_path / "cat" / "deep.png"
    Image.fromarray(np.full((9, 11), 40_000, np.uint16)).save(path)
    refused(tmp_path, f"expected images of eight bits a channel, got {path} in pillow's mode I;16")


def test_other_files_are_left_out_and_told(tmp_path):
    write_images(tmp_path)
    (tmp_path / "cat" / "notes.txt").write_text("meow")
    (tmp_path / "cat" / ".hidden").write_text("")
    (tmp_path / ".git").mkdir()
    dataset = load(tmp_path)
    assert len(dataset) == 6
    assert dataset.notes == ("1 files that are no images were left out",)


def test_a_class_folder_without_images_is_refused(tmp_path):
    (write_images(tmp_path) / "emu").mkdir()
    refused(tmp_path, "in every class folder, got none in", str(tmp_path / "emu"))


def test_a_single_class_folder_has_no_labels_and_it_is_told(tmp_path):
    dataset = load(write_images(tmp_path, classes=("cat",)))
    assert (len(dataset), dataset.label, dataset.classes) == (3, None, ())
    assert dataset.notes == ("there is one class, 'cat': it is learned without labels",)


def test_a_folder_of_images_has_no_labels_and_it_is_told(tmp_path):
    folder = write_images(tmp_path, classes=("cat",)) / "cat"
    (folder / "notes.txt").write_text("meow")
    dataset = load(folder)
    assert (len(dataset), dataset.label, dataset.classes) == (3, None, ())
    assert dataset.notes == (
        "the images lie in no class folders: there are no labels",
        "1 files that are no images were left out",
    )


def test_a_wrong_number_of_channels_is_refused(tmp_path):
    refused(write_images(tmp_path), "expected channels 1 or 3, got 2; choose one", channels=2)


def test_an_empty_folder_is_refused(tmp_path):
    refused(tmp_path, f"expected a folder of idx files, of class folders with images, or of "
            f"images, got {tmp_path}, which is empty; sort the images")  # fmt: skip


def test_a_folder_of_other_files_is_refused(tmp_path):
    (tmp_path / "a.txt").touch()
    refused(tmp_path, f"got {tmp_path}, which holds none of them; sort the images")


# npz and the rest


def test_an_npz_file_is_read_as_stored(tmp_path):
    np.savez(tmp_path / "mine.npz", x=X, y=Y)
    dataset = load(tmp_path / "mine.npz")
    np.testing.assert_array_equal(dataset.x, X)
    np.testing.assert_array_equal(dataset.label, Y)
    assert dataset.name == "mine"


def test_an_npz_file_needs_no_labels(tmp_path):
    np.savez_compressed(tmp_path / "mine.npz", x=X)
    assert load(tmp_path / "mine.npz").label is None


def test_an_npz_file_without_x_is_refused(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, images=X, labels=Y)
    refused(path, f"expected an array x in {path}, got arrays images, labels; save it with "
            "np.savez(path, x=x, y=y)")  # fmt: skip


@pytest.mark.parametrize("name", ["x", "y"])
def test_pickled_arrays_are_refused(tmp_path, name):
    path = tmp_path / "mine.npz"
    np.savez(path, **({"x": X, "y": Y} | {name: np.array([{}] * 50, object)}))
    refused(path, "expected arrays of numbers or strings, got pickled objects in", str(path))


def test_a_pickle_under_the_name_of_an_npz_is_refused(tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"\x80\x04N.")
    refused(tmp_path / "mine.npz", "got a pickle", "they can run code")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"PK"])
def test_a_ruined_npz_file_is_refused(tmp_path, content):
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    refused(path, str(path))


def test_a_truncated_npz_file_is_refused(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, x=X)
    path.write_bytes(path.read_bytes()[:300])
    refused(path, f"expected a whole file {path}, got BadZipFile")


def test_one_array_under_the_name_of_an_npz_is_refused(tmp_path):
    np.save(tmp_path / "mine.npy", X)
    shutil.move(tmp_path / "mine.npy", tmp_path / "mine.npz")
    refused(tmp_path / "mine.npz", "got a lone array; save it with np.savez(path, x=x, y=y)")


def test_a_missing_path_lists_the_names():
    refused(
        "dgits",
        "expected one of digits, loans, ring, grid, stacked-digits, a folder, an .npz file or a "
        "table, got 'dgits', which does not exist; check the name or path",
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_an_empty_table_is_refused(tmp_path, suffix):
    path = tmp_path / f"adult{suffix}"
    path.touch()
    refused(path, f"expected a table with a header in {path}")


def test_columns_are_named_of_tables_alone():
    with pytest.raises(Mistake, match="target, kinds, drop and schema with a table"):
        load("digits", columns=TableOptions("age"))


def test_another_file_is_refused(tmp_path):
    (tmp_path / "a.png").touch()
    refused(tmp_path / "a.png", f"got the file {tmp_path / 'a.png'}; give the folder it lies in")


def test_a_size_is_refused_where_nothing_is_resized():
    refused("digits", "expected size, channels and background with a folder of images only, got "
            "digits; leave them out", size=16)  # fmt: skip


def test_a_name_wins_over_a_folder_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "ring")
    assert load("ring").units.shape == (2,)
    assert load("./ring").units.shape == (9, 11, 3)
