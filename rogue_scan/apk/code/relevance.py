"""Which methods lead to a source of personal data, a sink or the network.

Interpretation has a budget, so it must know where to go. The callers of a method are those that call it by
name, those that call a method of its name and prototype on a type that its class is of (a superclass or
an interface), and those that create an object of its class where it is a callback. Whoever calls
``toString`` or ``equals`` on any object calls nothing in particular.
"""

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.code.program import MANY_CLASSES
from rogue_scan.apk.code.reach import CallGraph, Groups, Mask, first_time, mask
from rogue_scan.apk.dex.reader import I64, distinct

_QUIET_KITS = (
    *("Landroidx/", "Landroid/support/", "Lkotlin/", "Lkotlinx/", "Lcom/google/gson/", "Lorg/json/"),
)
"""Kits that send nothing themselves, in the packages that they are known by."""


class Relevance:
    """Callers of methods, for a walk back from what matters."""

    def __init__(self, graph: CallGraph, wanted: Mask, sends: Mask, logs: Mask) -> None:
        """Of the methods, ``wanted`` call a source, a sink or the network themselves.

        ``sends`` call what lets data leave, ``logs`` no more than the log.
        """
        self.graph, self.program = graph, graph.program
        self.names = list(self.program.classes)
        bears = mask([name.startswith(_QUIET_KITS) for name in self.names] + [False])
        self.impostors = self._impostors(bears, graph.def_class[wanted], graph.def_class[sends])
        """Classes that bear the name of a quiet kit and are none, as it seems."""
        bears[[graph.class_index[name] for name in self.impostors]] = False
        self._quiet = bears[graph.def_class]
        self._wanted, self._logs = wanted & ~self._quiet, logs & ~self._quiet
        loud, target = ~self._quiet, graph.ref_target[graph.call_ref]
        known = graph.call_caller >= 0
        named = np.flatnonzero(known & (target >= 0) & loud[graph.call_caller])
        self._callers = Groups(target[named], graph.call_caller[named], self.program.method_count)
        """Those that are of no quiet kit and name each method in a call."""
        self._virtual = _Virtual(
            graph, np.flatnonzero(known & graph.call_virtual & graph.def_own[graph.call_caller])
        )

    def _impostors(self, bears: npt.NDArray[np.bool_], wanted: I64, sends: I64) -> set[str]:
        """Of the classes with the name of a quiet kit those whose package sends; all where they are few."""
        if np.count_nonzero(bears) < MANY_CLASSES:
            return {self.names[i] for i in distinct(wanted[bears[wanted]]).tolist()}
        packages = {_package(self.names[i]) for i in distinct(sends[bears[sends]]).tolist()}
        if not packages:
            return packages
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
            makers = graph.makers.of(called_back[called_back >= 0])
            near = [self._callers.of(frontier), makers[~self._quiet[makers]], self._virtual.callers(frontier)]
            frontier = first_time(found, np.concatenate(near))


class _Virtual:
    """Calls that own code makes on an object, by the types that declare what they call."""

    def __init__(self, graph: CallGraph, calls: I64) -> None:
        self.graph = graph
        refs = graph.call_ref[calls]
        sigs = graph.ref_sig[refs]
        self._asked = np.zeros(graph.sig_count + 1, bool)
        self._asked[sigs] = True
        self._asked[-1] = False
        self._object = graph.types.known.get("Ljava/lang/Object;", -1)
        keys = _pairs(sigs, graph.ref_owner[refs])
        self._keys = np.append(distinct(keys), np.iinfo(np.int64).max)
        """Sigs of calls with the type that each is called on."""
        self._callers = Groups(np.searchsorted(self._keys, keys), graph.call_caller[calls], len(self._keys))
        self._told = np.zeros(len(self._keys), bool)

    def callers(self, frontier: I64) -> I64:
        """Who calls the methods of a frontier on an object, beyond those told before."""
        graph = self.graph
        frontier = frontier[self._asked[graph.def_sig[frontier]] & (graph.def_class[frontier] >= 0)]
        if not len(frontier):
            return frontier
        above = [graph.supers(cls) for cls in graph.def_class[frontier].tolist()]
        sigs, types = (
            np.repeat(graph.def_sig[frontier], [len(types) for types in above]),
            np.concatenate(above),
        )
        wanted = _pairs(sigs, types)[types != self._object]
        place = np.searchsorted(self._keys, wanted)
        return self._callers.of(first_time(self._told, place[self._keys[place] == wanted]))


def _pairs(sigs: I64, types: I64) -> I64:
    return sigs << 32 | types


def _package(name: str) -> str:
    return name.rpartition("/")[0]
