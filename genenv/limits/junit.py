"""Results as JUnit XML, which build servers read."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from genenv import files
from genenv.limits.checking import Checked
from genenv.limits.outcome import Outcome, Result

# what XML 1.0 forbids (section 2.2), which ElementTree writes all the same
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SUITE = "genenv check"


def write(checked: Checked, path: Path) -> None:
    """Write a test suite with a case a figure.

    A limit that fails is a failure, one that cannot be decided an error, as is a whole run that
    cannot be trusted.
    """
    cases = [_case(checked, one) for one in checked.results]
    if checked.undecided:
        cases = [_element("testcase", classname=checked.name, name="can this run be trusted?")]
        cases[0].append(_element("error", message=checked.undecided))
    failed = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    counts = {"tests": len(cases), "failures": failed, "errors": errors}
    suite = _element("testsuite", name=SUITE, **{name: str(n) for name, n in counts.items()})
    suite.extend(cases)
    text = ElementTree.tostring(suite, encoding="utf-8", xml_declaration=True)
    files.write_atomically(path, lambda file: file.write(text))


def _case(checked: Checked, one: Result) -> ElementTree.Element:
    name = f"{one.figure.name}: fails if {one.limit.text}"
    case = _element("testcase", classname=checked.name, name=name)
    if one.outcome == Outcome.FAIL:
        case.append(_element("failure", message=one.found))
    if one.outcome == Outcome.INVESTIGATE:
        case.append(_element("error", message=f"{one.found}; {one.decided_by}"))
    return case


def _element(tag: str, **attributes: str) -> ElementTree.Element:
    clean = {name: _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", v) for name, v in attributes.items()}
    return ElementTree.Element(tag, clean)
