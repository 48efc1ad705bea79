from __future__ import annotations

import pytest

from genenv import files


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.bin"

    def breaks(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        files.whole(path, breaks)
    assert not list(tmp_path.iterdir())
    files.whole(path, lambda file: file.write(b"whole"))
    with pytest.raises(OSError, match="No space left"):
        files.whole(path, breaks)
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]
