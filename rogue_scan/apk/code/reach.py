"""Which methods can run: a call graph over all DEX files, walked from the entry points with numpy.

Virtual calls reach the methods of the same name and prototype in classes that reachable code
instantiates; a class that is instantiated is called back by Android through the methods that carry
the names of callbacks.
"""

import itertools
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.code.program import Program
from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import ACC_ABSTRACT, ACC_STATIC, I64, distinct, ranges

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


class CallGraph:
    """Edges between the methods of a program, as arrays.

    A call leads to the method that it names and, where it is virtual, to every method of that name and
    prototype; these are numbered on from the methods and called "sigs".
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._names = _Numbers()
        self.class_index = {name: i for i, name in enumerate(program.classes)}
        self.call_units: list[tuple[I64, I64]] = []
        """Per DEX file: instruction rows of all invokes, and the method index of each."""
        self.code_def: list[I64] = []
        """Per DEX file: number of the method of each code row."""
        self.targets: list[I64] = []
        """Per DEX file: number of the method that each method index stands for in a call, -1 for none."""
        self._ref_names: list[I64] = []
        self.ref_sigs: list[I64] = []
        """Per DEX file: the sig of each method index, -1 where the app defines no such method."""
        self.class_ids: list[I64] = []
        """Per DEX file: number of the class of each type index, -1 where the app does not bring it."""
        self._read_definitions()
        self.names = self._names.known
        """Numbers of the names of methods."""
        self._read_classes()
        self._read_edges()

    def _read_definitions(self) -> None:
        """What the methods of all files are called, and which class each belongs to."""
        program = self.program
        protos = _Numbers()
        keys, owners = [], []
        for which, dex in enumerate(program.dexes):
            name_ids = self._names.of(dex.method_name, dex.strings_at, len(dex.string_offsets))
            proto_ids = protos.of(dex.method_proto, dex.protos_at, len(dex.protos))
            class_ids = np.array([self.class_index.get(t, -1) for t in dex.types()] or [-1], np.int64)
            self._ref_names.append(name_ids)
            self.class_ids.append(class_ids)
            keys.append(name_ids << _PROTO_BITS | proto_ids)
            owners.append(class_ids[dex.classes[:, 0][dex.def_class]])
            code_def = np.full(len(dex.code_offset), -1, np.int64)
            has_code = np.flatnonzero(dex.def_code >= 0)
            code_def[dex.def_code[has_code]] = has_code + program.first_method[which]
            self.code_def.append(code_def)
        unique, inverse = np.unique(_join(keys), return_inverse=True)
        defined = np.zeros(len(unique), bool)
        parts = _split(inverse, [len(dex.method_class) for dex in program.dexes])
        for dex, part in zip(program.dexes, parts, strict=True):
            defined[part[dex.def_method]] = True
        sigs = np.where(defined, np.cumsum(defined) - 1, -1)
        self.ref_sigs = [sigs[part] for part in parts]
        self.sig_count = int(np.count_nonzero(defined))
        self.def_class = _join(owners)
        self.def_name, self.def_sig = (
            _join([ids[dex.def_method] for ids, dex in zip(of_refs, program.dexes, strict=True)])
            for of_refs in (self._ref_names, self.ref_sigs)
        )

    def _read_classes(self) -> None:
        """What classes inherit, and which methods Android calls back."""
        program, classes = self.program, self.program.classes
        self.super_of = np.array(
            [self.class_index.get(cls.super_name, -1) for cls in classes.values()] + [-1], np.int64
        )
        is_callback = np.zeros(self._names.end + 1, bool)
        is_callback[[n for name, n in self.names.items() if program.models.is_callback(name)]] = True
        outside = np.array(
            [*(c.super_name != "Ljava/lang/Object;" or bool(c.interfaces) for c in classes.values()), False]
        )
        self.def_callback = is_callback[self.def_name] & outside[self.def_class]
        self.def_clinit = self.def_name == self.names.get("<clinit>", -1)
        count = len(classes)
        numbers = np.flatnonzero(self.def_class >= 0)
        self._members = Groups(self.def_class[numbers], numbers, count)
        self._bearers = Groups(self.def_sig, np.arange(len(self.def_sig)), self.sig_count)

    def _read_edges(self) -> None:
        """Who calls and who creates what."""
        program = self.program
        classes = list(program.classes)
        component = np.zeros(len(classes) + 1, bool)
        callers, virtuals, made_by, made = [], [], [], []
        for which, dex in enumerate(program.dexes):
            ins, refs = dex.invokes()
            refs = np.minimum(refs, max(len(dex.method_class) - 1, 0))
            self.call_units.append((ins, refs))
            code_def, class_ids = self.code_def[which], self.class_ids[which]
            callers.append(np.repeat(code_def, dex.count_in_code(ins)))
            virtuals.append(opcodes.IS_VIRTUAL[dex.ins_op[ins]])
            new = np.flatnonzero((dex.ins_op == opcodes.NEW_INSTANCE) | (dex.ins_op == opcodes.CONST_CLASS))
            types = class_ids[np.minimum(dex.operand_b(new), len(class_ids) - 1)]
            # Naming a component's class makes no object of it: only the manifest does.
            named = dex.ins_op[new] == opcodes.CONST_CLASS
            for at in set(types[named & (types >= 0)].tolist()):
                lineage = program.models.lineage(program.framework_type(classes[at]))
                component[at] = any(name in COMPONENTS for name in lineage)
            keep = (types >= 0) & ~(named & component[types])
            made_by.append(code_def[dex.code_row_of(new[keep])])
            made.append(types[keep])
        self.targets = self._resolve()
        caller, maker, makes = _join(callers), _join(made_by), _join(made)
        direct, sigs = (
            _join(
                [
                    of_refs[refs]
                    for of_refs, (_, refs) in zip(found, self.call_units, strict=True)
                    if len(refs)
                ]
            )
            for found in (self.targets, self.ref_sigs)
        )
        known = caller >= 0
        to_method = known & (direct >= 0)
        to_sig = known & (sigs >= 0) & _join(virtuals).astype(bool)
        self.calls = Groups(
            np.concatenate([caller[to_method], caller[to_sig]]),
            np.concatenate([direct[to_method], sigs[to_sig] + program.method_count]),
            program.method_count,
        )
        """What each method calls: methods, and sigs counted on from them."""
        self.callers = Groups(direct[to_method], caller[to_method], program.method_count)
        """The methods that name each method in a call."""
        self.makes = Groups(maker[maker >= 0], makes[maker >= 0], program.method_count)
        """The classes that each method makes an object of."""
        self.makers = Groups(makes[maker >= 0], maker[maker >= 0], len(classes))
        """The methods that make an object of each class."""

    def candidates(self, which: int, refs: I64, names: Iterable[str]) -> I64:
        """The method indices among those called that bear one of the names."""
        dex = self.program.dexes[which]
        if not len(dex.method_class):
            return np.zeros(0, np.int64)
        flags = np.zeros(self._names.end + 1, bool)
        flags[[self.names[name] for name in names if name in self.names]] = True
        wanted = flags[self._ref_names[which]]
        used = np.zeros(len(dex.method_class), bool)
        used[refs] = True
        return np.flatnonzero(used & wanted)

    def reachable(self, entries: Iterable[int], instantiated: Iterable[str]) -> Mask:
        """Every method that can run when the entry methods run and the classes exist."""
        count = self.program.method_count
        reach = np.zeros(count, bool)
        live = np.zeros(len(self.class_index), bool)
        called = np.zeros(self.sig_count, bool)
        touched = np.zeros(len(self.class_index), bool)
        frontier = first_time(reach, np.array([n for n in entries if 0 <= n < count], np.int64))
        made = np.array([self.class_index[n] for n in instantiated if n in self.class_index], np.int64)
        while len(frontier) or len(made):
            targets = self.calls.of(frontier)
            sigs = first_time(called, targets[targets >= count] - count)
            born = above = first_time(live, np.concatenate([made, self.makes.of(frontier)]))
            while len(above):
                above = self.super_of[above]
                above = first_time(live, above[above >= 0])
                born = np.concatenate([born, above])
            owners = self.def_class[frontier]
            used = first_time(touched, owners[owners >= 0])
            of_born, of_sigs, of_used = self._members.of(born), self._bearers.of(sigs), self._members.of(used)
            runs = called[self.def_sig[of_born]] | self.def_callback[of_born] | self.def_clinit[of_born]
            owners = self.def_class[of_sigs]
            frontier = first_time(
                reach,
                np.concatenate(
                    [
                        targets[targets < count],
                        of_born[runs],
                        of_sigs[(owners >= 0) & live[owners]],
                        of_used[self.def_clinit[of_used]],
                    ]
                ),
            )
            made = made[:0]
        return reach

    def _resolve(self) -> list[I64]:
        """The method that each method index stands for, as :meth:`Program.resolve` finds it, -1 for none."""
        program, classes = self.program, self.program.classes
        sizes = [len(dex.method_class) for dex in program.dexes]
        target = np.full(sum(sizes), -1, np.int64)
        used = np.zeros(len(target), bool)
        owners, kept, first = [], [], 0
        for which, dex in enumerate(program.dexes):
            target[first + dex.def_method] = np.arange(len(dex.def_method)) + program.first_method[which]
            used[first + self.call_units[which][1]] = True
            owners.append(self.class_ids[which][dex.method_class])
            loaded = np.zeros(len(dex.classes), bool)
            loaded[program.loaded[which]] = True
            kept.append(loaded[dex.def_class])
            first += sizes[which]
        owner, sigs = _join(owners), _join(self.ref_sigs)
        # Where a class is defined twice, or a method, the first one counts.
        rows = np.flatnonzero(_join(kept))
        keys, inverse = np.unique(
            self.def_class[rows] * self.sig_count + self.def_sig[rows], return_inverse=True
        )
        numbers = np.zeros(len(keys), np.int64)
        numbers[inverse[::-1]] = rows[::-1]
        asked = np.flatnonzero(used & (target < 0) & (owner >= 0) & (sigs >= 0))
        left, at = asked, owner[asked]
        for _ in range(64):
            if not len(left):
                break
            wanted = at * self.sig_count + sigs[left]
            place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
            hit = keys[place] == wanted
            target[left[hit]] = numbers[place[hit]]
            above = self.super_of[at]
            go_on = ~hit & (above >= 0)
            left, at = left[go_on], above[go_on]
        # Code of an interface may stand in where the superclasses have none.
        access = _join([dex.def_access for dex in program.dexes])
        code = _join([dex.def_code for dex in program.dexes])
        interface = np.zeros(len(classes) + 1, bool)
        named = {name for cls in classes.values() for name in cls.interfaces}
        interface[[self.class_index[name] for name in named if name in classes]] = True
        default = np.zeros(self.sig_count, bool)
        default[self.def_sig[(code >= 0) & ((access & ACC_STATIC) == 0) & interface[self.def_class]]] = True
        found = target[asked]
        none = (found < 0) | ((access[found] & ACC_ABSTRACT) != 0)
        inherits = self.super_of[owner[asked]] >= 0
        found_targets = _split(target, sizes)
        starts = np.cumsum([0, *sizes])
        for at_ref in asked[none & (default[sigs[asked]] | ((found >= 0) & inherits))].tolist():
            which = int(np.searchsorted(starts, at_ref, side="right")) - 1
            ref = program.method_ref(program.dexes[which], at_ref - int(starts[which]))
            method = program.resolve(ref.cls, ref.name, ref.kind)
            target[at_ref] = method.number if method is not None else -1
        return found_targets


class Groups:
    """Distinct values by key."""

    def __init__(self, keys: I64, values: I64, count: int) -> None:
        pairs = distinct(keys << 32 | values)
        self._values = pairs & 0xFFFFFFFF
        self._first = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(pairs >> 32, minlength=count), out=self._first[1:])

    def of(self, keys: I64) -> I64:
        """The values of all the keys."""
        first = self._first[keys]
        found: I64 = self._values[ranges(first, self._first[keys + 1] - first)]
        return found


def first_time(flags: Mask, positions: I64) -> I64:
    """Those of the positions that are not flagged yet, each once; flags them."""
    new: I64 = distinct(positions[~flags[positions]])
    flags[new] = True
    return new


class _Numbers:
    """Numbers of texts; some stay unused."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}
        self.end = 0

    def of(
        self, indices: npt.NDArray[np.integer], texts: Callable[[list[int]], list[str]], count: int
    ) -> I64:
        """The numbers of the texts behind indices below ``count``."""
        used = np.zeros(count, bool)
        used[indices] = True
        unique = np.flatnonzero(used)
        numbers = np.zeros(count, np.int64)
        fresh = range(self.end, self.end + len(unique))
        numbers[unique] = list(map(self.known.setdefault, texts(unique.tolist()), fresh))
        self.end = fresh.stop
        found: I64 = numbers[indices]
        return found


def _join(parts: list[I64]) -> I64:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _split(joined: I64, sizes: list[int]) -> list[I64]:
    """Views of consecutive parts of the given sizes."""
    ends = np.cumsum([0, *sizes]).tolist()
    return [joined[first:last] for first, last in itertools.pairwise(ends)]
