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

COMPONENTS = frozenset(
    (
        "Landroid/app/Activity;",
        "Landroid/app/Service;",
        "Landroid/app/Application;",
        "Landroid/content/BroadcastReceiver;",
        "Landroid/content/ContentProvider;",
    )
)
Mask = npt.NDArray[np.bool_]
I64 = npt.NDArray[np.int64]


class CallGraph:
    """Edges between the methods of a program, as arrays."""

    def __init__(self, program: Program) -> None:
        self.program = program
        count = program.method_count
        self.names: dict[str, int] = {}
        protos: dict[str, int] = {}
        self.class_index = {name: i for i, name in enumerate(program.classes)}
        self.def_name = np.zeros(count, np.int64)
        def_proto = np.zeros(count, np.int64)
        self.def_class = np.full(count, -1, np.int64)
        callers: list[I64] = []
        direct: list[I64] = []
        ref_names: list[I64] = []
        ref_protos: list[I64] = []
        virtual: list[Mask] = []
        made_by: list[I64] = []
        made: list[I64] = []
        component = np.array(
            [
                program.framework_type(name) in COMPONENTS
                or any(c in COMPONENTS for c in program.models.lineage(program.framework_type(name)))
                for name in program.classes
            ]
            + [False]
        )
        self.call_units: list[tuple[I64, I64]] = []
        """Per DEX file: instruction rows of all invokes, and the method index of each."""
        self.code_def: list[I64] = []
        """Per DEX file: number of the method of each code row."""
        self._ref_names: list[I64] = []
        for which, dex in enumerate(program.dexes):
            first = program.first_method[which]
            name_ids = _ids(self.names, dex.method_name, dex.string)
            proto_ids = _ids(protos, dex.method_proto, dex.proto)
            class_ids = np.array(
                [self.class_index.get(t, -1) for t in dex.types()] or [-1],
                np.int64,
            )
            owners = dex.classes[:, 0].astype(np.int64)
            rows = slice(first, first + len(dex.def_method))
            self.def_name[rows] = name_ids[dex.def_method]
            def_proto[rows] = proto_ids[dex.def_method]
            self.def_class[rows] = class_ids[owners[dex.def_class]] if len(dex.def_class) else -1
            self._ref_names.append(name_ids)
            code_def = np.full(len(dex.code_offset), -1, np.int64)
            has_code = np.flatnonzero(dex.def_code >= 0)
            code_def[dex.def_code[has_code]] = has_code + first
            self.code_def.append(code_def)
            ins, refs = dex.invokes()
            refs = np.minimum(refs, max(len(dex.method_class) - 1, 0))
            self.call_units.append((ins, refs))
            if len(dex.method_class):
                target = self._targets(dex, which, np.unique(refs), class_ids)
                callers.append(code_def[dex.code_row_of(ins)])
                direct.append(target[refs])
                ref_names.append(name_ids[refs])
                ref_protos.append(proto_ids[refs])
                ops = dex.ins_op[ins]
                virtual.append((ops == 0x6E) | (ops == 0x72) | (ops == 0x74) | (ops == 0x78))
            new = np.flatnonzero((dex.ins_op == opcodes.NEW_INSTANCE) | (dex.ins_op == opcodes.CONST_CLASS))
            types = class_ids[np.minimum(dex.operand_b(new), len(class_ids) - 1)]
            # Naming a component's class makes no object of it: only the manifest does.
            keep = (types >= 0) & ((dex.ins_op[new] == opcodes.NEW_INSTANCE) | ~component[types])
            new, types = new[keep], types[keep]
            made_by.append(code_def[dex.code_row_of(new)])
            made.append(types)
        self.caller = _join(callers)
        self.direct = _join(direct)
        width = max(len(protos), 1)
        self.call_sig = _join(ref_names) * width + _join(ref_protos)
        self.virtual = np.concatenate(virtual) if virtual else np.zeros(0, bool)
        self.def_sig = self.def_name * width + def_proto
        known, self.def_sig = np.unique(self.def_sig, return_inverse=True)
        at = np.searchsorted(known, self.call_sig)
        at = np.minimum(at, max(len(known) - 1, 0))
        found = known[at] == self.call_sig if len(known) else np.zeros(0, bool)
        self.call_sig = np.where(found & self.virtual, at, -1)
        self.sig_count = len(known)
        self.made_by, self.made = _join(made_by), _join(made)
        self.super_of = np.array(
            [self.class_index.get(cls.super_name, -1) for cls in program.classes.values()] + [-1], np.int64
        )
        is_callback = np.zeros(len(self.names) + 1, bool)
        for name, number in self.names.items():
            is_callback[number] = program.models.is_callback(name)
        outside = np.array(
            [
                cls.super_name != "Ljava/lang/Object;" or bool(cls.interfaces)
                for cls in program.classes.values()
            ]
            + [False]
        )
        self.def_callback = (
            is_callback[self.def_name] & outside[self.def_class] if count else np.zeros(0, bool)
        )
        clinit = self.names.get("<clinit>", -1)
        self.def_clinit = self.def_name == clinit

    def _targets(self, dex: Any, which: int, used: I64, class_ids: I64) -> I64:
        """The method that each method index names, -1 where the app does not define it."""
        program = self.program
        first = program.first_method[which]
        target = np.full(len(dex.method_class), -1, np.int64)
        target[dex.def_method] = np.arange(len(dex.def_method)) + first
        owner = class_ids[dex.method_class[used]]
        for index in used[(target[used] < 0) & (owner >= 0)].tolist():
            ref = program.method_ref(dex, index)
            method = program.resolve(ref.cls, ref.name, ref.kind)
            if method is not None:
                target[index] = method.number
        return target

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
                out = np.flatnonzero(frontier[self.caller] & (self.caller >= 0))
                fresh = np.zeros(count, bool)
                targets = self.direct[out]
                fresh[targets[targets >= 0]] = True
                sigs = self.call_sig[out]
                called[sigs[sigs >= 0]] = True
                if len(self.made):
                    live[self.made[frontier[self.made_by] & (self.made_by >= 0)]] = True
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

    def leading_to(self, wanted: Mask) -> Mask:
        """Every method from which one of the wanted methods can be reached."""
        found = wanted.copy()
        while True:
            sig = np.zeros(self.sig_count + 1, bool)
            sig[self.def_sig[found]] = True
            hit = (self.direct >= 0) & found[self.direct]
            hit |= (self.call_sig >= 0) & sig[self.call_sig]
            callers = self.caller[hit]
            callers = callers[callers >= 0]
            if found[callers].all():
                return found
            found[callers] = True


def _ids(known: dict[str, int], indices: Any, text: Any) -> I64:
    """Program-wide numbers of the texts behind an array of indices."""
    unique, inverse = np.unique(indices, return_inverse=True)
    numbers = np.array([known.setdefault(text(i), len(known)) for i in unique.tolist()] or [0], np.int64)
    return numbers[inverse] if len(indices) else np.zeros(0, np.int64)


def _join(parts: list[I64]) -> I64:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
