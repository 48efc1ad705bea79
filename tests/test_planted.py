"""Links that lie in a run of others, names that a spreadsheet or TensorBoard would obey."""

from __future__ import annotations

import csv
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest
import toys
from tensorboard.plugin_util import markdown_to_safe_html

from genenv import lock, people, rerating
from genenv.auditing import Audit, open_audit, publish
from genenv.checks import Mistake
from genenv.codecs import Codec, Pictures, Vectors
from genenv.doubtful import Doubtful
from genenv.people.sheet import Flips
from genenv.report import summary
from genenv.wording import inert

NAMES = ("=cmd|' /C calc'!A0", "+2+3", "@SUM(1)", "-1+cmd", "\t=1", "a=b", "-3.5e2", "plain")
MARKED = (
    *("![](http://evil.example/a.png)", "<img src=http://evil.example/a.png>", "[a](http://b.c)"),
    *("&lt;b&gt;", "```", "~~~", "# head", "**a** _b_", "<script>1</script>", r"\\<b>", "a|b"),
)
HARMLESS = ("a=b", "-3.5e2", "plain")


class Named(Vectors):
    """Vectors whose columns a stranger named."""

    def names(self) -> tuple[str, ...]:
        """See `Codec.names`."""
        return NAMES[: self.size]


def audit_of(run: Path, units: Codec) -> Audit:
    """Make a sheet of two samples."""
    x = np.ones((2, *units.shape), units.dtype)
    column = np.zeros(2, np.int64)
    name, p = np.full(2, "random"), np.ones(2, np.float32)
    sheet = people.Sheet(x, column, column, name, column, column, p)
    flips = Flips(column, np.zeros((2, 1), np.float32), column, name, column, column, p)
    return Audit(run, sheet, units, ("a", "b"), flips)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder that no run owns, with a file of somebody's."""
    place = tmp_path / "outside"
    place.mkdir()
    (place / "precious").write_text("precious")
    return place


@pytest.fixture
def run(tmp_path: Path) -> Path:
    place = tmp_path / "run"
    (place / "audit").mkdir(parents=True)
    return place


def untouched(outside: Path) -> bool:
    return [p.name for p in outside.iterdir()] == ["precious"] and (
        outside / "precious"
    ).read_text() == "precious"


@pytest.mark.parametrize("name", ["findings", "agents/policy"])
def test_a_folder_that_leads_elsewhere_is_not_worked_in(
    run: Path, outside: Path, name: str
) -> None:
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).symlink_to(outside)
    refused = pytest.raises(Mistake, match=f"expected folders .* got the link .*{name}; put what")
    with refused, lock.held(run):
        pass
    with refused:
        open_audit(run)
    assert untouched(outside)


def test_a_run_that_is_a_link_itself_is_worked_in(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").symlink_to(run)
    with lock.held(tmp_path / "mine"):
        assert (run / lock.HOLDER).is_file()


def test_a_lock_that_is_a_link_empties_no_file(run: Path, outside: Path) -> None:
    (run / lock.LOCK).symlink_to(outside / "precious")
    with pytest.raises(OSError, match="symbolic links"), lock.held(run):
        pass
    assert untouched(outside)


@pytest.mark.parametrize("target", ["precious", "new"])
def test_a_sheet_is_written_in_the_place_of_links(run: Path, outside: Path, target: str) -> None:
    (run / "audit" / "me").mkdir()
    for name in ("me.csv", "me/000.png", ".part-me.csv", "me/.part-000.png"):
        (run / "audit" / name).symlink_to(outside / target)
    pictures = Pictures((8, 8), "uint8", (0,), (255,))
    audit_of(run, pictures).write_csv(run / "audit" / "me.csv")
    assert untouched(outside)
    assert (run / "audit" / "me.csv").read_text().startswith("item,sample,answer\n0,me/000.png,\n")
    assert (run / "audit" / "me" / "000.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", NAMES)
def test_a_cell_that_would_run_has_a_quote_before(name: str) -> None:
    assert inert(name) == (name if name in HARMLESS else f"'{name}")
    assert inert(-3) == -3


def test_no_cell_of_a_sheet_or_of_doubtful_rows_begins_a_formula(run: Path) -> None:
    audit_of(run, Named((2,), "float32", (0.0, 0.0), (1.0, 1.0))).write_csv(run / "audit/me.csv")
    labels = NAMES[:2]
    Doubtful(
        np.zeros((2, 2)), ("@data", "@data"), np.arange(2), labels, np.zeros(2, np.float32),
        labels, np.ones(2, np.float32),
    ).save(run / "doubtful.csv")  # fmt: skip
    for path in (run / "audit/me.csv", run / "doubtful.csv"):
        with path.open(newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert any(cell.startswith("'=cmd") for cell in cells)
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in cells)


def test_a_run_that_another_process_works_in_is_neither_rated_nor_published(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Done:
        undecided, folder = False, run

    monkeypatch.setattr(rerating.finished, "opened", lambda _: Done())
    monkeypatch.setattr(Audit, "result", lambda _: {})
    (run / "report.json").write_text("{}")
    audit = audit_of(run, toys.LinearGenerator().units)
    with lock.held(run):
        with pytest.raises(Mistake, match=r"got one that process .* holds"):
            rerating.rerate(run)
        with pytest.raises(Mistake, match=r"got one that process .* holds"):
            publish(audit)
    assert (run / "report.json").read_text() == "{}"


@pytest.mark.parametrize("name", MARKED)
def test_tensorboards_text_shows_a_name_as_it_is_and_loads_nothing(name: str) -> None:
    said = f"The model takes {name} for 7.\njudge {name}\n\nclass\n---- --\n{name}\n{name} 3\n"
    html = markdown_to_safe_html(summary.markdown(said))
    assert not re.search(r"<(img|a|em|strong|h1|script)\b", html)
    assert html.count("<pre>") == 1
    assert unescape(html).count(name) == 4
