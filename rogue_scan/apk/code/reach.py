"""Which methods can run: a call graph over all DEX files, walked from the entry points with numpy.

Virtual calls reach the methods of the same name and prototype in classes that reachable code
instantiates; a class that is instantiated is called back by Android through the methods that carry
the names of callbacks.
"""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from rogue_scan.apk.code.program import Program
from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import ACC_ABSTRACT, ACC_STATIC, I64, Dex, distinct, ranges

COMPONENTS = frozenset(
    (
        "Landroid/app/Activity;",
        "Landroid/app/Service;",
        "Landroid/app/Application;",
        "Landroid/content/BroadcastReceiver;",
        "Landroid/content/ContentProvider;",
    )
)
_OBJECT = "Ljava/lang/Object;"
_NONE = np.full(1, -1, np.int64)
Mask = npt.NDArray[np.bool_]


class CallGraph:
    """Edges between the methods of a program, as arrays.

    Types, method indices ("refs") and calls are numbered through all DEX files. The types that are classes
    of the program come first, and one ref after the last stands for none. A call leads to the method that
    its ref stands for and, where it is virtual, to every method of that name and prototype (a "sig").
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.class_names = list(program.classes)
        self.class_index = {name: i for i, name in enumerate(self.class_names)}
        self.type_numbers: list[I64] = []
        """Per DEX file: the number of each type index, and last that of what any other index stands for."""
        self.first_ref: list[int] = []
        """Per DEX file: the ref of method index 0."""
        self._code_def: list[I64] = []
        self._supers: dict[int, I64] = {}
        self._read_refs()
        self._read_definitions()
        self._read_calls()
        self._resolve()
        self._read_makers()

    def _read_refs(self) -> None:
        """What the method indices of all files name."""
        self.types, self.names = Numbers(self.class_index), Numbers()
        owners, named, kinds, first, first_proto = [], [], [], 0, 0
        for dex in self.program.dexes:
            numbers = self.types.of([*dex.types(), "V"])
            owners.append(numbers[dex.method_class])
            named.append(self.names.of_used(dex.method_name, dex.strings_at, len(dex.string_offsets)))
            kinds.append(dex.method_proto.astype(np.int64) + first_proto)
            self.type_numbers.append(numbers)
            self.first_ref.append(first)
            first += len(dex.method_class)
            first_proto += len(dex.protos)
        self.ref_owner, self.ref_name = _join([*owners, _NONE]), _join([*named, _NONE])
        keys = self.ref_name << 32 | np.append(self._prototypes(), -1)[_join([*kinds, _NONE])]
        _, self.ref_sig = np.unique(keys, return_inverse=True)

    def _prototypes(self) -> I64:
        """Numbers of the prototypes of all files, one file after the other; alike ones have the same."""
        returns, counts, parameters = [], [], []
        for dex, numbers in zip(self.program.dexes, self.type_numbers, strict=True):
            count, types = dex.parameters()
            counts.append(count)
            parameters.append(numbers.take(types, mode="clip"))
            returns.append(numbers.take(dex.protos[:, 1], mode="clip"))
        found, count, types = _join(returns), _join(counts), _join(parameters)
        first, end = np.cumsum(count) - count, self.types.end
        # What is alike up to a parameter gets one number, and a new one with the next, as in a trie.
        longer = np.arange(len(found))
        for place in range(int(count.max(initial=0))):
            longer = longer[count[longer] > place]
            _, alike = np.unique(found[longer] << 32 | types[first[longer] + place], return_inverse=True)
            found[longer] = alike + end
            end += len(longer)
        return found

    def _read_definitions(self) -> None:
        """What the methods of the program are called, and which of them Android calls back."""
        program, classes = self.program, list(self.program.classes.values())
        refs = _join(
            [dex.def_method + first for dex, first in zip(program.dexes, self.first_ref, strict=True)]
        )
        self._def_ref = refs
        defined = np.zeros(len(self.ref_sig), bool)
        defined[self.ref_sig[refs]] = True
        self.sig_count = int(np.count_nonzero(defined))
        self.ref_sig = np.where(defined, np.cumsum(defined) - 1, -1)[self.ref_sig]
        """The sig of each ref, -1 where the app defines no such method."""
        self.def_sig = self.ref_sig[refs]
        of_files = zip(program.dexes, self.type_numbers, strict=True)
        self.def_class = self._class_of(
            _join([numbers[dex.classes[:, 0][dex.def_class]] for dex, numbers in of_files])
        )
        """Number of the class of each method, -1 where the program leaves it out."""
        supers = [self.class_index.get(cls.super_name, -1) for cls in classes]
        self.super_of = np.fromiter([*supers, -1], np.int64)
        self.def_library = mask([cls.library for cls in classes] + [True])[self.def_class]
        """Whether each method is of a kit, or of no class that counts."""
        far = mask([cls.far for cls in classes] + [False])[self.def_class]
        self.def_own = ~self.def_library & ~far
        outside = mask([cls.super_name != _OBJECT or bool(cls.interfaces) for cls in classes] + [False])
        names = self.ref_name[refs]
        is_callback = self.names.marks(program.models.callbacks_among(self.names.known))
        self.def_callback = is_callback[names] & outside[self.def_class]
        self.def_clinit = names == self.names.known.get("<clinit>", -1)
        numbers = np.flatnonzero(self.def_class >= 0)
        self.members = Groups(self.def_class[numbers], numbers, len(classes))
        clinit = numbers[self.def_clinit[numbers]]
        self.initialisers = Groups(self.def_class[clinit], clinit, len(classes))
        self.bearers = Groups(self.def_sig, np.arange(len(refs)), self.sig_count)

    def _class_of(self, types: I64) -> I64:
        """The types that are classes of the program, -1 for any other."""
        return np.where(types < len(self.class_index), types, -1)

    def _read_calls(self) -> None:
        """Who calls what."""
        program = self.program
        callers, refs, virtual, first = [], [], [], 0
        self._end_call: list[int] = []
        self._call_rows: list[I64] = []
        self._first_call = np.zeros(program.method_count, np.int64)
        self._call_count = self._first_call.copy()
        for which, dex in enumerate(program.dexes):
            code_def = np.full(len(dex.code_offset), -1, np.int64)
            has_code = np.flatnonzero(dex.def_code >= 0)
            code_def[dex.def_code[has_code]] = has_code + program.first_method[which]
            rows, indices = dex.invokes()
            code_rows = dex.code_row_of(rows)
            counts = np.bincount(code_rows, minlength=len(code_def))
            known = np.flatnonzero(code_def >= 0)
            self._first_call[code_def[known]] = (np.cumsum(counts) - counts)[known] + first
            self._call_count[code_def[known]] = counts[known]
            first += len(rows)
            callers.append(code_def[code_rows])
            wrong = indices >= len(dex.method_class)
            indices += self.first_ref[which]
            indices[wrong] = len(self.ref_sig) - 1
            refs.append(indices)
            virtual.append(opcodes.IS_VIRTUAL[dex.ins_op[rows]])
            self._code_def.append(code_def)
            self._call_rows.append(rows)
            self._end_call.append(first)
        self.call_caller = _join(callers)
        """Number of the method that each call is in, -1 for code of no method."""
        self.call_ref = _join(refs)
        self.call_virtual = np.concatenate([np.zeros(0, bool), *virtual])

    def _resolve(self) -> None:
        """The method that each ref called stands for, as :meth:`Program.resolve` finds it, -1 for none."""
        program = self.program
        loaded = []
        for dex, classes in zip(program.dexes, program.loaded, strict=True):
            counts = np.zeros(len(dex.classes), bool)
            counts[classes] = True
            loaded.append(counts[dex.def_class])
        # Where a class is defined twice, or a method, the first one counts.
        rows = np.flatnonzero(np.concatenate([np.zeros(0, bool), *loaded]))
        keys, inverse = np.unique(
            self.def_class[rows] * self.sig_count + self.def_sig[rows], return_inverse=True
        )
        numbers = np.zeros(len(keys), np.int64)
        numbers[inverse[::-1]] = rows[::-1]
        self.def_counts = np.zeros(program.method_count, bool)
        """Whether a method is the one that its class, name and prototype stand for."""
        self.def_counts[numbers] = True
        keys, numbers = np.append(keys, np.iinfo(np.int64).max), np.append(numbers, -1)

        def defined(classes: I64, sigs: I64) -> I64:
            """The methods that classes define themselves, -1 for none."""
            wanted = classes * self.sig_count + sigs
            place = np.searchsorted(keys, wanted)
            return np.where(keys[place] == wanted, numbers[place], -1)

        owner = self._class_of(self.ref_owner)
        self.ref_target = np.full(len(owner), -1, np.int64)
        self.ref_target[self._def_ref] = np.arange(program.method_count)
        used = np.zeros(len(owner), bool)
        used[self.call_ref] = True
        asked = np.flatnonzero(used & (self.ref_target < 0) & (owner >= 0) & (self.ref_sig >= 0))
        left, at = asked, owner[asked]
        for _ in range(64):
            if not len(left):
                break
            found = defined(at, self.ref_sig[left])
            self.ref_target[left] = found
            at = self.super_of[at]
            go_on = (found < 0) & (at >= 0)
            left, at = left[go_on], at[go_on]
        # Code of an interface may stand in where the superclasses have none.
        access = _join([dex.def_access for dex in program.dexes])
        code = _join([dex.def_code for dex in program.dexes])
        interface = np.zeros(len(self.class_names) + 1, bool)
        named = {name for cls in program.classes.values() for name in cls.interfaces}
        interface[[self.class_index[name] for name in named if name in self.class_index]] = True
        default = np.zeros(self.sig_count, bool)
        default[self.def_sig[(code >= 0) & ((access & ACC_STATIC) == 0) & interface[self.def_class]]] = True
        found = self.ref_target[asked]
        none = (found < 0) & default[self.ref_sig[asked]]
        left = asked[none | ((found >= 0) & ((access[found] & ACC_ABSTRACT) != 0))]
        above = [self.supers(cls)[1:] for cls in owner[left].tolist()]
        left = np.repeat(left, [len(types) for types in above])
        found = defined(self._class_of(_join(above)), self.ref_sig[left])
        usable = np.flatnonzero((found >= 0) & (code[found] >= 0) & ((access[found] & ACC_STATIC) == 0))[::-1]
        self.ref_target[left[usable]] = found[usable]

    def supers(self, cls: int) -> I64:
        """A class and its superclasses and interfaces, nearest first, as numbers of types."""
        found = self._supers.get(cls)
        if found is None:
            names = self.program.supers(self.class_names[cls])
            known = self.types.known
            numbers = [known[name] for name in names if name in known]
            found = self._supers[cls] = np.array(numbers, np.int64)
        return found

    def _read_makers(self) -> None:
        """Who creates what."""
        program = self.program
        component = np.zeros(len(self.class_names) + 1, bool)
        kinds: dict[str, bool] = {}
        makers, made = [], []
        for which, dex in enumerate(program.dexes):
            rows = np.flatnonzero((dex.ins_op == opcodes.NEW_INSTANCE) | (dex.ins_op == opcodes.CONST_CLASS))
            classes = self._class_of(self.type_numbers[which].take(dex.operand_b(rows), mode="clip"))
            rows, classes = rows[classes >= 0], classes[classes >= 0]
            # Naming a component's class makes no object of it: only the manifest does.
            named = dex.ins_op[rows] == opcodes.CONST_CLASS
            for cls in distinct(classes[named]).tolist():
                kind = program.framework_type(self.class_names[cls])
                if kind not in kinds:
                    kinds[kind] = not COMPONENTS.isdisjoint(program.models.lineage(kind))
                component[cls] = kinds[kind]
            keep = np.flatnonzero(~(named & component[classes]))
            makers.append(self.caller_of(which, rows[keep]))
            made.append(classes[keep])
        maker, classes = _join(makers), _join(made)
        maker, classes = maker[maker >= 0], classes[maker >= 0]
        self.makes = Groups(maker, classes, program.method_count)
        """The classes that each method makes an object of."""
        self.makers = Groups(classes, maker, len(self.class_names))
        """The methods that make an object of each class."""

    def caller_of(self, which: int, rows: I64) -> I64:
        """Numbers of the methods that instructions of a DEX file are in, -1 for code of no method."""
        return self._code_def[which][self.program.dexes[which].code_row_of(rows)]

    def by_file(self, calls: I64) -> Iterator[tuple[Dex, I64, I64]]:
        """Ascending calls by DEX file: those that are in it, with their instruction rows."""
        ends = np.searchsorted(calls, self._end_call).tolist()
        start = 0
        for dex, rows, first, end, stop in zip(
            self.program.dexes, self._call_rows, [0, *ends], ends, self._end_call, strict=False
        ):
            if first < end:
                yield dex, calls[first:end], rows[calls[first:end] - start]
            start = stop

    def callers(self, called: Mask) -> I64:
        """Numbers of the methods that call one of the refs that a mask marks."""
        found = self.call_caller[called[self.call_ref]]
        return found[found >= 0]

    def called(self, methods: I64) -> tuple[I64, I64]:
        """What methods call: methods, and sigs; both have -1 in them, and the same ones many times."""
        calls = ranges(self._first_call[methods], self._call_count[methods])
        refs = self.call_ref[calls]
        return self.ref_target[refs], self.ref_sig[refs[self.call_virtual[calls]]]


class Reach:
    """Every method that can run when the entry methods run and the classes exist that are added."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph = graph
        self._methods = _flags(graph.program.method_count)
        self._called = _flags(graph.sig_count)
        self._live = _flags(len(graph.class_names))
        self._touched = self._live.copy()

    @property
    def methods(self) -> Mask:
        """Which methods can run."""
        return self._methods[:-1]

    def add(self, entries: Iterable[int], instantiated: Iterable[str]) -> None:
        """Add entry methods by number, and classes by name, and all that can run because of them."""
        graph = self._graph
        frontier = first_time(self._methods, np.array([*entries], np.int64))
        made = np.array([graph.class_index[n] for n in instantiated if n in graph.class_index], np.int64)
        while len(frontier) or len(made):
            targets, sigs = graph.called(frontier)
            sigs = first_time(self._called, sigs)
            born = above = first_time(self._live, np.concatenate([made, graph.makes.of(frontier)]))
            while len(above):
                above = first_time(self._live, graph.super_of[above])
                born = np.concatenate([born, above])
            used = first_time(self._touched, graph.def_class[frontier])
            of_born, of_sigs = graph.members.of(born), graph.bearers.of(sigs)
            runs = (
                self._called[graph.def_sig[of_born]] | graph.def_callback[of_born] | graph.def_clinit[of_born]
            )
            owners = graph.def_class[of_sigs]
            frontier = first_time(
                self._methods,
                np.concatenate(
                    [
                        targets,
                        of_born[runs],
                        of_sigs[(owners >= 0) & self._live[owners]],
                        graph.initialisers.of(used),
                    ]
                ),
            )
            made = made[:0]


class Groups:
    """Values by key."""

    def __init__(self, keys: I64, values: I64, count: int) -> None:
        self._values = np.sort(keys << 32 | values) & 0xFFFFFFFF
        self._first = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount(keys, minlength=count), out=self._first[1:])

    def of(self, keys: I64) -> I64:
        """The values of all the keys."""
        if not len(keys):
            return keys
        first = self._first[keys]
        found: I64 = self._values[ranges(first, self._first[keys + 1] - first)]
        return found


def _flags(count: int) -> Mask:
    """Flags of so many positions, none of them set; one more is, so that position -1 counts as flagged."""
    flags = np.zeros(count + 1, bool)
    flags[-1] = True
    return flags


def first_time(flags: Mask, positions: I64) -> I64:
    """Those of the positions that are not flagged yet, each once; flags them."""
    new = positions[~flags[positions]]
    if len(new):
        new = distinct(new)
        flags[new] = True
    return new


class Numbers:
    """Numbers of texts; some stay unused."""

    def __init__(self, known: dict[str, int] | None = None) -> None:
        self.known = dict(known or {})
        self.end = len(self.known)
        """All numbers are below."""

    def of(self, texts: list[str]) -> I64:
        """The numbers of texts."""
        fresh = range(self.end, self.end + len(texts))
        self.end = fresh.stop
        return np.fromiter(map(self.known.setdefault, texts, fresh), np.int64, len(texts))

    def of_used(
        self, indices: npt.NDArray[np.integer], texts: Callable[[list[int]], list[str]], count: int
    ) -> I64:
        """The numbers of the texts behind indices below ``count``."""
        used = np.zeros(count, bool)
        used[indices] = True
        unique = np.flatnonzero(used)
        numbers = np.zeros(count, np.int64)
        numbers[unique] = self.of(texts(unique.tolist()))
        found: I64 = numbers[indices]
        return found

    def marks(self, texts: Iterable[str]) -> Mask:
        """Marks at the numbers of some of the texts; there is one more, which stands for none of them."""
        marks = np.zeros(self.end + 1, bool)
        marks[[self.known[text] for text in texts]] = True
        return marks


def mask(flags: Iterable[bool]) -> Mask:
    """Flags as an array, faster than numpy makes one."""
    return np.frombuffer(bytearray(flags), bool)


def _join(parts: list[I64]) -> I64:
    return parts[0] if len(parts) == 1 else np.concatenate([np.zeros(0, np.int64), *parts])
