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
    wrong = []
    for which, dex in enumerate(program.dexes):
        for index in np.unique(graph.call_units[which][1]).tolist():
            ref = program.method_ref(dex, index)
            one_by_one = program.resolve(ref.cls, ref.name, ref.kind)
            expected = one_by_one.number if one_by_one is not None else -1
            if graph.targets[which][index] != expected:
                wrong.append((ref, expected, graph.targets[which][index]))
    assert not wrong


def test_what_nothing_calls_cannot_run() -> None:
    graph = graph_of(DATA / "code-forwarder.apk")
    assert not graph.reachable([], []).any()
    everything = graph.reachable(range(graph.program.method_count), list(graph.program.classes))
    assert everything.all()


def test_what_an_entry_calls_can_run() -> None:
    graph = graph_of(DATA / "code-forwarder.apk")
    rows, refs = graph.call_units[0]
    callers = graph.code_def[0][graph.program.dexes[0].code_row_of(rows)]
    for entry in range(graph.program.method_count):
        reach = graph.reachable([entry], [])
        callees = graph.targets[0][refs[reach[callers] & (callers >= 0)]]
        assert reach[entry]
        assert reach[callees[callees >= 0]].all()
