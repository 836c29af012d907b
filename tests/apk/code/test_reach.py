"""The call graph: who is called, found for all references at once, and what can run."""

import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.apk.code.models import load_models
from rogue_scan.apk.code.program import Program
from rogue_scan.apk.code.reach import CallGraph, Mask, Reach
from rogue_scan.apk.dex import reader

DATA = Path(__file__).parent.parent.parent / "data" / "apk"
TYPE = st.sampled_from(("I", "J", "[I", "Lapp/A;", "Lapp/B;", "Lapp/C0;", "[Lapp/C1;"))
PROTOTYPE = st.builds(lambda types, returns: f"({''.join(types)}){returns}", st.lists(TYPE, max_size=5), TYPE)
METHODS = ".method abstract go{0}\n.method abstract come{0}\n"


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
    for dex, first in zip(program.dexes, graph.first_ref, strict=True):
        called = np.unique(graph.call_ref)
        for number in called[(called >= first) & (called < first + len(dex.method_class))].tolist():
            ref = program.method_ref(dex, number - first)
            one_by_one = program.resolve(ref.cls, ref.name, ref.kind)
            expected = one_by_one.number if one_by_one is not None else -1
            if graph.ref_target[number] != expected:
                wrong.append((ref, expected, graph.ref_target[number]))
    assert not wrong


@given(st.lists(st.lists(PROTOTYPE, min_size=1, max_size=8, unique=True), min_size=1, max_size=3))
@settings(deadline=None)
def test_methods_of_one_name_and_prototype_are_alike_in_all_files(
    build: Callable[..., bytes], files: list[list[str]]
) -> None:
    dexes = [
        reader.read(
            f"classes{i}.dex", build(f".class Lapp/C{i};\n" + "".join(METHODS.format(p) for p in protos))
        )
        for i, protos in enumerate(files)
    ]
    graph = CallGraph(Program(dexes, load_models()))
    defined = [(m.name, m.kind) for dex in dexes for m in map(dex.method_id, dex.def_method.tolist())]
    numbers = dict(zip(defined, graph.def_sig.tolist(), strict=True))
    assert [numbers[method] for method in defined] == graph.def_sig.tolist()
    assert len(set(numbers.values())) == len(numbers) == graph.sig_count


def reached(graph: CallGraph, entries: Iterable[int], classes: Iterable[str]) -> Mask:
    reach = Reach(graph)
    reach.add(entries, classes)
    return reach.methods


def test_what_nothing_calls_cannot_run() -> None:
    graph = graph_of(DATA / "code-forwarder.apk")
    assert not reached(graph, [], []).any()
    assert reached(graph, range(graph.program.method_count), graph.program.classes).all()


def test_what_an_entry_calls_can_run() -> None:
    graph = graph_of(DATA / "code-forwarder.apk")
    callers = graph.call_caller
    for entry in range(graph.program.method_count):
        reach = reached(graph, [entry], [])
        callees = graph.ref_target[graph.call_ref[reach[callers] & (callers >= 0)]]
        assert reach[entry]
        assert reach[callees[callees >= 0]].all()


def test_what_can_run_is_the_same_whether_entries_come_at_once_or_one_by_one() -> None:
    graph = graph_of(DATA / "code-forwarder.apk")
    entries, classes = range(0, graph.program.method_count, 7), list(graph.program.classes)[::3]
    later = Reach(graph)
    for entry in entries:
        later.add([entry], [])
    for name in classes:
        later.add([], [name])
    assert (later.methods == reached(graph, entries, classes)).all()


def test_a_call_of_a_method_that_is_in_no_table_leads_nowhere(build: Callable[..., bytes]) -> None:
    data = bytearray(build(".class Lapp/A;\n.method static go()V 1\nstatic app.A.go()\nreturn-void\n"))
    (dex,) = reader.read_all("classes.dex", bytes(data))
    at = 2 * int(dex.ins_unit[dex.invokes()[0][0]]) + 2
    data[at : at + 2] = b"\xff\xff"
    graph = CallGraph(Program(reader.read_all("classes.dex", bytes(data)), load_models()))
    assert reached(graph, [0], []).tolist() == [True]
    assert graph.ref_target[graph.call_ref].tolist() == [-1]
