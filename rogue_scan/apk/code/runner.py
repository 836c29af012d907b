"""Runs an app from the places where Android starts it, until what it leaves behind changes no more."""

from typing import Any

from rogue_scan.apk.code.library import Library
from rogue_scan.apk.code.machine import Callback, Machine, Root
from rogue_scan.apk.code.program import Class, Method
from rogue_scan.apk.code.reach import COMPONENTS, CallGraph, Mask
from rogue_scan.apk.code.semantics import intents
from rogue_scan.apk.code.types import EntryPoint
from rogue_scan.apk.code.values import ANY, CLEAN, UNKNOWN, Cell, Label, Obj, Step, Val, join, with_taint

MAX_ROUNDS = 3
MAX_CALLBACKS = 4_000
IDLE_STEPS = 20_000
"""Steps for all components that lead to no source, no sink and no network."""

_FIRST = ("<init>", "attachBaseContext", "onCreate", "onStart", "onResume")
_LAST = ("onPause", "onStop", "onDestroy")


class Runner:
    """Entry points of one app, and what was run of them."""

    def __init__(
        self, machine: Machine, library: Library, graph: CallGraph, strongly: Mask, relevant: Mask
    ) -> None:
        self.machine, self.library, self.graph = machine, library, graph
        self.program, self.app = machine.program, machine.app
        self.strongly = strongly
        """Methods that lead to a source, a sink that is no log, or the network."""
        self.relevant = relevant
        """Those, and methods that lead to a log."""
        self.entries: list[EntryPoint] = []
        self.ran = 0
        self.done: dict[tuple[Obj, int], list[Any]] = {}
        """Callbacks that ran, with their arguments, unless they are to run again."""
        self.reads: dict[tuple[Obj, int], tuple[int, set[Cell]]] = {}
        """When a method ran last and what it looked at."""
        self.called: dict[tuple[Obj, int], Callback] = {}
        """All callbacks that ran."""
        self._entry_methods: dict[str, list[Method]] = {}
        self.told: set[int] = set()
        self.postponed: dict[tuple[Obj, int], Callback] = {}

    def components(self) -> list[tuple[Class, str, str]]:
        """Classes that Android instantiates: class, component name, kind."""
        found: dict[str, tuple[Class, str, str]] = {}
        order = {"application": 0, "provider": 1, "activity": 2, "service": 3, "receiver": 4}
        switched = "setComponentEnabledSetting" in self.graph.names.known
        for component in sorted(self.app.components, key=lambda c: order.get(c.kind, 5)):
            if not component.enabled and not switched:
                continue
            cls = self.program.classes.get(descriptor(component.name))
            if cls is not None:
                found.setdefault(cls.name, (cls, component.name, component.kind))
        if not found:
            # No manifest, or one that names nothing that is there: whatever has the form of a component.
            for cls in self.program.classes.values():
                if not cls.library and any(kind in self.program.supers(cls.name) for kind in COMPONENTS):
                    found[cls.name] = (cls, _dotted(cls.name), "component")
        for tag in self.machine.resources.view_tags(self.is_own):
            cls = self.program.classes[descriptor(tag)]
            found.setdefault(cls.name, (cls, _dotted(cls.name), "view"))
        return list(found.values())

    def is_own(self, name: str) -> bool:
        """Whether that is a class of the app itself."""
        cls = self.program.classes.get(descriptor(name)) if "." in name else None
        return cls is not None and not cls.library

    def entry_methods(self, cls: Class) -> list[Method]:
        """The methods of a component that Android calls, in the order of its life."""
        known = self._entry_methods.get(cls.name)
        if known is None:
            known = self._entry_methods[cls.name] = self._find_entry_methods(cls)
        return known

    def _find_entry_methods(self, cls: Class) -> list[Method]:
        found: dict[tuple[str, str], Method] = {}
        provider = "Provider" in self.program.framework_type(cls.name)
        for name in self.program.supers(cls.name):
            owner = self.program.classes.get(name)
            if owner is None or (owner.library and owner is not cls):
                continue
            for key, method in owner.methods.items():
                if key in found or method.is_static or method.code < 0:
                    continue
                if key[0] == "<init>":
                    if owner is cls:
                        found[key] = method
                elif (
                    provider
                    or self.program.models.is_callback(key[0])
                    or key[0] in _FIRST
                    or key[1] == "(Landroid/view/View;)V"
                ):
                    found[key] = method

        def rank(method: Method) -> int:
            if method.name in _FIRST:
                return _FIRST.index(method.name)
            return 99 if method.name in _LAST else 50

        return sorted(found.values(), key=rank)

    def run(self, reach: Mask, components: list[tuple[Class, str, str]]) -> None:
        """Interpret all entry points, and what they leave to be called back, until nothing changes."""
        machine = self.machine
        ranked: dict[int, list[tuple[Class, str, str]]] = {0: [], 1: [], 2: []}
        for one in components:
            ranked[self.rank(one[0])].append(one)
        leading = [*ranked[0], *ranked[1]]
        self.run_components(leading)
        self.sweep(reach)
        # Where nothing is taken and nothing leaves there may still be texts and what others use.
        kept = machine.steps_left - min(machine.steps_left, IDLE_STEPS)
        machine.steps_left -= kept
        self.run_components(ranked[2])
        machine.waiting, self.postponed = self.postponed, {}
        self.call_back(everything=True)
        machine.steps_left = max(machine.steps_left, 0) + kept
        machine.initialise_again()
        for _ in range(MAX_ROUNDS - 1):
            before = machine.now
            self.run_components(leading, again=True)
            for key, callback in self.called.items():
                if self.differs(key):
                    self.done.pop(key, None)
                    machine.waiting.setdefault(key, callback)
            self.call_back()
            if machine.now == before or machine.steps_left <= 0:
                break

    def run_components(self, components: list[tuple[Class, str, str]], *, again: bool = False) -> None:
        """Run the entry methods of components, ``again`` only those that another run may tell more of."""
        machine = self.machine
        for cls, component, kind in components:
            obj = machine.obj(("component", cls.name), cls.name, True)
            this = Val(UNKNOWN, CLEAN, (obj,), cls.name)
            for method in self.entry_methods(cls):
                if machine.steps_left <= 0:
                    return
                key = (obj, method.number)
                if again and not self.differs(key):
                    continue
                root = Root(method.name, component, kind)
                if not again:
                    self.entries.append(EntryPoint(method.full_name, component, kind))
                args = [this, *self.entry_arguments(cls, method, root)]
                result = self.run_entry(key, method, args, root)
                if method.name == "onBind" and isinstance(result, Val):
                    machine.keep((obj, "ret"), result)
            self.call_back()

    def run_entry(self, key: tuple[Obj, int], method: Method, args: list[Any], root: Root) -> Any:
        """Run a method, and remember what it looked at."""
        result = self.machine.run_entry(method, args, root)
        self.reads[key] = (self.machine.now, self.machine.reads)
        return result

    def differs(self, key: tuple[Obj, int]) -> bool:
        """Whether another run of a method that leads somewhere may tell more than the last one."""
        if not self.relevant[key[1]]:
            return False
        unfinished = key not in self.reads or key[1] in self.machine.cut
        return unfinished or self.machine.changed_since(*self.reads[key])

    def rank(self, cls: Class) -> int:
        """0 for a component that leads to data or its way out, 1 to a log only, 2 nowhere."""
        numbers = [method.number for method in self.entry_methods(cls)]
        return 0 if self.strongly[numbers].any() else 1 if self.relevant[numbers].any() else 2

    def entry_arguments(self, cls: Class, method: Method, root: Root) -> list[Any]:
        """What Android passes to an entry method."""
        machine = self.machine
        args: list[Any] = []
        for kind in self.program.params(method.proto):
            category = self.library.callback_data(method, kind)
            if kind == "Landroid/content/Intent;":
                value: Any = (
                    Val(UNKNOWN, CLEAN, (machine.obj(("shared", "result"), kind),), kind)
                    if method.name == "onActivityResult"
                    else intents.incoming(machine, cls.name)
                )
            elif kind in ("Landroid/os/Bundle;", "Landroid/os/PersistableBundle;"):
                # What was saved is what is given back.
                value = Val(UNKNOWN, CLEAN, (machine.obj(("shared", "saved", cls.name), kind),), kind)
            else:
                value = machine.unknown(kind)
            if category is not None:
                value = with_taint(value, self.parameter_taint(method, category.value, root))
            args.append(value)
        return args

    def parameter_taint(self, method: Method, category: str, root: Root) -> dict[Label, Any]:
        """Personal data that Android passes to a callback."""
        body = self.program.body(method)
        offset = body.base if body is not None else 0
        step = Step(None, method.dex.name, method.full_name, offset, f"reads {category}: {method.name}")
        step.root = root
        self.machine.took_data()
        self.library.note_source(category, f"{method.name}", step, method.name)
        return {(category, method.full_name, offset): step}

    def call_back(self, *, everything: bool = False) -> None:
        """Run the callbacks that were left waiting, and those that they leave.

        Those that lead to no source and no sink wait for the end of the round, unless ``everything``.
        """
        machine = self.machine
        done = self.done
        while machine.waiting and machine.steps_left > 0 and self.ran < MAX_CALLBACKS:
            key = next(iter(machine.waiting))
            callback = machine.waiting.pop(key)
            if not everything and not self.relevant[key[1]]:
                self.postponed[key] = callback
                continue
            known = done.get(key)
            if known is not None:
                merged = [join(x, y) for x, y in zip(known, callback.args, strict=False)]
                if all(x is y for x, y in zip(known, merged, strict=False)):
                    continue
                callback.args = merged
            done[key] = callback.args
            self.called[key] = callback
            method = callback.method
            self.ran += 1
            if method.number not in self.told and callback.obj.key[0] != "deep":
                self.told.add(method.number)
                self.entries.append(EntryPoint(method.full_name, callback.root.component, "callback"))
            result = self.run_entry(key, method, callback.args, callback.root)
            if isinstance(result, Val) or result is not None:
                held = machine.base.get((callback.obj, "ret"), UNKNOWN)
                machine.keep((callback.obj, "ret"), result if held is UNKNOWN else join(held, result))
                callback.obj.fields["ret"] = None
            if method.name == "doInBackground":
                for other in self.library.callbacks_of(callback.obj.cls):
                    if other.name == "onPostExecute":
                        machine.root = callback.root
                        machine.later(
                            callback.obj, other, [callback.args[0], result if result is not None else ANY]
                        )

    def sweep(self, reach: Mask) -> None:
        """Run own methods that can run but that no entry point led to."""
        machine = self.machine
        relevant = self.relevant
        for cls in list(self.program.classes.values()):
            if cls.library or self.program.is_modelled(cls.name):
                continue
            rows = range(cls.number + cls.first, cls.number + cls.last)
            if not any(reach[n] and relevant[n] and n not in machine.visited for n in rows):
                continue
            for method in cls.methods.values():
                n = method.number
                if not reach[n] or n in machine.visited or not relevant[n] or method.code < 0:
                    continue
                if machine.steps_left <= 0:
                    return
                root = Root(method.name, "", "swept")
                args = [machine.unknown(kind) for kind in self.program.params(method.proto)]
                if not method.is_static:
                    args = [machine.unknown(cls.name), *args]
                machine.run_entry(method, args, root, swept=True)
            self.call_back()


def descriptor(name: str) -> str:
    """``Lpackage/Class;`` of a dotted class name."""
    return "L" + name.replace(".", "/") + ";"


def _dotted(name: str) -> str:
    return name[1:-1].replace("/", ".")
