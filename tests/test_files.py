from __future__ import annotations

import pytest

from genenv import files


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.bin"

    def breaks(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, breaks)
    assert not list(tmp_path.iterdir())
    files.write_atomically(path, lambda file: file.write(b"whole"))
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(path, breaks)
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_whole_or_absent(tmp_path):
    def fail(folder):
        (folder / "half").write_text("")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        files.folder(tmp_path / "part", fail)
    assert not (tmp_path / "part").exists()
    files.folder(tmp_path / "part", lambda folder: (folder / "one").write_text("1"))
    files.folder(tmp_path / "part", lambda folder: (folder / "two").write_text("2"))
    assert [path.name for path in (tmp_path / "part").iterdir()] == ["two"]
    assert [path.name for path in tmp_path.iterdir()] == ["part"]
