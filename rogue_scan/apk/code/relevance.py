"""Which methods lead to a source of personal data, a sink or the network.

Interpretation has a budget, so it must know where to go. The callers of a method are those that call it by
name, those that call a method of its name and prototype on a type that its class is of (a superclass or
an interface), and those that create an object of its class where it is a callback. Whoever calls
``toString`` or ``equals`` on any object calls nothing in particular.
"""

import re
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.code.program import MANY_CLASSES
from rogue_scan.apk.code.reach import CallGraph, Mask, first_time
from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import I64, distinct

_QUIET_KITS = re.compile(r"L(?:androidx|android/support|kotlin|kotlinx|com/google/gson|org/json)/")
"""Kits that send nothing themselves, in the packages that they are known by."""


class Relevance:
    """Callers of methods, for a walk back from what matters."""

    def __init__(self, graph: CallGraph, wanted: Mask, sends: Mask, logs: Mask) -> None:
        """Of the methods, ``wanted`` call a source, a sink or the network themselves.

        ``sends`` call what lets data leave, ``logs`` no more than the log.
        """
        self.graph, self.program = graph, graph.program
        self.names = list(self.program.classes)
        bears = np.array([*(_QUIET_KITS.match(name) is not None for name in self.names), False])
        self.impostors = self._impostors(bears, graph.def_class[wanted], graph.def_class[sends])
        """Classes that bear the name of a quiet kit and are none, as it seems."""
        bears[[graph.class_index[name] for name in self.impostors]] = False
        self._quiet = bears[graph.def_class]
        self._wanted, self._logs = wanted & ~self._quiet, logs & ~self._quiet
        own = [not (cls.library or cls.far) for cls in self.program.classes.values()]
        self._virtual = _Virtual(graph, np.array([*own, False])[graph.def_class])

    def _impostors(self, bears: npt.NDArray[np.bool_], wanted: I64, sends: I64) -> set[str]:
        """Of the classes with the name of a quiet kit those whose package sends; all where they are few."""
        if np.count_nonzero(bears) < MANY_CLASSES:
            return {self.names[i] for i in distinct(wanted[bears[wanted]]).tolist()}
        packages = {_package(self.names[i]) for i in distinct(sends[bears[sends]]).tolist()}
        return {self.names[i] for i in np.flatnonzero(bears).tolist() if _package(self.names[i]) in packages}

    def leading(self) -> tuple[Mask, Mask]:
        """Every method that leads to one of the wanted methods, without and with those that only log."""
        found = np.zeros(self.program.method_count, bool)
        self._walk(found, np.flatnonzero(self._wanted))
        strongly = found.copy()
        self._walk(found, np.flatnonzero(self._logs))
        return strongly, found

    def _walk(self, found: Mask, start: I64) -> None:
        """Add methods and all that leads to them to what was found."""
        graph = self.graph
        frontier = first_time(found, start)
        while len(frontier):
            called_back = graph.def_class[frontier[graph.def_callback[frontier]]]
            near = np.concatenate(
                [graph.callers.of(frontier), graph.makers.of(called_back[called_back >= 0])]
            )
            callers = [near[~self._quiet[near]], *self._virtual.callers(frontier)]
            frontier = first_time(found, np.concatenate(callers))


class _Virtual:
    """Calls that own code makes on an object, by the types that declare what they call."""

    def __init__(self, graph: CallGraph, own: Mask) -> None:
        self.graph, self.program = graph, graph.program
        self.names = list(graph.program.classes)
        self.declared: dict[int, set[str]] = {}
        """Types on which a call of a name with prototype leads to a found method."""
        self.supers: dict[int, set[str]] = {}
        self.calls = []
        for which, dex in enumerate(self.program.dexes):
            rows, refs = graph.call_units[which]
            callers = graph.code_def[which][dex.code_row_of(rows)]
            ops = dex.ins_op[rows]
            usable = (callers >= 0) & own[callers] & opcodes.IS_VIRTUAL[ops]
            sigs = graph.ref_sigs[which]
            self.calls.append((callers[usable], refs[usable], sigs, np.zeros(len(sigs), bool)))

    def callers(self, frontier: I64) -> Iterator[I64]:
        """Who calls the methods of a frontier on an object, beyond those told before."""
        graph = self.graph
        changed = np.zeros(graph.sig_count + 1, bool)
        classes = graph.def_class[frontier].tolist()
        for sig, cls in zip(graph.def_sig[frontier].tolist(), classes, strict=True):
            if cls < 0:
                continue
            supers = self.supers.get(cls)
            if supers is None:
                supers = self.supers[cls] = set(self.program.supers(self.names[cls])) - {"Ljava/lang/Object;"}
            declared = self.declared.setdefault(sig, set())
            if not supers <= declared:
                declared |= supers
                changed[sig] = True
        if not changed.any():
            return
        changed[-1] = False
        for dex, (callers, refs, sigs, told) in zip(self.program.dexes, self.calls, strict=True):
            types = dex.types()
            maybe = np.flatnonzero(changed[sigs] & ~told)
            hits = [
                ref
                for ref, owner, sig in zip(
                    maybe.tolist(), dex.method_class[maybe].tolist(), sigs[maybe].tolist(), strict=True
                )
                if types[owner] in self.declared[sig]
            ]
            if hits:
                fresh = np.zeros(len(told), bool)
                fresh[hits] = True
                told |= fresh
                yield callers[fresh[refs]]


def _package(name: str) -> str:
    return name.rpartition("/")[0]
