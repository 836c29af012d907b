"""The call graph: who is called, found for all references at once, and what can run."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from rogue_scan.apk.code.models import load_models
from rogue_scan.apk.code.program import Program
from rogue_scan.apk.code.reach import CallGraph
from rogue_scan.apk.dex import reader

DATA = Path(__file__).parent.parent.parent / "data" / "apk"


def graph_of(app: Path) -> CallGraph:
    with zipfile.ZipFile(app) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".dex"))
        files = [dex for name in names for dex in reader.read_all(name, archive.read(name))]
    return CallGraph(Program(files, load_models()))


@pytest.mark.parametrize("app", sorted(DATA.glob("code-*.apk")), ids=lambda p: p.stem)
def test_the_callee_of_every_call_is_the_one_that_android_would_run(app: Path) -> None:
    graph = graph_of(app)
    program = graph.program
    callers, wrong = [], []
    for which, dex in enumerate(program.dexes):
        rows, refs = graph.call_units[which]
        callers.append(graph.code_def[which][dex.code_row_of(rows)])
        for index in np.unique(refs).tolist():
            ref = program.method_ref(dex, index)
            one_by_one = program.resolve(ref.cls, ref.name, ref.kind)
            expected = one_by_one.number if one_by_one is not None else -1
            found = set(_edges_to(graph, which, index))
            if found != {expected}:
                wrong.append((ref, expected, found))
    assert not wrong
    assert sorted(np.concatenate(callers).tolist()) == graph.caller.tolist()


def _edges_to(graph: CallGraph, which: int, index: int) -> list[int]:
    """Callees of the edges that an operand of one file makes, by way of their place in the edge list."""
    before = sum(len(refs) for _, refs in graph.call_units[:which])
    rows = before + np.flatnonzero(graph.call_units[which][1] == index)
    place = np.argsort(graph.calls.order)
    return [int(target) for target in graph.direct[place[rows]]]


def test_what_nothing_calls_cannot_run() -> None:
    graph = graph_of(DATA / "code-forwarder.apk")
    assert not graph.reachable([], []).any()
    everything = graph.reachable(range(graph.program.method_count), list(graph.program.classes))
    assert everything.all()
