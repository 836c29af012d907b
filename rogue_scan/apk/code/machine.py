"""The interpreter: runs an app's methods on abstract values, from the places where Android starts them.

Where a branch's condition is known, only that way is taken, so decoding loops run as written and
decode what they hide. Where it is not known, both ways are taken, and the states that meet at a
branch target are joined until nothing changes. Calls into the app's own code are followed with their
arguments, so each caller gets its own result; calls into Android and known kits are answered by
models. Everything is bounded: steps, depth, traces of a method, calls of a method.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from rogue_scan.apk.code import arith
from rogue_scan.apk.code.program import Body, Class, Method, Program, argument_places
from rogue_scan.apk.code.types import AppContext, Place, Resources
from rogue_scan.apk.code.values import (
    ALL,
    ANY,
    CLEAN,
    HOLE,
    MAX_HOPS,
    UNKNOWN,
    Alternatives,
    Arr,
    Cell,
    ClassRef,
    Heap,
    Label,
    Obj,
    Step,
    Taint,
    Val,
    how,
    join,
    merge_taint,
    objects,
    taint,
    union,
    with_taint,
)
from rogue_scan.apk.dex.opcodes import INVOKES
from rogue_scan.apk.dex.reader import Member

if TYPE_CHECKING:
    from rogue_scan.apk.code.library import Library

MAX_DEPTH = 24
MAX_TRACES = 5_000
"""Traces of one run of a method."""
MAX_RUNS = 250
"""Runs of one method for one entry point."""
MAX_TURNS = 5_000
"""Times that one branch is decided in one trace; from there on both ways are taken."""
ENTRY_STEPS = 8_000
"""Steps that one entry point may use up at first, for the others need theirs."""
SWEPT_STEPS = 3_000
"""The same for a method that nothing led to: what it calls is run for itself if it does not get there."""
MORE_SHARE = 4
"""What used up its share gets this many times as much once the others have run."""
CAREFUL_STEPS = 2_000
"""Steps of one entry point after which a method is run again only with arguments that it did not have."""
MAX_NESTED_CLINIT = 12
MAX_FOREIGN_CLINIT = 5_000
"""Steps of one static initialiser of a class that is not the app's own."""
MAX_ARGUMENT = 512
"""Characters kept of a text that a call is given."""
MAX_ARRAY = 4_000
"""Elements of a new array up to which each is told apart; what is longer is mostly a buffer."""
MAX_TARGETS = 6
"""Implementations that a call on an unknown object is followed into."""
MAX_TEXTS = 5_000
"""Computed texts kept."""
MAX_VARIANTS = 4
"""Argument lists kept for one call."""
LIBRARY_CALLEE = 400
"""Code units up to which a kit's method is followed even if it leads to no source or sink."""

DATA_TAKEN: Final = ("data taken", "")
"""Stands for :attr:`Machine.data_taken` where it is told what depends on what."""


class Budget(Exception):
    """The steps of an entry point are used up."""


class Frame:
    """One run of a method."""

    __slots__ = ("body", "context", "depth", "method", "parent", "thrown")

    def __init__(self, method: Method, body: Body, context: int, depth: int, parent: "Frame | None") -> None:
        self.method, self.body, self.context, self.depth, self.parent = method, body, context, depth, parent
        self.thrown: Any = None
        """Join of the exceptions thrown here and below, for the handlers."""


class Root:
    """An entry point that is being run."""

    __slots__ = ("component", "kind", "name")

    def __init__(self, name: str, component: str, kind: str) -> None:
        self.name, self.component, self.kind = name, component, kind


class Callback:
    """A method that Android will call on an object, with what it is known to pass."""

    __slots__ = ("args", "method", "obj", "root")

    def __init__(self, obj: Obj, method: Method, args: list[Any], root: Root) -> None:
        self.obj, self.method, self.args, self.root = obj, method, args, root


class Machine:
    """State of the analysis of one app; see the module."""

    def __init__(self, program: Program, app: AppContext, resources: Resources, steps: int) -> None:
        self.program = program
        self.models = program.models
        self.app = app
        self.resources = resources
        self.steps_left = steps
        self.base: dict[Cell, Any] = {}
        self.now = 0
        """Number of the entry point that is being run."""
        self._changed: dict[Cell, int] = {}
        """When a cell of the shared heap was last changed."""
        self.library: Library
        self.relevant: Callable[[Method], bool] = lambda method: True
        self.visited: set[int] = set()
        self.finished: set[int] = set()
        """Methods of which at least one run came to its end."""
        self.calls: dict[tuple[int, int], tuple[Member, list[tuple[Any, ...]]]] = {}
        self.strings: dict[tuple[str, int, int], frozenset[str]] = {}
        """Computed texts by (text, method, unit)."""
        self.limits: set[str] = set()
        self.data_taken = False
        """Whether any personal data was taken yet."""
        self.cut: set[int] = set()
        """Entry points that used up their share of the steps when they ran last."""
        self._shares: dict[int, int] = {}
        """Shares of the entry points that need more than :data:`ENTRY_STEPS`."""
        self.root = Root("", "", "")
        self.unready: list[Class] = []
        """Own classes whose static initialiser used up the steps of the entry point that asked for it."""
        self.waiting: dict[tuple[Obj, int], Callback] = {}
        self._initialising = 0
        self._objects: dict[tuple[Any, ...], Obj] = {}
        self._contexts: dict[tuple[int, int, int], int] = {}
        self._runs: dict[int, int] = {}
        self._active: dict[int, int] = {}
        self._returned: dict[int, Any] = {}
        self._alike: set[tuple[Any, ...]] = set()
        """Methods with what told their arguments apart, in one entry point."""
        self._careful_below = 0
        self.reads: set[Cell] = set()
        """Cells that the last entry point looked at."""

    # -- objects and places ------------------------------------------------------------------

    def obj(self, key: tuple[Any, ...], cls: str, fresh: bool = False) -> Obj:
        """The abstract object of a key; the same one every time."""
        found = self._objects.get(key)
        if found is None:
            found = self._objects[key] = Obj(key, cls, fresh)
        return found

    def context(self, parent: int, unit: int, method: int) -> int:
        """The number of a calling context."""
        key = (parent, unit, method)
        found = self._contexts.get(key)
        if found is None:
            found = self._contexts[key] = len(self._contexts) + 1
        return found

    def place(self, frame: Frame, unit: int) -> Place:
        """A unit of a method as a place that a reviewer can find."""
        return Place(frame.method.dex.name, frame.method.full_name, frame.body.base + 2 * unit)

    def step(self, before: Step | None, frame: Frame, unit: int, note: str) -> Step:
        """A further hop of a path."""
        offset = frame.body.base + 2 * unit
        if before is not None:
            if before.offset == offset and before.method == frame.method.full_name:
                return before
            if before.depth >= MAX_HOPS:
                return before
        return Step(before, frame.method.dex.name, frame.method.full_name, offset, note)

    def hop(self, value: Any, frame: Frame, unit: int, note: str) -> Any:
        """The value, with a hop added to the path of all that it carries."""
        if not isinstance(value, Val) or not value.t:
            return value
        moved = {label: self.step(step, frame, unit, note) for label, step in value.t.items()}
        return Val(value.c, moved, value.o, value.y, value.h)

    def labelled(self, category: str, frame: Frame, unit: int, note: str, extra: int = 0) -> Taint:
        """Personal data taken here."""
        self.took_data()
        label: Label = (category, frame.method.full_name, (frame.body.base + 2 * unit) * 16 + extra)
        step = Step(None, frame.method.dex.name, frame.method.full_name, frame.body.base + 2 * unit, note)
        step.root = self.root
        return {label: step}

    def took_data(self) -> None:
        """Tell that personal data was taken."""
        if not self.data_taken:
            self.data_taken = True
            self.note_change(DATA_TAKEN)

    # -- what values hold --------------------------------------------------------------------

    def deep(self, value: Any, heap: Heap, depth: int = 5) -> Taint:
        """Personal data in a value and in all that its objects hold."""
        if not isinstance(value, Val):
            return CLEAN
        if not value.o:
            return value.t
        if not self.data_taken:
            heap.reads.add(DATA_TAKEN)
            return CLEAN
        return self._deep(value, heap, depth, set(), CLEAN)

    def _deep(self, value: Any, heap: Heap, depth: int, seen: set[Obj], total: Taint) -> Taint:
        if isinstance(value, Arr):
            for item in (*value.items[:256], value.rest):
                if isinstance(item, Val):
                    total = self._deep(item, heap, depth, seen, total)
            return total
        if not isinstance(value, Val):
            return total
        total = merge_taint(total, value.t)
        for obj in value.o:
            if obj in seen or depth <= 0 or len(seen) > 200:
                continue
            seen.add(obj)
            for field in heap.fields(obj):
                held = heap.get(obj, field, None)
                if field == "fn":
                    # Of a function that was handed over only the result counts, not what it captured.
                    for function in objects(held):
                        result = heap.get(function, "ret", None)
                        total = self._deep(result, heap, depth - 1, seen, total)
                elif held is not None:
                    total = self._deep(held, heap, depth - 1, seen, total)
        return total

    def mark(self, heap: Heap, obj: Obj, t: Taint) -> None:
        """Let an object carry personal data."""
        if t:
            heap.add(obj, "t", Val(None, t))

    def type_of(self, value: Any) -> str:
        """Descriptor of a value's type as far as it is known."""
        if isinstance(value, str):
            return "Ljava/lang/String;"
        if isinstance(value, Val):
            if value.o:
                return value.o[0].cls
            if isinstance(value.c, str | Alternatives):
                return "Ljava/lang/String;"
            if isinstance(value.c, ClassRef):
                return "Ljava/lang/Class;"
            return value.y
        return ""

    def unknown(self, kind: str, t: Taint = CLEAN) -> Any:
        """A value of which only the type is known."""
        if kind == "Ljava/lang/String;" or kind == "Ljava/lang/CharSequence;":
            return Val(HOLE, t, (), kind)
        if kind in self.program.classes and not self.program.is_modelled(kind):
            return Val(UNKNOWN, t, (self.obj(("any", kind), kind),), kind)
        return Val(UNKNOWN, t, (), kind)

    # -- running -----------------------------------------------------------------------------

    def run_entry(self, method: Method, args: list[Any], root: Root, *, swept: bool = False) -> Any:
        """Run an entry point on the shared heap and keep what it leaves there; returns its result.

        ``swept`` tells that nothing led to it, so its arguments are unknown.
        """
        self.root = root
        self.now += 1
        self._runs = {}
        heap = Heap(self.base)
        self.reads = heap.reads
        context = self.context(0, 0, method.number)
        result: Any = None
        # No entry point may use up what the others need; one that would gets more once they have run.
        saved = self.steps_left
        share = self._shares.get(method.number, SWEPT_STEPS if swept else ENTRY_STEPS)
        self.steps_left = start = min(saved, share)
        if swept:
            # Of arguments that nobody knows, one run of what they share tells as much as another.
            self._careful_below = start
        else:
            self._careful_below = start - CAREFUL_STEPS
            self._alike = set()
        try:
            result, heap = self.invoke(method, args, heap, None, context)
            self.cut.discard(method.number)
        except Budget:
            self.cut.add(method.number)
            self._shares[method.number] = share * MORE_SHARE
        except RecursionError:
            self.limits.add("depth")
        finally:
            self.steps_left = saved - (start - self.steps_left)
        self.commit(heap)
        return result

    def commit(self, heap: Heap) -> None:
        """Join a heap into the shared one."""
        base = self.base
        before = {cell: base.get(cell, UNKNOWN) for cell in heap.delta}
        Heap({}, base).absorb(heap)
        for cell, value in before.items():
            if base.get(cell, UNKNOWN) is not value:
                self.note_change(cell)

    def keep(self, cell: Cell, value: Any) -> None:
        """Overwrite a cell of the shared heap."""
        if self.base.get(cell, UNKNOWN) is not value:
            self.base[cell] = value
            self.note_change(cell)

    def note_change(self, cell: Cell) -> None:
        """Tell that what a cell of the shared heap holds is no longer what it was."""
        if cell not in self._changed:
            self._changed[cell[0], ALL] = self.now
        self._changed[cell] = self.now

    def changed_since(self, now: int, reads: set[Cell]) -> bool:
        """Whether one of the cells changed in a run or after it."""
        return any(self._changed.get(cell, 0) >= now for cell in reads)

    def initialise(self, cls: Class, current: Heap | None = None) -> None:
        """Run a class's static initialiser once; what it leaves is seen by all."""
        if cls.initialised or self._initialising > MAX_NESTED_CLINIT:
            return
        cls.initialised = True
        if cls.super_name in self.program.classes:
            self.initialise(self.program.classes[cls.super_name], current)
        clinit = cls.methods.get(("<clinit>", "()V"))
        if clinit is None or self.program.is_modelled(cls.name):
            return
        foreign = cls.library or cls.far
        if foreign and not self.relevant(clinit):
            return
        # A class that computes without end must not cost the analysis of the rest.
        saved = self.steps_left
        self.steps_left = min(saved, MAX_FOREIGN_CLINIT) if foreign else saved
        start = self.steps_left
        heap = Heap(self.base) if current is None else current.fork()
        before = dict(heap.delta)
        self._initialising += 1
        try:
            _, heap = self.invoke(clinit, [], heap, None, self.context(0, 1, clinit.number))
        except Budget:
            if foreign:
                self.limits.add("steps")
            else:
                self.unready.append(cls)
        finally:
            self._initialising -= 1
            self.steps_left = saved - (start - self.steps_left)
        for key, value in heap.delta.items():
            if before.get(key, UNKNOWN) is not value:
                self.keep(key, value)
                if current is not None and key in current.delta:
                    current.delta[key] = value

    def initialise_again(self) -> None:
        """Give the static initialisers that used up their steps half of those that are left, in turn."""
        unready, self.unready = self.unready, []
        for cls in unready:
            cls.initialised = False
            self.now += 1
            self._runs = {}
            kept = self.steps_left // 2
            self.steps_left -= kept
            self._careful_below = self.steps_left - CAREFUL_STEPS
            self.initialise(cls)
            self.steps_left += kept

    def invoke(
        self, method: Method, args: list[Any], heap: Heap, parent: Frame | None, context: int
    ) -> tuple[Any, Heap]:
        """Run a method of the app; returns its result and the heap after it."""
        depth = parent.depth + 1 if parent else 0
        if method.is_native:
            tags = frozenset({"native"})
            kind = method.returns
            t = union(taint(arg) for arg in args)
            text = kind in ("Ljava/lang/String;", "Ljava/lang/Object;", "Ljava/lang/CharSequence;")
            return Val(
                HOLE if text else UNKNOWN, t, (), kind, tags if text or kind[0] == "[" else frozenset()
            ), heap
        body = self.program.body(method)
        active = self._active.get(method.number, 0)
        runs = self._runs.get(method.number, 0)
        if body is None or depth > MAX_DEPTH or active > 1 or runs > MAX_RUNS:
            if body is not None:
                if depth > MAX_DEPTH and self.relevant(method):
                    # The chain goes on as an entry point of its own, once this one has ended.
                    self.later(self.obj(("deep", method.number), method.cls.name), method, args)
                else:
                    self.limits.add("depth" if depth > MAX_DEPTH else "recursion" if active > 1 else "runs")
            known = self._returned.get(method.number)
            t = union(self.deep(arg, heap, 2) for arg in args)
            result = self.unknown(method.returns, t)
            return (result if known is None else with_taint(known, t)), heap
        if (
            self.steps_left < self._careful_below
            and method.number in self._returned
            and not self._tells_more(method, args, heap)
        ):
            return self._returned[method.number], heap
        if method.name != "<clinit>":
            self.initialise(method.cls, heap)
        self.visited.add(method.number)
        self._active[method.number] = active + 1
        self._runs[method.number] = runs + 1
        try:
            frame = Frame(method, body, context, depth, parent)
            result, heap = self._run(frame, args, heap)
            self.finished.add(method.number)
            if frame.thrown is not None and parent is not None:
                parent.thrown = frame.thrown if parent.thrown is None else join(parent.thrown, frame.thrown)
        finally:
            self._active[method.number] = active
        known = self._returned.get(method.number)
        self._returned[method.number] = result if known is None else join(known, result)
        return result, heap

    def _tells_more(self, method: Method, args: list[Any], heap: Heap) -> bool:
        """Whether to run a method once more: with arguments unlike those that it had."""
        relevant = self.relevant(method)
        alike = (method.number, *(self._likeness(arg, heap, relevant) for arg in args))
        if alike in self._alike:
            return False
        self._alike.add(alike)
        return True

    def _likeness(self, value: Any, heap: Heap, relevant: bool) -> Any:
        """What tells one argument from another: text, personal data, types, and numbers where they matter."""
        if not isinstance(value, Val):
            return value if relevant or not isinstance(value, int | float) else UNKNOWN
        data = frozenset(self.deep(value, heap, 2))
        if relevant:
            return value.c, data, *((obj, obj.writes) for obj in value.o)
        return value.c, data, *(obj if obj.cls[0] == "[" else obj.cls for obj in value.o)

    def _run(self, frame: Frame, args: list[Any], heap: Heap) -> tuple[Any, Heap]:
        body, method = frame.body, frame.method
        registers: list[Any] = [0] * (body.registers + 1)
        at = body.registers - body.ins
        kinds = self.program.params(method.proto)
        if not method.is_static:
            kinds = [method.cls.name, *kinds]
        for place, value in zip(argument_places(kinds), args, strict=False):
            if at + place < body.registers:
                registers[at + place] = value
        states: dict[int, tuple[list[Any], Heap]] = {}
        pending: set[int] = set()
        pushes: dict[int, int] = {}

        def pend(unit: int, regs: list[Any], current: Heap) -> None:
            old = states.get(unit)
            if old is None:
                self._spend(len(regs) // 32)
                states[unit] = (list(regs), current.fork())
                pending.add(unit)
                return
            known, known_heap = old
            changed = False
            self._spend(len(current.delta) // 16 + len(regs) // 32)
            for i, (held, value) in enumerate(zip(known, regs, strict=True)):
                if held is not value:
                    merged = join(held, value)
                    if merged is not held:
                        known[i] = merged
                        changed = True
            if known_heap.absorb(current) or changed:
                pending.add(unit)

        def pend_handlers(unit: int, regs: list[Any], current: Heap) -> None:
            for first, last, handlers in body.tries:
                if first <= unit < last:
                    for _, target in handlers:
                        count = pushes.get(target, 0)
                        if count < 12:
                            pushes[target] = count + 1
                            pend(target, regs, current)

        outcome: list[Any] = []
        out_heap: Heap | None = None
        result, ended = self._trace(frame, 0, registers, heap, pend, pend_handlers)
        traces = 1
        if ended:
            outcome.append(result)
            out_heap = heap
        while pending:
            unit = min(pending)
            pending.discard(unit)
            if traces >= MAX_TRACES:
                self.limits.add("traces")
                break
            traces += 1
            known, known_heap = states[unit]
            self._spend(len(known_heap.delta) // 32)
            current = known_heap.fork()
            result, ended = self._trace(frame, unit, list(known), current, pend, pend_handlers)
            if not ended:
                continue
            outcome.append(result)
            if out_heap is None:
                out_heap = current
            else:
                out_heap.absorb(current)
        value = outcome[0] if outcome else self.unknown(method.returns)
        for other in outcome[1:]:
            value = join(value, other)
        return value, out_heap if out_heap is not None else heap

    def _trace(
        self,
        frame: Frame,
        unit: int,
        regs: list[Any],
        heap: Heap,
        pend: Callable[[int, list[Any], Heap], None],
        pend_handlers: Callable[[int, list[Any], Heap], None],
    ) -> tuple[Any, bool]:
        """Follow one way through a method to its end or to an unknown branch; tells whether it returned."""
        code = frame.body.code
        dex = frame.method.dex
        program = self.program
        has_tries = bool(frame.body.tries)
        result: Any = None
        steps = 0
        turns: dict[int, int] = {}
        stuck: list[Any] = []
        stuck_at = -1
        while True:
            ins = code.get(unit)
            if ins is None:
                return None, False
            steps += 1
            if not steps & 1023:
                self._spend(1024)
            op, after, a, b, rest = ins
            here = unit
            unit = after
            try:
                if op in INVOKES or op >= 0xFC:
                    if op >= 0xFC:
                        result = ANY
                        continue
                    if op >= 0x74 and op < 0xFA:
                        op -= 6
                    result, after_call = self._call(
                        frame, here, op, program.method_ref(dex, a), rest, regs, heap
                    )
                    if after_call is not heap:
                        heap.delta = after_call.delta
                        heap.token = object()
                    if has_tries:
                        pend_handlers(here, regs, heap)
                elif op <= 0x0D:
                    if op >= 0x0A:
                        if op != 0x0D:
                            regs[a] = result
                        elif frame.thrown is not None:
                            regs[a] = frame.thrown
                        else:
                            regs[a] = Val(UNKNOWN, CLEAN, (), "Ljava/lang/Throwable;")
                    elif op:
                        regs[a] = regs[b]
                elif op <= 0x11:
                    self._spend(steps & 1023)
                    return (regs[a] if op != 0x0E else None), True
                elif op <= 0x19:
                    if op == 0x15:
                        b = arith.i32(b << 16)
                    elif op == 0x19:
                        b = arith.i64(b << 48)
                    regs[a] = b
                elif op <= 0x1B:
                    regs[a] = dex.string(b)
                elif op == 0x1C:
                    regs[a] = Val(ClassRef(dex.type(b)))
                elif op <= 0x1E:
                    pass
                elif op == 0x1F:
                    value = regs[a]
                    if isinstance(value, Val) and not value.o and value.c is UNKNOWN:
                        cast = self.unknown(dex.type(b), value.t)
                        regs[a] = Val(cast.c, value.t, cast.o, dex.type(b), value.h)
                elif op == 0x20:
                    regs[a] = self._instance_of(regs[b], dex.type(rest))
                elif op == 0x21:
                    regs[a] = self._array_length(regs[b], heap)
                elif op == 0x22:
                    kind = dex.type(b)
                    if kind in program.classes:
                        self.initialise(program.classes[kind], heap)
                    regs[a] = Val(UNKNOWN, CLEAN, (self.obj((frame.context, here), kind, True),), kind)
                elif op == 0x23:
                    regs[a] = self._new_array(frame, here, dex.type(rest), regs[b], heap)
                elif op <= 0x25:
                    obj = self.obj((frame.context, here), dex.type(a), True)
                    heap.set(obj, "#", Arr([regs[r] for r in rest if r < len(regs)], heap.token))
                    result = Val(UNKNOWN, CLEAN, (obj,), dex.type(a))
                elif op == 0x26:
                    for obj in objects(regs[a]):
                        array = heap.own_array(obj)
                        if array is not None:
                            array.items[: len(rest)] = rest[: len(array.items)]
                elif op == 0x27:
                    thrown = regs[a]
                    frame.thrown = thrown if frame.thrown is None else join(frame.thrown, thrown)
                    pend_handlers(here, regs, heap)
                    self._spend(steps & 1023)
                    return None, False
                elif op <= 0x2A:
                    unit = a
                elif op <= 0x2C:
                    value = regs[a]
                    known = value.c if isinstance(value, Val) else value
                    if isinstance(known, int):
                        unit = next((target for key, target in rest if key == known), after)
                    else:
                        for target in dict.fromkeys(target for _, target in rest):
                            pend(target, regs, heap)
                        pend(after, regs, heap)
                        self._spend(steps & 1023)
                        return None, False
                elif op <= 0x31:
                    regs[a] = self._binary(arith.compare, regs[b], regs[rest])
                elif op <= 0x3D:
                    if op <= 0x37:
                        taken = self._test(op - 0x32, regs[a], regs[b])
                        target = rest
                    else:
                        taken = self._test(op - 0x38, regs[a], 0)
                        target = b
                    if taken is not None:
                        # A loop that does not end by itself (it waits for another thread, say) is left.
                        turns[here] = turns.get(here, 0) + 1
                        if turns[here] > MAX_TURNS:
                            taken = None
                        elif not turns[here] & 31:
                            stuck = list(regs)
                            stuck_at = here
                        elif (
                            stuck_at == here
                            and turns[here] & 31 == 1
                            and all(
                                x is y or (type(x) is type(y) and x == y)
                                for x, y in zip(stuck, regs, strict=True)
                            )
                        ):
                            taken = None
                            turns[here] = MAX_TURNS
                    if taken is None:
                        pend(target, regs, heap)
                        pend(after, regs, heap)
                        self._spend(steps & 1023)
                        return None, False
                    if taken:
                        unit = target
                elif op <= 0x43:
                    pass
                elif op <= 0x4A:
                    regs[a] = self._aget(regs[b], regs[rest], heap)
                elif op <= 0x51:
                    self._aput(regs[b], regs[rest], regs[a], heap)
                elif op <= 0x58:
                    regs[a] = self._iget(frame, here, regs[b], program.field_ref(dex, rest), heap)
                elif op <= 0x5F:
                    self._iput(frame, here, regs[b], program.field_ref(dex, rest), regs[a], heap)
                elif op <= 0x66:
                    regs[a] = self._sget(frame, here, program.field_ref(dex, b), heap)
                elif op <= 0x6D:
                    self._sput(frame, here, program.field_ref(dex, b), regs[a], heap)
                elif op <= 0x7A:
                    pass  # names no instruction, as those left open above and below
                elif op <= 0x8F:
                    value = regs[b]
                    known = value.c if isinstance(value, Val) else value
                    if isinstance(known, int | float):
                        known = arith.UNARY[op - 0x7B](known)
                        regs[a] = (
                            known if not isinstance(value, Val) else Val(known, value.t, (), "", value.h)
                        )
                    else:
                        regs[a] = Val(UNKNOWN, taint(value))
                elif op <= 0xAF:
                    regs[a] = self._binary(arith.BINARY[op - 0x90], regs[b], regs[rest])
                elif op <= 0xCF:
                    regs[a] = self._binary(arith.BINARY[op - 0xB0], regs[a], regs[b])
                elif op <= 0xD7:
                    regs[a] = self._binary(arith.LITERAL[op - 0xD0], regs[b], rest)
                elif op <= 0xDF:
                    regs[a] = self._binary(arith.LITERAL[op - 0xD8], regs[b], rest)
                elif op <= 0xE2:
                    regs[a] = self._binary(arith.SHIFTS[op - 0xE0], regs[b], rest)
            except (IndexError, ZeroDivisionError, OverflowError):
                # Registers out of the frame, division by zero: Android would throw or refuse.
                pend_handlers(here, regs, heap)
                self._spend(steps & 1023)
                return None, False

    def charge(self, size: int) -> None:
        """Count work on so many elements."""
        self._spend(size // 16)

    def _spend(self, steps: int) -> None:
        self.steps_left -= steps + 8
        if self.steps_left < 0:
            raise Budget

    # -- instructions ------------------------------------------------------------------------

    def _binary(self, function: Callable[[Any, Any], Any], x: Any, y: Any) -> Any:
        left = x.c if isinstance(x, Val) else x
        right = y.c if isinstance(y, Val) else y
        if isinstance(left, int | float) and isinstance(right, int | float):
            try:
                known = function(left, right)
            except (TypeError, ValueError):
                known = UNKNOWN
            if not isinstance(x, Val) and not isinstance(y, Val):
                return known if known is not UNKNOWN else ANY
            return Val(known, merge_taint(taint(x), taint(y)), (), "", how(x) | how(y))
        t = merge_taint(taint(x), taint(y))
        return Val(UNKNOWN, t) if t else ANY

    def _truth(self, value: Any) -> Any:
        """A value as a number for a comparison with zero: references that exist are 1; None if unknown."""
        if not isinstance(value, Val):
            return 0 if value is None else 1 if isinstance(value, str) else value
        c = value.c
        if isinstance(c, int | float):
            return c
        if c is None and not value.o:
            return 0
        if isinstance(c, ClassRef):
            return 1
        if isinstance(c, str) and c != HOLE and c:
            return 1
        if value.o and c is UNKNOWN and all(obj.fresh for obj in value.o):
            return 1
        return None

    def _test(self, condition: int, x: Any, y: Any) -> bool | None:
        if isinstance(x, str) and isinstance(y, str):
            return None
        left, right = self._truth(x), self._truth(y)
        if left is None or right is None:
            return None
        if condition <= 1 and left == right == 1 and not (isinstance(x, int) and isinstance(y, int)):
            known_x = x.c if isinstance(x, Val) else x
            known_y = y.c if isinstance(y, Val) else y
            if not (isinstance(known_x, int) and isinstance(known_y, int)):
                return None
        return bool(arith.TESTS[condition](left, right))

    def _instance_of(self, value: Any, kind: str) -> Any:
        found = objects(value)
        if found and all(obj.fresh for obj in found):
            answers = {kind == "Ljava/lang/Object;" or kind in self.program.supers(obj.cls) for obj in found}
            if len(answers) == 1 and (
                answers == {True} or all(self.program.is_own(obj.cls) for obj in found)
            ):
                return int(answers.pop())
        return ANY

    def _array_length(self, value: Any, heap: Heap) -> Any:
        lengths = set()
        for obj in objects(value):
            array = heap.array(obj)
            if array is None or not array.exact:
                return ANY
            lengths.add(len(array.items))
        return lengths.pop() if len(lengths) == 1 else ANY

    def _new_array(self, frame: Frame, unit: int, kind: str, size: Any, heap: Heap) -> Any:
        obj = self.obj((frame.context, unit), kind, True)
        known = size.c if isinstance(size, Val) else size
        if isinstance(known, int) and 0 <= known <= MAX_ARRAY:
            self._spend(known // 64)
            heap.set(obj, "#", Arr([0] * known, heap.token))
        else:
            heap.set(obj, "#", Arr([], heap.token, None, False))
        return Val(UNKNOWN, CLEAN, (obj,), kind)

    def _aget(self, array: Any, index: Any, heap: Heap) -> Any:
        found: Any = UNKNOWN
        at = index.c if isinstance(index, Val) else index
        for obj in objects(array):
            items = heap.array(obj)
            if items is None:
                continue
            if isinstance(at, int) and items.exact and 0 <= at < len(items.items):
                value = items.items[at]
                if items.rest is not None:
                    value = join(value, items.rest)
            elif isinstance(at, int) and items.exact and items.rest is None:
                raise IndexError
            else:
                value = self.summary(items)
            found = value if found is UNKNOWN else join(found, value)
            held = heap.get(obj, "t", None)
            if held is not None:
                found = with_taint(found, taint(held))
        kind = self.type_of(array)[1:]
        if found is UNKNOWN:
            found = self.unknown(kind) if kind else ANY
        t = taint(array)
        return with_taint(found, t) if t else found

    def summary(self, items: Arr) -> Any:
        """One value that covers all elements."""
        found: Any = items.rest if items.rest is not None else UNKNOWN
        for item in items.items[:256]:
            found = item if found is UNKNOWN else join(found, item)
        return ANY if found is UNKNOWN else found

    def _aput(self, array: Any, index: Any, value: Any, heap: Heap) -> None:
        at = index.c if isinstance(index, Val) else index
        found = objects(array)
        for obj in found:
            items = heap.own_array(obj)
            if items is None:
                heap.add(obj, "[]", value)
            elif isinstance(at, int) and 0 <= at < len(items.items):
                items.items[at] = value if len(found) == 1 else join(items.items[at], value)
            elif isinstance(at, int) and items.exact:
                raise IndexError
            else:
                items.rest = value if items.rest is None else join(items.rest, value)

    def _iget(self, frame: Frame, unit: int, target: Any, ref: Member, heap: Heap) -> Any:
        found: Any = UNKNOWN
        owners = objects(target)
        if not owners and ref.cls in self.program.classes:
            owners = (self.obj(("any", ref.cls), ref.cls),)
        for obj in owners:
            value = heap.get(obj, ref.name)
            if value is UNKNOWN and obj.key[0] == "any":
                value = heap.get(("F", ref.cls), ref.name)
            if value is not UNKNOWN:
                found = value if found is UNKNOWN else join(found, value)
        if found is UNKNOWN:
            if ref.cls in self.program.classes and not self.program.is_written(ref):
                return 0 if ref.kind[0] not in "L[" else None
            found = self.library.framework_field(frame, unit, target, ref, heap)
        t = taint(target)
        if t and not self.program.is_own(ref.cls):
            found = with_taint(found, t)
        return found

    def _iput(self, frame: Frame, unit: int, target: Any, ref: Member, value: Any, heap: Heap) -> None:
        if isinstance(value, Val) and value.t:
            value = self.library.named(value, ref.name)
            value = self.hop(value, frame, unit, f"stored in {ref.name}")
        owners = objects(target)
        for obj in owners:
            if (len(owners) == 1 and obj.fresh and obj.key[0] == frame.context) or (
                len(owners) == 1 and frame.method.name == "<init>"
            ):
                heap.set(obj, ref.name, value)
            else:
                heap.add(obj, ref.name, value)
        if not owners and ref.cls in self.program.classes:
            heap.add(self.obj(("any", ref.cls), ref.cls), ref.name, value)
        heap.add(("F", ref.cls), ref.name, value)

    def _static_owner(self, ref: Member) -> Class | None:
        name = ref.cls
        for _ in range(32):
            cls = self.program.classes.get(name)
            if cls is None:
                return None
            if ref.name in self.program.statics(cls):
                return cls
            for interface in cls.interfaces:
                other = self.program.classes.get(interface)
                if other is not None and ref.name in self.program.statics(other):
                    return other
            name = cls.super_name
        return None

    def _sget(self, frame: Frame, unit: int, ref: Member, heap: Heap) -> Any:
        owner = self._static_owner(ref)
        if owner is None:
            if ref.cls in self.program.classes:
                return self.unknown(ref.kind)
            return self.library.framework_static(frame, unit, ref)
        self.initialise(owner, heap)
        value = heap.get(("S", owner.name), ref.name)
        if value is UNKNOWN:
            value = self.program.statics(owner)[ref.name]
            if isinstance(value, list | dict | Member):
                return self.unknown(ref.kind)
            if not value and ref.kind[0] in "L[" and self.program.is_written(ref):
                return self.unknown(ref.kind)
            if ref.kind == "Ljava/lang/Class;" and isinstance(value, str):
                return Val(ClassRef(value))
        return value

    def _sput(self, frame: Frame, unit: int, ref: Member, value: Any, heap: Heap) -> None:
        owner = self._static_owner(ref)
        name = owner.name if owner is not None else ref.cls
        if isinstance(value, Val) and value.t:
            value = self.hop(self.library.named(value, ref.name), frame, unit, f"stored in {ref.name}")
        if frame.method.name == "<clinit>":
            heap.set(("S", name), ref.name, value)
            return
        if owner is not None and heap.get(("S", name), ref.name) is UNKNOWN:
            first = self.program.statics(owner)[ref.name]
            if not isinstance(first, list | dict | Member) and ref.kind != "Ljava/lang/Class;":
                value = join(value, first)
        heap.add(("S", name), ref.name, value)

    # -- calls -------------------------------------------------------------------------------

    def _call(
        self, frame: Frame, unit: int, op: int, ref: Member, listed: list[int], regs: list[Any], heap: Heap
    ) -> tuple[Any, Heap]:
        kinds = self.program.params(ref.kind)
        static = op == 0x71
        if len(listed) == len(kinds) + (not static):
            args = [regs[register] for register in listed]
        else:
            at = argument_places(kinds if static else [ref.cls, *kinds])
            args = [regs[listed[place]] if place < len(listed) else ANY for place in at]
        result, after = self.call(frame, unit, op, ref, args, heap)
        if ref.name == "<init>" and result is not None and not static and listed:
            # A text has no identity here: every register that held the new object now holds it.
            made = objects(args[0])
            for i, value in enumerate(regs):
                if isinstance(value, Val) and value.o and value.o == made:
                    regs[i] = result
        return result, after

    def call(
        self, frame: Frame, unit: int, op: int, ref: Member, args: list[Any], heap: Heap
    ) -> tuple[Any, Heap]:
        """A call: of the app's methods that it can run, else answered by the models."""
        targets = self._targets(frame, op, ref, args)
        if not targets or (
            all(target.cls.library or target.cls.far for target in targets)
            and (self.library.knows(ref) or not any(self._follow(target, args) for target in targets))
        ):
            return self.library.call(frame, unit, ref, args, heap, static=op == 0x71)
        if ref.name != "<init>" and all(target.cls.library for target in targets):
            self.record(frame, unit, ref, args if op == 0x71 else args[1:])
        result: Any = UNKNOWN
        out: Heap | None = None
        hopped = [self.hop(arg, frame, unit, f"passed to {ref.name}") for arg in args]
        for number, target in enumerate(targets):
            current = heap if number == len(targets) - 1 else heap.fork()
            if not self._follow(target, args):
                value, after = self.library.call(frame, unit, ref, args, current, static=op == 0x71)
            else:
                context = self.context(frame.context, unit, target.number)
                value, after = self.invoke(target, hopped, current, frame, context)
            result = value if result is UNKNOWN else join(result, value)
            if out is None:
                out = after
            else:
                out.absorb(after)
        if ref.name == "<init>":
            result = None
        return result, out if out is not None else heap

    def _follow(self, target: Method, args: list[Any]) -> bool:
        """Whether to run a method: the app's own always, a kit's only where it matters."""
        if not (target.cls.library or target.cls.far):
            return True
        if self.relevant(target):
            return True
        return (
            target.code >= 0
            and int(target.dex.code_size[target.code]) <= LIBRARY_CALLEE
            and not any(isinstance(arg, Val) and arg.t for arg in args)
            and self.steps_left > ENTRY_STEPS // 2
            and target.returns == "Ljava/lang/String;"
        )

    def _targets(self, frame: Frame, op: int, ref: Member, args: list[Any]) -> list[Method]:
        program = self.program
        if program.is_modelled(ref.cls) or (ref.cls not in program.classes and op != 0x6F):
            # What Android or a kit calls back, on an object of the app.
            return self._exact(ref, args) if op in (0x6E, 0x72) else []
        if op in (0x70, 0x71):
            found = program.resolve(ref.cls, ref.name, ref.kind)
            return [found] if found is not None else []
        if op == 0x6F:
            name = frame.method.cls.super_name
            found = program.resolve(name, ref.name, ref.kind) if name in program.classes else None
            if found is None and ref.cls in program.classes and ref.cls != frame.method.cls.name:
                found = program.resolve(ref.cls, ref.name, ref.kind)
            return [found] if found is not None and not found.is_abstract else []
        exact = self._exact(ref, args)
        if exact or (objects(args[0]) and all(obj.fresh for obj in objects(args[0]))):
            return exact
        return program.implementations(ref.cls, ref.name, ref.kind, MAX_TARGETS)

    def _exact(self, ref: Member, args: list[Any]) -> list[Method]:
        found: dict[int, Method] = {}
        for obj in objects(args[0]):
            if obj.cls in self.program.classes and not self.program.is_modelled(obj.cls) and not obj.kind:
                target = self.program.resolve(obj.cls, ref.name, ref.kind)
                if target is not None and not target.is_abstract:
                    found[target.number] = target
                elif target is not None and obj.key[0] == "any":
                    for other in self.program.implementations(obj.cls, ref.name, ref.kind, MAX_TARGETS):
                        found[other.number] = other
        return list(found.values())[:MAX_TARGETS]

    def record(self, frame: Frame, unit: int, ref: Member, args: list[Any]) -> None:
        """Keep a call with its constant arguments, for rules."""
        key = (frame.method.number, unit)
        entry = self.calls.get(key)
        if entry is None:
            entry = self.calls[key] = (ref, [])
        constants = tuple([_constant(arg) for arg in args])
        if len(entry[1]) < MAX_VARIANTS and constants not in entry[1]:
            entry[1].append(constants)

    def later(self, obj: Obj, method: Method, args: list[Any]) -> None:
        """Let Android call a method of an object after the entry point has ended."""
        key = (obj, method.number)
        known = self.waiting.get(key)
        if known is None:
            self.waiting[key] = Callback(obj, method, args, self.root)
            return
        known.args = [join(x, y) for x, y in zip(known.args, args, strict=False)]

    def new_text(self, frame: Frame, unit: int, value: Any) -> None:
        """Keep a text that the code computed, for endpoints and rules."""
        tags = how(value)
        if not tags:
            return
        c = value.c
        for text in c if isinstance(c, Alternatives) else (c,):
            if len(self.strings) >= MAX_TEXTS:
                self.limits.add("texts")
                return
            if isinstance(text, str) and 3 < len(text) <= 2048 and text.strip(HOLE):
                self.strings.setdefault((text, frame.method.number, unit), tags)


def _constant(value: Any) -> Any:
    c = value.c if isinstance(value, Val) else value
    if isinstance(c, str):
        return c[:MAX_ARGUMENT]
    if isinstance(c, int | float):
        return c
    if isinstance(c, ClassRef):
        return c.name
    if isinstance(c, Alternatives):
        return c[0] if isinstance(c[0], str) else None
    return None
