"""Let atheris change the bytes of a file by what they reach in a reader, for as long as it is told.

Each reader of tests/test_fuzz.py starts from a file as it should be. It may read what it gets or
refuse it in a sentence; whatever else it raises ends the script with a traceback and the bytes,
which atheris keeps in a file. Only genenv's own code is watched: what NumPy, Pillow and pandas are
written in, atheris does not see.

    pip install atheris
    python scripts/fuzz_readers.py --seconds 60
    python scripts/fuzz_readers.py a.idx data.npz --seconds 600
"""

import argparse
import os
import sys
import tempfile
import warnings
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("readers", nargs="*", help="names of files in READERS there; else all, in turn")
parser.add_argument("--seconds", type=int, default=60, help="for each reader")
parser.add_argument("--most", type=int, default=4096, help="bytes of a file")


def watched():
    """Import the readers so that atheris sees which lines they reach."""
    import atheris

    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    with atheris.instrument_imports(include=["genenv"]):
        from test_fuzz import READERS
    return READERS


def fuzzed(name, read, data):
    """Fuzz one reader in a process of its own, which atheris ends; returns its exit code."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        if not (child := os.fork()):
            fuzz(Path(place), name, read, data)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def fuzz(place, name, read, data):
    """Fuzz one reader in a folder; does not return."""
    import atheris

    from genenv.checks import Mistake

    path, corpus = place / "folder" / name, place / "corpus"
    path.parent.mkdir()
    corpus.mkdir()
    (corpus / "whole").write_bytes(data)

    def one(content):
        path.write_bytes(content)
        try:
            read(path)
        except Mistake:
            return

    told = f"-max_total_time={args.seconds}", f"-max_len={args.most}", "-rss_limit_mb=4096"
    atheris.Setup([sys.argv[0], str(corpus), *told, "-timeout=20", "-print_final_stats=1"], one)
    atheris.Fuzz()
    os._exit(0)


args = parser.parse_args()
warnings.simplefilter("ignore")
readers = watched()
failed = [name for name in args.readers or readers if fuzzed(name, *readers[name])]
sys.exit(f"readers that raised something else: {failed}" if failed else 0)
