"""Which methods can run: a call graph over all DEX files, walked from the entry points with numpy.

Virtual calls reach the methods of the same name and prototype in classes that reachable code
instantiates; a class that is instantiated is called back by Android through the methods that carry
the names of callbacks.
"""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.code.program import Program
from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import ACC_ABSTRACT, ACC_STATIC, ranges

COMPONENTS = frozenset(
    (
        "Landroid/app/Activity;",
        "Landroid/app/Service;",
        "Landroid/app/Application;",
        "Landroid/content/BroadcastReceiver;",
        "Landroid/content/ContentProvider;",
    )
)
_PROTO_BITS = 24
"""Bits of a prototype's number beside that of a name: more than 200 files of 65,536 prototypes need."""
Mask = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]


class CallGraph:
    """Edges between the methods of a program, as arrays."""

    def __init__(self, program: Program) -> None:
        self.program = program
        classes = program.classes
        self.names: dict[str, int] = {}
        self.class_index = {name: i for i, name in enumerate(classes)}
        self.super_of = np.array(
            [self.class_index.get(cls.super_name, -1) for cls in classes.values()] + [-1], np.int64
        )
        self.call_units: list[tuple[I64, I64]] = []
        """Per DEX file: instruction rows of all invokes, and the method index of each."""
        self.code_def: list[I64] = []
        """Per DEX file: number of the method of each code row."""
        self._ref_names: list[I64] = []
        self._ref_sigs: list[I64] = []
        self.class_ids: list[I64] = []
        """Per DEX file: number of the class of each type index, -1 where the app does not bring it."""
        self._read_definitions()
        self._read_edges()
        is_callback = np.zeros(len(self.names) + 1, bool)
        is_callback[[n for name, n in self.names.items() if program.models.is_callback(name)]] = True
        outside = np.array(
            [*(c.super_name != "Ljava/lang/Object;" or bool(c.interfaces) for c in classes.values()), False]
        )
        self.def_callback = is_callback[self.def_name] & outside[self.def_class]
        self.def_clinit = self.def_name == self.names.get("<clinit>", -1)

    def _read_definitions(self) -> None:
        """What the methods of all files are called, and which class each belongs to."""
        program = self.program
        protos: dict[str, int] = {}
        names, sigs, owners = [], [], []
        for which, dex in enumerate(program.dexes):
            name_ids = _ids(self.names, dex.method_name, dex.string, len(dex.string_offsets))
            proto_ids = _ids(protos, dex.method_proto, dex.proto, len(dex.protos))
            class_ids = np.array([self.class_index.get(t, -1) for t in dex.types()] or [-1], np.int64)
            self._ref_names.append(name_ids)
            self._ref_sigs.append(name_ids << _PROTO_BITS | proto_ids)
            self.class_ids.append(class_ids)
            names.append(name_ids[dex.def_method])
            sigs.append(self._ref_sigs[-1][dex.def_method])
            owners.append(class_ids[dex.classes[:, 0][dex.def_class]])
            code_def = np.full(len(dex.code_offset), -1, np.int64)
            has_code = np.flatnonzero(dex.def_code >= 0)
            code_def[dex.def_code[has_code]] = has_code + program.first_method[which]
            self.code_def.append(code_def)
        self.def_name, self.def_class = _join(names), _join(owners)
        self._sigs, self.def_sig = np.unique(_join(sigs), return_inverse=True)
        """Names with prototypes that the app defines; a "sig" is an index into them."""
        self.sig_count = len(self._sigs)

    def _read_edges(self) -> None:
        """Who calls and who creates what."""
        program = self.program
        classes = list(program.classes)
        component = np.zeros(len(classes) + 1, bool)
        resolver = _Resolver(self)
        callers, direct, call_sig, made_by, made = [], [], [], [], []
        for which, dex in enumerate(program.dexes):
            ins, refs = dex.invokes()
            refs = np.minimum(refs, max(len(dex.method_class) - 1, 0))
            self.call_units.append((ins, refs))
            code_def, class_ids = self.code_def[which], self.class_ids[which]
            if len(dex.method_class):
                sigs = self._known_sigs(self._ref_sigs[which])
                callers.append(code_def[dex.code_row_of(ins)])
                direct.append(resolver.targets(which, refs, sigs)[refs])
                call_sig.append(np.where(opcodes.IS_VIRTUAL[dex.ins_op[ins]], sigs[refs], -1))
            new = np.flatnonzero((dex.ins_op == opcodes.NEW_INSTANCE) | (dex.ins_op == opcodes.CONST_CLASS))
            types = class_ids[np.minimum(dex.operand_b(new), len(class_ids) - 1)]
            # Naming a component's class makes no object of it: only the manifest does.
            named = dex.ins_op[new] == opcodes.CONST_CLASS
            for at in np.unique(types[named & (types >= 0)]).tolist():
                lineage = program.models.lineage(program.framework_type(classes[at]))
                component[at] = any(name in COMPONENTS for name in lineage)
            keep = (types >= 0) & ~(named & component[types])
            made_by.append(code_def[dex.code_row_of(new[keep])])
            made.append(types[keep])
        self.calls = _Edges(_join(callers), program.method_count)
        self.caller = self.calls.source
        self.direct, self.call_sig = _join(direct)[self.calls.order], _join(call_sig)[self.calls.order]
        self.makes = _Edges(_join(made_by), program.method_count)
        self.made = _join(made)[self.makes.order]

    def _known_sigs(self, sigs: I64) -> I64:
        """The "sig" of each name with prototype, -1 where the app defines no such method."""
        if not self.sig_count:
            return np.full(len(sigs), -1, np.int64)
        at = np.minimum(np.searchsorted(self._sigs, sigs), self.sig_count - 1)
        return np.where(self._sigs[at] == sigs, at, -1)

    def ref_sigs(self, which: int) -> I64:
        """The "sig" of each method index of a DEX file, -1 where the app defines no such method."""
        return self._known_sigs(self._ref_sigs[which])

    def candidates(
        self, which: int, refs: I64, names: Iterable[str], classes: re.Pattern[str] | None = None
    ) -> I64:
        """The method indices among those called that bear one of the names or lie in matching classes."""
        dex = self.program.dexes[which]
        if not len(dex.method_class):
            return np.zeros(0, np.int64)
        flags = np.zeros(len(self.names) + 1, bool)
        flags[[self.names[name] for name in names if name in self.names]] = True
        wanted = flags[self._ref_names[which]]
        if classes is not None:
            types = np.array([classes.match(t) is not None for t in dex.types()])
            wanted |= types[dex.method_class]
        used = np.zeros(len(dex.method_class), bool)
        used[refs] = True
        return np.flatnonzero(used & wanted)

    def reachable(self, entries: Iterable[int], instantiated: Iterable[str]) -> Mask:
        """Every method that can run when the entry methods run and the classes exist."""
        count = self.program.method_count
        reach = np.zeros(count, bool)
        live = np.zeros(len(self.class_index) + 1, bool)  # the last one stands for "no class of the app"
        called = np.zeros(self.sig_count + 1, bool)
        touched = np.zeros(len(self.class_index) + 1, bool)
        for name in instantiated:
            if name in self.class_index:
                live[self.class_index[name]] = True
        frontier = np.zeros(count, bool)
        frontier[[number for number in entries if 0 <= number < count]] = True
        while True:
            reach |= frontier
            if frontier.any():
                out = self.calls.of(frontier)
                fresh = np.zeros(count, bool)
                targets = self.direct[out]
                fresh[targets[targets >= 0]] = True
                sigs = self.call_sig[out]
                called[sigs[sigs >= 0]] = True
                live[self.made[self.makes.of(frontier)]] = True
                touched[self.def_class[frontier]] = True
                touched[-1] = False
            else:
                fresh = np.zeros(count, bool)
            above = live.copy()
            while True:
                parents = self.super_of[above]
                parents = parents[parents >= 0]
                if above[parents].all():
                    break
                above[parents] = True
            lives = above[self.def_class] if count else np.zeros(0, bool)
            fresh |= lives & (called[self.def_sig] | self.def_callback)
            fresh |= self.def_clinit & (lives | touched[self.def_class])
            fresh &= ~reach
            if not fresh.any():
                return reach
            frontier = fresh


class _Edges:
    """Edges in the order of the method that they come from."""

    def __init__(self, source: I64, methods: int) -> None:
        self.order = np.argsort(source, kind="stable")
        self.source = source[self.order]
        self._first = np.searchsorted(self.source, np.arange(methods + 1))

    def of(self, chosen: Mask) -> I64:
        """Positions of the edges that come from the chosen methods."""
        methods = np.flatnonzero(chosen)
        first = self._first[methods]
        return ranges(first, self._first[methods + 1] - first)


class _Resolver:
    """Finds the methods that references name, as :meth:`Program.resolve` does, for many at a time."""

    def __init__(self, graph: CallGraph) -> None:
        self.graph, self.program = graph, graph.program
        program, classes = graph.program, graph.program.classes
        access, code, kept = [], [], []
        for dex in program.dexes:
            access.append(dex.def_access)
            code.append(dex.def_code)
            mine = np.zeros(len(dex.classes), bool)
            mine[[cls.row for cls in classes.values() if cls.dex is dex]] = True
            kept.append(mine[dex.def_class])
        accesses = _join(access)
        self.abstract = (accesses & ACC_ABSTRACT) != 0
        # Where a class is defined twice, or a method, the first one counts.
        rows = np.flatnonzero(np.concatenate(kept) if kept else np.zeros(0, bool))
        keys = graph.def_class[rows] * graph.sig_count + graph.def_sig[rows]
        self.keys, first = np.unique(keys, return_index=True)
        self.numbers = rows[first]
        interface = np.zeros(len(classes) + 1, bool)
        named = {name for cls in classes.values() for name in cls.interfaces}
        interface[[graph.class_index[name] for name in named if name in classes]] = True
        runs = (_join(code) >= 0) & ((accesses & ACC_STATIC) == 0) & interface[graph.def_class]
        self.default = np.zeros(graph.sig_count + 1, bool)
        """Names with prototypes that some interface brings code for."""
        self.default[graph.def_sig[runs]] = True

    def targets(self, which: int, refs: I64, sigs: I64) -> I64:
        """The method of each method index that ``refs`` uses, -1 where the app does not define it."""
        graph, program = self.graph, self.program
        dex = program.dexes[which]
        target = np.full(len(dex.method_class), -1, np.int64)
        target[dex.def_method] = np.arange(len(dex.def_method)) + program.first_method[which]
        owner = graph.class_ids[which][dex.method_class]
        used = np.zeros(len(target), bool)
        used[refs] = True
        asked = np.flatnonzero(used & (target < 0) & (owner >= 0) & (sigs >= 0))
        left, at = asked, owner[asked]
        for _ in range(64):
            if not len(left):
                break
            keys = at * graph.sig_count + sigs[left]
            place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
            hit = self.keys[place] == keys
            target[left[hit]] = self.numbers[place[hit]]
            above = graph.super_of[at]
            go_on = ~hit & (above >= 0)
            left, at = left[go_on], above[go_on]
        # Code of an interface may stand in where the superclasses have none.
        found = target[asked]
        none = (found < 0) | self.abstract[found]
        inherits = graph.super_of[owner[asked]] >= 0
        open_ = none & (self.default[sigs[asked]] | ((found >= 0) & inherits))
        for index in asked[open_].tolist():
            ref = program.method_ref(dex, index)
            method = program.resolve(ref.cls, ref.name, ref.kind)
            target[index] = method.number if method is not None else -1
        return target


def _ids(known: dict[str, int], indices: npt.NDArray[np.integer], text: Any, count: int) -> I64:
    """Program-wide numbers of the texts behind an array of indices below ``count``."""
    used = np.zeros(count, bool)
    used[indices] = True
    unique = np.flatnonzero(used)
    numbers = np.zeros(count, np.int64)
    numbers[unique] = [known.setdefault(text(i), len(known)) for i in unique.tolist()]
    found: I64 = numbers[indices]
    return found


def _join(parts: list[I64]) -> I64:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
