"""Models of classes and reflection: calls by name count as plain calls."""

from typing import Any

from rogue_scan.apk.code.library import NOTHING, Site, handles
from rogue_scan.apk.code.semantics.texts import OBJECT, STRING
from rogue_scan.apk.code.values import HOLE, UNKNOWN, ClassRef, Val, const, objects, taint, text, texts
from rogue_scan.apk.dex.reader import Member


@handles("Ljava/lang/Class;", "forName")
@handles("Ljava/lang/ClassLoader;", "loadClass", "findClass")
@handles("Ldalvik/system/DexClassLoader;", "loadClass")
@handles("Ldalvik/system/PathClassLoader;", "loadClass")
@handles("Ldalvik/system/InMemoryDexClassLoader;", "loadClass")
def _for_name(site: Site) -> Any:
    known = text(site.arg(0))
    if known is None or HOLE in known:
        return NOTHING
    site.m.new_text(site.frame, site.unit, site.arg(0))
    return Val(ClassRef("L" + known.replace(".", "/") + ";"), taint(site.arg(0)), (), "Ljava/lang/Class;")


@handles("Ljava/lang/Object;", "getClass")
@handles("*", "getClass")
def _get_class(site: Site) -> Any:
    kind = site.m.type_of(site.this)
    return Val(ClassRef(kind)) if kind.startswith("L") else NOTHING


@handles("Ljava/lang/Class;", "getName", "getSimpleName", "getCanonicalName", "getTypeName")
def _class_name(site: Site) -> Any:
    c = const(site.this)
    if not isinstance(c, ClassRef):
        return NOTHING
    dotted = c.name[1:-1].replace("/", ".")
    return dotted.rsplit(".", 1)[-1] if site.ref.name == "getSimpleName" else dotted


@handles(
    "Ljava/lang/Class;",
    "getMethod",
    "getDeclaredMethod",
    "getField",
    "getDeclaredField",
    "getConstructor",
    "getDeclaredConstructor",
)
def _get_member(site: Site) -> Any:
    value, obj = site.new(site.returns)
    site.heap.set(obj, "owner", site.this)
    site.heap.set(obj, "name", site.arg(0))
    count = next(
        (
            len(a.items)
            for o in objects(site.arg(len(site.params) - 1))
            if (a := site.heap.array(o)) is not None
        ),
        0,
    )
    site.heap.set(obj, "count", count)
    site.m.new_text(site.frame, site.unit, site.arg(0))
    return value


@handles("Ljava/lang/reflect/Method;", "invoke")
def _invoke(site: Site) -> Any:
    for obj in objects(site.this):
        owner = const(site.heap.get(obj, "owner", None))
        names = texts(site.heap.get(obj, "name", None))
        if isinstance(owner, ClassRef) and names and HOLE not in names[0]:
            return call_by_name(site, owner.name, names[0], site.arg(0), _unpack(site, site.arg(1)))
    return NOTHING


def _unpack(site: Site, array: Any) -> list[Any]:
    for obj in objects(array):
        found = site.heap.array(obj)
        if found is not None:
            return list(found.items)
    return []


def call_by_name(site: Site, cls: str, name: str, receiver: Any, args: list[Any]) -> Any:
    """A call through reflection as if it were written plainly."""
    program = site.m.program
    lineage = program.supers(cls) if cls in program.classes else []
    for owner in lineage:
        found = program.classes.get(owner)
        for (method, proto), target in found.methods.items() if found is not None else ():
            if method == name and len(program.params(proto)) == len(args):
                actual = args if target.is_static else [receiver, *args]
                op = 0x71 if target.is_static else 0x6E
                return _plain_call(site, op, Member(owner, name, proto), actual)
    kinds = []
    for arg in args:
        kind = site.m.type_of(arg)
        kinds.append(kind if kind[:1] in ("L", "[") else OBJECT)
    proto = f"({''.join(kinds)}){STRING if name.startswith('get') and not args else OBJECT}"
    static = receiver is None or (type(receiver) is int and receiver == 0)
    return _plain_call(
        site, 0x71 if static else 0x6E, Member(cls, name, proto), args if static else [receiver, *args]
    )


def _plain_call(site: Site, op: int, ref: Member, args: list[Any]) -> Any:
    result, after = site.m.call(site.frame, site.unit, op, ref, args, site.heap)
    if after is not site.heap:
        site.heap.delta = after.delta
        site.heap.token = object()
    return result


@handles("Ljava/lang/Class;", "newInstance")
@handles("Ljava/lang/reflect/Constructor;", "newInstance")
def _new_instance(site: Site) -> Any:
    owner = const(site.this)
    args: list[Any] = []
    if site.ref.cls != "Ljava/lang/Class;":
        args = _unpack(site, site.arg(0))
        for obj in objects(site.this):
            owner = const(site.heap.get(obj, "owner", None))
    if not isinstance(owner, ClassRef):
        return NOTHING
    value, obj = site.new(owner.name)
    obj.fresh = True
    program = site.m.program
    cls = program.classes.get(owner.name)
    for (method, proto), _ in cls.methods.items() if cls is not None else ():
        if method == "<init>" and len(program.params(proto)) == len(args):
            _plain_call(site, 0x70, Member(owner.name, "<init>", proto), [value, *args])
            break
    return value


@handles("Ljava/lang/reflect/Field;", "get", "set")
def _field(site: Site) -> Any:
    for obj in objects(site.this):
        owner = const(site.heap.get(obj, "owner", None))
        name = text(site.heap.get(obj, "name", None))
        if not isinstance(owner, ClassRef) or name is None or HOLE in name:
            continue
        if site.ref.name == "set":
            for target in objects(site.arg(0)):
                site.heap.add(target, name, site.arg(1))
            if not objects(site.arg(0)):
                site.heap.add(("S", owner.name), name, site.arg(1))
            return None
        for target in objects(site.arg(0)):
            held = site.heap.get(target, name)
            if held is not UNKNOWN:
                return held
        held = site.heap.get(("S", owner.name), name)
        if held is not UNKNOWN:
            return held
        cls = site.m.program.classes.get(owner.name)
        first = site.m.program.statics(cls).get(name) if cls is not None else None
        return (
            first
            if isinstance(first, str | int)
            else site.lib.framework_static(site.frame, site.unit, Member(owner.name, name, OBJECT))
        )
    return NOTHING
