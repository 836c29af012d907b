"""A small assembler: smali-like text to a DEX file, so that tests of the code analysis read like code.

Beside smali's instructions there are shorter ones, with Java's names::

    v1 = "http://"                              const-string
    v2 = 4                                      const
    v3 = new StringBuilder(String) v1           new-instance and its constructor
    v3 = StringBuilder.append(int)StringBuilder v3 v2
    v4 = static Integer.valueOf(int)Integer v2
    StringBuilder.setLength(int) v3 v2

A method's registers follow its types; what it returns stands behind the bracket, nothing where it is void.
"""

import hashlib
import re
import shlex
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from rogue_scan.apk.code.analyse import analyse_dexes
from rogue_scan.apk.code.types import AppContext, CodeFacts, ComponentInfo, NoResources
from rogue_scan.apk.dex import opcodes
from rogue_scan.apk.dex.reader import read_all

OPCODES = {name: number for number, name in reversed(list(enumerate(opcodes.NAME))) if name != "unused"}
FLAGS = {
    "public": 1,
    "private": 2,
    "static": 8,
    "final": 16,
    "native": 0x100,
    "interface": 0x200,
    "abstract": 0x400,
}


PACKAGES = {
    "java.lang": "Boolean Byte CharSequence Character Class Integer Iterable Long Math Object String"
    " StringBuilder System",
    "java.lang.reflect": "Array Constructor Field Method",
    "java.io": "File OutputStream",
    "java.util": "ArrayList Arrays ArrayDeque Collections Deque Enumeration Formatter HashMap Iterator"
    " LinkedList List Map Vector",
    "android.app": "Activity",
    "android.content": "ComponentName Context Intent IntentFilter",
    "android.net": "Uri",
    "android.os": "Bundle Handler Message Messenger",
    "android.text": "TextUtils",
    "android.view": "View ViewGroup",
    "android.widget": "EditText LinearLayout TextView",
    "org.json": "JSONArray JSONObject",
}
SHORT = {
    name: f"L{package.replace('.', '/')}/{name};"
    for package, names in PACKAGES.items()
    for name in names.split()
}
SHORT |= {
    "boolean": "Z", "byte": "B", "char": "C", "double": "D", "float": "F",
    "int": "I", "long": "J", "short": "S", "void": "V",
}  # fmt: skip
NET = """
.class Lapp/Net;
.method static open(Ljava/lang/String;)V 6
new-instance v0, Ljava/net/URL;
invoke-direct {v0, v5} Ljava/net/URL;-><init>(Ljava/lang/String;)V
invoke-virtual {v0} Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
return-void
.method static post(Ljava/lang/String;Ljava/lang/String;)V 7
new-instance v0, Ljava/net/URL;
invoke-direct {v0, v5} Ljava/net/URL;-><init>(Ljava/lang/String;)V
invoke-virtual {v0} Ljava/net/URL;->openConnection()Ljava/net/URLConnection;
move-result-object v1
invoke-virtual {v1} Ljava/net/URLConnection;->getOutputStream()Ljava/io/OutputStream;
move-result-object v2
invoke-virtual {v6} Ljava/lang/String;->getBytes()[B
move-result-object v3
invoke-virtual {v2, v3} Ljava/io/OutputStream;->write([B)V
return-void
"""
"""Opens an address, or posts a text to it: most tests of flows use it. Added to apps that do not bring it."""
CALL = re.compile(r"(?:v(\d+) = )?(static |new )?([\w.$\[\]]+)\(([^)]*)\)([\w.$\[\]]*)((?: v\d+)*)")


def descriptor(name: str) -> str:
    plain = name.replace("[]", "")
    return "[" * name.count("[]") + (SHORT.get(plain) or f"L{plain.replace('.', '/')};")


def spelled_out(line: str) -> list[str]:
    """The smali instructions of a short one."""
    constant = re.fullmatch(r'(v\d+) = (".*"|-?\d+|0x[0-9a-f]+)', line)
    if constant:
        register, value = constant.groups()
        return [f"const-string {register}, {value}" if value[0] == '"' else f"const {register}, {value}"]
    call = CALL.fullmatch(line)
    if call is None:
        return [line]
    result, how, name, params, returns, registers = call.groups()
    used = registers.split()
    proto = f"({''.join(descriptor(p) for p in params.replace(' ', '').split(',') if p)})"
    if how == "new ":
        made = descriptor(name)
        assert f"v{result}" not in used, f"the new object overwrites an argument: {line}"
        used.insert(0, f"v{result}")
        return [
            f"new-instance v{result}, {made}",
            f"invoke-direct {{{', '.join(used)}}} {made}-><init>{proto}V",
        ]
    owner, _, method = name.rpartition(".")
    kind = descriptor(returns or "void")
    op = "invoke-static" if how else "invoke-virtual"
    out = [f"{op} {{{', '.join(used)}}} {descriptor(owner)}->{method}{proto}{kind}"]
    if result is not None:
        move = {
            "L": "move-result-object",
            "[": "move-result-object",
            "J": "move-result-wide",
            "D": "move-result-wide",
        }
        out.append(f"{move.get(kind[0], 'move-result')} v{result}")
    return out


def uleb(value: int) -> bytes:
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def split(proto: str) -> tuple[list[str], str]:
    inner, returns = proto[1:].split(")")
    found, at = [], 0
    while at < len(inner):
        start = at
        while inner[at] == "[":
            at += 1
        at = inner.index(";", at) + 1 if inner[at] == "L" else at + 1
        found.append(inner[start:at])
    return found, returns


class Assembler:
    """Two passes over the text: the first one collects identifiers, the second one writes."""

    def __init__(self, text: str) -> None:
        self.strings: set[str] = set()
        self.types: set[str] = set()
        self.protos: set[str] = set()
        self.fields: set[tuple[str, str, str]] = set()
        self.methods: set[tuple[str, str, str]] = set()
        self.classes: list[dict[str, Any]] = []
        self.parse(text)

    def type(self, name: str) -> str:
        self.types.add(name)
        self.strings.add(name)
        return name

    def proto(self, text: str) -> str:
        params, returns = split(text)
        self.protos.add(text)
        self.strings.add("".join(p[0] if p[0] != "[" else "L" for p in [returns, *params]))
        for name in [returns, *params]:
            self.type(name)
        return text

    def method(self, text: str) -> tuple[str, str, str]:
        cls, rest = text.split("->")
        name, proto = rest[: rest.index("(")], rest[rest.index("(") :]
        found = (self.type(cls), name, self.proto(proto))
        self.strings.add(name)
        self.methods.add(found)
        return found

    def field(self, text: str) -> tuple[str, str, str]:
        cls, rest = text.split("->")
        name, kind = rest.split(":")
        found = (self.type(cls), name, self.type(kind))
        self.strings.add(name)
        self.fields.add(found)
        return found

    def parse(self, text: str) -> None:
        method: dict[str, Any] | None = None
        for line in [short for whole in text.splitlines() for short in spelled_out(whole.strip())]:
            if not line or line.startswith("#"):
                continue
            words = shlex.split(line.replace("'", "\\'")) if '"' in line else line.split()
            if words[0] == ".class":
                flags = sum(FLAGS[w] for w in words[1:] if w in FLAGS)
                rest = [w for w in words[1:] if w not in FLAGS]
                self.classes.append(
                    {
                        "name": self.type(rest[0]),
                        "super": self.type(rest[1] if len(rest) > 1 else "Ljava/lang/Object;"),
                        "interfaces": [self.type(w) for w in rest[2:]],
                        "flags": flags | 1,
                        "fields": [],
                        "methods": [],
                    }
                )
            elif words[0] == ".field":
                flags = sum(FLAGS[w] for w in words[1:] if w in FLAGS)
                rest = [w for w in words[1:] if w not in FLAGS]
                found = self.field(f"{self.classes[-1]['name']}->{rest[0]}")
                value = rest[2] if len(rest) > 2 else None
                if value is not None:
                    self.strings.add(value)
                self.classes[-1]["fields"].append((found, flags, value))
            elif words[0] == ".method":
                flags = sum(FLAGS[w] for w in words[1:] if w in FLAGS)
                rest = [w for w in words[1:] if w not in FLAGS]
                found = self.method(f"{self.classes[-1]['name']}->{rest[0]}")
                registers = int(rest[1]) if len(rest) > 1 else 8
                method = {"id": found, "flags": flags | 1, "registers": registers, "body": []}
                self.classes[-1]["methods"].append(method)
            else:
                assert method is not None, line
                method["body"].append(self.operands(words))

    def operands(self, words: list[str]) -> list[Any]:
        op = words[0]
        if op.startswith("invoke"):
            registers = [int(w.strip("{},v")) for w in words[1:-1] if w.strip("{},")]
            return [op, registers, self.method(words[-1])]
        out: list[Any] = [op]
        for word in words[1:]:
            word = word.rstrip(",") if op not in ("const-string", ".array") else word
            if op == "const-string" and len(out) == 2:
                self.strings.add(word)
                out.append(word)
            elif word.startswith("v") and word[1:].rstrip(",").isdigit():
                out.append(int(word[1:].rstrip(",")))
            elif "->" in word:
                out.append(self.field(word))
            elif word[0] in "L[" and not word.startswith(":"):
                out.append(self.type(word))
            else:
                out.append(word)
        return out

    # -- writing -----------------------------------------------------------------------------

    def code(self, method: dict[str, Any], index: dict[str, dict[Any, int]]) -> bytes:
        sizes = []
        labels: dict[str, int] = {}
        at = 0
        tries = []
        for ins in method["body"]:
            sizes.append(at)
            if ins[0].startswith(":"):
                labels[ins[0]] = at
            elif ins[0] == ".array":
                at += at % 2
                labels[ins[1]] = at
                at += 4 + (int(ins[2]) * (len(ins) - 3) + 1) // 2
            elif ins[0] == ".catch":
                tries.append(ins[1:])
            else:
                at += int(opcodes.FORMAT[OPCODES[ins[0]]][0])
        units: list[int] = []
        for ins in method["body"]:
            if ins[0].startswith(":") or ins[0] == ".catch":
                continue
            if ins[0] == ".array":
                units += [0] * (len(units) % 2)
                width = int(ins[2])
                raw = b"".join(int(x, 0).to_bytes(width, "little", signed=int(x, 0) < 0) for x in ins[3:])
                raw += b"\0" * (len(raw) % 2)
                units += [0x0300, width, len(ins) - 3, 0, *struct.unpack(f"<{len(raw) // 2}H", raw)]
                continue
            units += self.encode(ins, len(units), labels, index)
        params, _ = split(method["id"][2])
        ins_size = sum(2 if p in "JD" else 1 for p in params) + (0 if method["flags"] & 8 else 1)
        out = struct.pack("<HHHHII", method["registers"], ins_size, 5, len(tries), 0, len(units))
        out += struct.pack(f"<{len(units)}H", *units)
        if tries:
            out += b"\0\0" * (len(units) % 2)
            handlers = uleb(len(tries))
            offsets = []
            for block in tries:
                offsets.append(len(handlers))
                handlers += b"\0" + uleb(labels[block[2]])
            for block, offset in zip(tries, offsets, strict=True):
                start, end = labels[block[0]], labels[block[1]]
                out += struct.pack("<IHH", start, end - start, offset)
            out += handlers
        return out

    def encode(
        self, ins: list[Any], at: int, labels: dict[str, int], index: dict[str, dict[Any, int]]
    ) -> list[int]:
        op = OPCODES[ins[0]]
        form = opcodes.FORMAT[op]

        def number(word: Any) -> int:
            if isinstance(word, int):
                return word
            if isinstance(word, tuple):
                return index["fields" if ":" not in word[2] and "(" not in word[2] else "methods"][word]
            if word in labels:
                return labels[word] - at
            if word in index["strings"] and ins[0] == "const-string":
                return index["strings"][word]
            if word in index["types"]:
                return index["types"][word]
            return int(word, 0)

        if form in ("35c", "3rc"):
            registers, target = ins[1], index["methods"][ins[2]]
            if form == "3rc":
                return [op | len(registers) << 8, target, registers[0]]
            padded = (registers + [0] * 5)[:5]
            word = padded[0] | padded[1] << 4 | padded[2] << 8 | padded[3] << 12
            return [op | (len(registers) << 4 | padded[4]) << 8, target, word]
        values = [number(word) for word in ins[1:]]
        a = values[0] if values else 0
        b = values[1] if len(values) > 1 else 0
        c = values[2] if len(values) > 2 else 0
        match form:
            case "10x":
                return [op]
            case "11x":
                return [op | a << 8]
            case "12x" | "11n":
                return [op | (a & 15 | (b & 15) << 4) << 8]
            case "10t":
                return [op | (a & 0xFF) << 8]
            case "20t":
                return [op, a & 0xFFFF]
            case "21s" | "21c" | "21t" | "22x" | "21h":
                return [op | a << 8, b & 0xFFFF]
            case "22c" | "22t" | "22s":
                return [op | (a | b << 4) << 8, c & 0xFFFF]
            case "23x":
                return [op | a << 8, b | c << 8]
            case "22b":
                return [op | a << 8, b | (c & 0xFF) << 8]
            case "31i" | "31t" | "31c":
                return [op | a << 8, b & 0xFFFF, b >> 16 & 0xFFFF]
            case "51l":
                return [op | a << 8, *(b >> shift & 0xFFFF for shift in (0, 16, 32, 48))]
        raise AssertionError(form)

    def build(self, version: str = "035", start: int = 0, container: int = 0) -> bytes:
        """The DEX file; from version 041 on, the part of a container that begins at ``start``."""
        head = 0x78 if version >= "041" else 0x70
        strings = sorted(self.strings, key=lambda s: s.encode("utf-16-be"))
        index: dict[str, dict[Any, int]] = {"strings": {s: i for i, s in enumerate(strings)}}
        types = sorted(self.types, key=index["strings"].__getitem__)
        index["types"] = {t: i for i, t in enumerate(types)}
        order = index["types"]

        def proto_key(text: str) -> tuple[int, list[int]]:
            params, returns = split(text)
            return order[returns], [order[p] for p in params]

        protos = sorted(self.protos, key=proto_key)
        index["protos"] = {p: i for i, p in enumerate(protos)}
        fields = sorted(self.fields, key=lambda f: (order[f[0]], index["strings"][f[1]], order[f[2]]))
        index["fields"] = {f: i for i, f in enumerate(fields)}
        methods = sorted(
            self.methods, key=lambda m: (order[m[0]], index["strings"][m[1]], index["protos"][m[2]])
        )
        index["methods"] = {m: i for i, m in enumerate(methods)}

        sizes = [
            4 * len(strings),
            4 * len(types),
            12 * len(protos),
            8 * len(fields),
            8 * len(methods),
            32 * len(self.classes),
        ]
        offsets = [start + head]
        for size in sizes:
            offsets.append(offsets[-1] + size)
        data = bytearray()
        base = offsets[-1]

        def add(raw: bytes, align: int = 1) -> int:
            data.extend(b"\0" * (-(base + len(data)) % align))
            data.extend(raw)
            return base + len(data) - len(raw)

        def type_list(names: list[str]) -> int:
            return (
                add(struct.pack(f"<I{len(names)}H", len(names), *(order[n] for n in names)), 4)
                if names
                else 0
            )

        string_ids = [
            add(uleb(len(s.encode("utf-16-le")) // 2) + s.encode("utf-8", "surrogatepass") + b"\0")
            for s in strings
        ]
        proto_rows = []
        for p in protos:
            params, returns = split(p)
            shorty = "".join(x[0] if x[0] != "[" else "L" for x in [returns, *params])
            proto_rows.append((index["strings"][shorty], order[returns], type_list(params)))
        class_rows = []
        for cls in self.classes:
            statics = sorted((f for f in cls["fields"] if f[1] & 8), key=lambda f: index["fields"][f[0]])
            others = sorted((f for f in cls["fields"] if not f[1] & 8), key=lambda f: index["fields"][f[0]])
            direct, virtual = [], []
            for m in sorted(cls["methods"], key=lambda m: index["methods"][m["id"]]):
                flags = m["flags"] | (0x10000 if m["id"][1].startswith("<") else 0)
                offset = add(self.code(m, index), 4) if m["body"] else 0
                is_direct = flags & (8 | 2) or m["id"][1].startswith("<")
                (direct if is_direct else virtual).append((index["methods"][m["id"]], flags, offset))
            body = b"".join(map(uleb, map(len, (statics, others, direct, virtual))))
            for group in (statics, others):
                last = 0
                for found, flags, _ in group:
                    body += uleb(index["fields"][found] - last) + uleb(flags)
                    last = index["fields"][found]
            for members in (direct, virtual):
                last = 0
                for number, flags, offset in members:
                    body += uleb(number - last) + uleb(flags) + uleb(offset)
                    last = number
            values = 0
            if any(f[2] is not None for f in statics):
                raw = uleb(len(statics))
                for _, _, value in statics:
                    raw += b"\x1e" if value is None else b"\x77" + struct.pack("<I", index["strings"][value])
                values = add(raw)
            class_rows.append(
                (
                    order[cls["name"]],
                    cls["flags"],
                    order[cls["super"]],
                    type_list(cls["interfaces"]),
                    0xFFFFFFFF,
                    0,
                    add(body),
                    values,
                )
            )
        map_off = add(struct.pack("<I", 0), 4)
        body = b"".join(struct.pack("<I", x) for x in string_ids)
        body += b"".join(struct.pack("<I", index["strings"][t]) for t in types)
        body += b"".join(struct.pack("<III", *row) for row in proto_rows)
        body += b"".join(
            struct.pack("<HHI", order[f[0]], order[f[2]], index["strings"][f[1]]) for f in fields
        )
        body += b"".join(
            struct.pack("<HHI", order[m[0]], index["protos"][m[2]], index["strings"][m[1]]) for m in methods
        )
        body += b"".join(struct.pack("<8I", *row) for row in class_rows)
        body += bytes(data)
        counts = [len(strings), len(types), len(protos), len(fields), len(methods), len(self.classes)]
        pairs = [
            x for count, offset in zip(counts, offsets, strict=False) for x in (count, offset if count else 0)
        ]
        rest = struct.pack("<6I", head + len(body), head, 0x12345678, 0, 0, map_off)
        rest += struct.pack("<12I2I", *pairs, len(data), base)
        if head == 0x78:
            rest += struct.pack("<II", container, start)
        rest += body
        signed = hashlib.sha1(rest).digest() + rest
        return b"dex\n" + version.encode() + b"\0" + struct.pack("<I", zlib.adler32(signed)) + signed


@pytest.fixture(scope="session")
def build() -> Callable[..., bytes]:
    return lambda text, **given: Assembler(text).build(**given)


@pytest.fixture(scope="session")
def analyse() -> Callable[..., CodeFacts]:
    """Analyse smali-like text; components are given as ``activity=app.Main`` or guessed from the classes."""

    def run(text: str, resources: Any = None, **given: Any) -> CodeFacts:
        if "Lapp/Net;->" in text and ".class Lapp/Net;" not in text:
            text += NET
        assembler = Assembler(text)
        components = given.pop("components", None)
        if components is None:
            components = tuple(
                ComponentInfo(cls["name"][1:-1].replace("/", "."), kind)
                for cls in assembler.classes
                for base, kind in (
                    ("Landroid/app/Activity;", "activity"),
                    ("Landroid/app/Service;", "service"),
                    ("Landroid/content/BroadcastReceiver;", "receiver"),
                    ("Landroid/accessibilityservice/AccessibilityService;", "service"),
                    ("Landroid/service/notification/NotificationListenerService;", "service"),
                )
                if cls["super"] == base
            )
        app = AppContext("app", components, **given)
        return analyse_dexes(read_all("classes.dex", assembler.build()), app, resources or NoResources())

    return run


@pytest.fixture(scope="session")
def analyse_files() -> Callable[..., CodeFacts]:
    """Facts of DEX files, each a name and its bytes."""

    def run(files: list[tuple[str, bytes]], app: AppContext) -> CodeFacts:
        dexes = [dex for name, data in files for dex in read_all(name, data)]
        return analyse_dexes(dexes, app, NoResources())

    return run
