"""Imports point down only (DESIGN §3): read from the source, without importing anything."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = [  # lowest first; names are those of files and folders under `genenv`
    "seeding checks memory files reading intervals columns wording importing exhausted "
    "onnx_session",
    "passes interrupt isolation bars lines pace run_file run_rows lock parts cache last_words "
    "naming settings drawing",
    "codecs data noise tables factors",
    "generators",
    "networks classifier objectives metrics tracking progress corruptions",
    "downstream training judge sampling learners stacked boosted rules",
    "monitoring criteria search cluster probe single_query counting failures unanswered trust "
    "people doubtful",
    "ledger rechecking census turns",
    "campaign rate asked model_spec recorded runs bundled ladder report reactions learning_task",
    "board study known limits",
    "envs singles testing",
    "agents",
    "api loading auditing prepared measuring fitting table_fitting stressing stress_log "
    "stress_report stress_trust rating rerating searched starting under_test lineup reacting "
    "judge_fitting own_rows broken_rules given_judge siblings comparing hardening cli __main__ "
    "calling replaying practising policies forwarding playing regression finished",
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names.split()}


def modules():
    """Module name -> file, of the three folders."""
    found = {}
    for folder, prefix in (
        (ROOT / "genenv", "genenv"),
        *((ROOT / f, f"genenv.{f}") for f in ("envs", "agents")),
    ):
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join((prefix, *parts))] = path
    return found


def is_for_types(node):
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports(tree, known):
    """Names of imported modules, also inside functions; not those for types alone."""
    for node in ast.iter_child_nodes(tree):
        if not isinstance(node, ast.stmt | ast.excepthandler | ast.match_case) or is_for_types(
            node
        ):
            continue  # nothing is imported inside an expression
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module
        yield from imports(node, known)


@pytest.fixture(scope="module")
def graph():
    """Module -> what it imports of the three folders."""
    found = modules()
    return {
        name: {
            imported
            for imported in imports(ast.parse(path.read_text()), found)
            if imported.split(".")[0] in ("genenv", "envs", "agents")
        }
        for name, path in found.items()
    }


def level(module):
    """Layer of a module; the root package is below all."""
    parts = module.split(".")
    return LEVEL[parts[1]] if len(parts) > 1 else -1


def test_a_module_imports_nothing_from_above(graph):
    rooms = {module.split(".")[1] for module in graph if module != "genenv"}
    assert rooms <= set(LEVEL), "a new room: give it a place in LAYERS"
    upward = {
        module: above
        for module, found in graph.items()
        if (above := {other for other in found if level(other) > level(module)})
    }
    assert not upward


def test_the_root_package_imports_no_room(graph):
    assert not graph["genenv"]


def test_there_is_no_cycle(graph):
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" > ".join(error.args[1]))


def test_campaign_knows_the_contract_of_a_search_and_no_concrete_one(graph):
    assert "genenv.search" in graph["genenv.campaign"]
    assert not {found for found in graph["genenv.campaign"] if "agents" in found}


def test_no_bare_import_makes_a_second_copy_of_a_folder(graph):
    bare = {m: f for m, found in graph.items() for f in found if f.split(".")[0] != "genenv"}
    assert not bare


def test_every_place_in_the_layers_is_taken(graph):
    assert set(LEVEL) <= {module.split(".")[1] for module in graph if module != "genenv"}
