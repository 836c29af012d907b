"""Rebuilds rogue_scan/data/library_code.bin: how methods of well-known libraries look.

    python tools/refresh_library_code.py FILE...

A FILE is an app, a JAR or an AAR that brings libraries under their own names. Only those in LIBRARIES are
taken, all under licences that allow it (what is kept are numbers, no code). Name the versions in the commit.
"""

import io
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rogue_scan.apk import library_code
from rogue_scan.apk.dex.reader import read_all

LIBRARIES = {
    "AndroidX": ("androidx/",),  # Apache-2.0
    "Kotlin": ("kotlin/", "kotlinx/"),  # Apache-2.0
    "OkHttp": ("okhttp3/", "com/squareup/okhttp/"),  # Apache-2.0
    "Okio": ("okio/",),  # Apache-2.0
    "Gson": ("com/google/gson/",),  # Apache-2.0
    "Guava": ("com/google/common/", "com/google/thirdparty/"),  # Apache-2.0
    "Protocol Buffers": ("com/google/protobuf/",),  # BSD-3-Clause
    "ZXing": ("com/google/zxing/",),  # Apache-2.0
    "Jackson": ("com/fasterxml/jackson/",),  # Apache-2.0
    "Netty": ("io/netty/",),  # Apache-2.0
    "Apache Commons": ("org/apache/commons/",),  # Apache-2.0
    "Apache HttpClient": ("org/apache/http/",),  # Apache-2.0
    "jsoup": ("org/jsoup/",),  # MIT
    "Joda-Time": ("org/joda/time/",),  # Apache-2.0
    "SLF4J": ("org/slf4j/",),  # MIT
    "JSch": ("com/jcraft/jsch/",),  # BSD-3-Clause
    "JUnit": ("org/junit/", "junit/"),  # EPL-1.0
    "Bouncy Castle": ("org/bouncycastle/",),  # MIT
    "React Native": ("com/facebook/react/", "com/facebook/yoga/", "com/facebook/jni/"),  # MIT
}

# Bytes of each JVM instruction after its opcode (JVM specification 6.5); the switches and `wide` vary.
_LENGTHS = {
    **dict.fromkeys((0x10, 0x12, *range(0x15, 0x1A), *range(0x36, 0x3B), 0xA9, 0xBC), 1),
    **dict.fromkeys(
        (0x11, 0x13, 0x14, 0x84, *range(0x99, 0xA9), *range(0xB2, 0xB9), 0xBB, 0xBD, 0xC0, 0xC1, 0xC6, 0xC7),
        2,
    ),
    0xC5: 3,
    **dict.fromkeys((0xB9, 0xBA, 0xC8, 0xC9), 4),
}


class ClassFile:
    """A class file: its name, and the calls and texts of each method."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 8
        self.pool: list[tuple[int, object]] = [(0, 0)]
        count = self.number("H")
        while len(self.pool) < count:
            tag = self.number("B")
            if tag == 1:
                size = self.number("H")
                raw = data[self.at : self.at + size].replace(b"\xc0\x80", b"\0")
                self.pool.append((tag, raw.decode("utf-8", "replace")))
                self.at += size
            elif tag in (5, 6):
                self.at += 8
                self.pool += [(tag, 0), (0, 0)]
            elif tag in (3, 4, 9, 10, 11, 12, 17, 18):
                self.pool.append((tag, struct.unpack_from(">HH", data, self.at)))
                self.at += 4
            elif tag == 15:
                self.pool.append((tag, struct.unpack_from(">BH", data, self.at)))
                self.at += 3
            else:
                self.pool.append((tag, self.number("H")))
        self.at += 2
        self.name = self.text_of(self.number("H"))
        self.at += 2
        interfaces = self.number("H")
        self.at += 2 * interfaces
        self.methods: list[tuple[str, bytes]] = []
        self.recipes: list[int] = []
        for _ in range(self.number("H")):
            self.at += 6
            self.attributes()
        for _ in range(self.number("H")):
            self.at += 4
            proto = str(self.pool[self.number("H")][1])
            for name, body in self.attributes():
                if name == "Code":
                    size = struct.unpack_from(">I", body, 4)[0]
                    self.methods.append((proto, body[8 : 8 + size]))
        for name, body in self.attributes():
            if name == "BootstrapMethods":
                at = 2
                for _ in range(struct.unpack_from(">H", body)[0]):
                    arguments = struct.unpack_from(">H", body, at + 2)[0]
                    first = struct.unpack_from(">H", body, at + 4)[0] if arguments else 0
                    self.recipes.append(first if self.pool[first][0] == 8 else 0)
                    at += 4 + 2 * arguments

    def number(self, form: str) -> int:
        """The next number of the file."""
        value = struct.unpack_from(">" + form, self.data, self.at)[0]
        self.at += struct.calcsize(form)
        return int(value)

    def attributes(self) -> list[tuple[str, bytes]]:
        """The attributes that come next, as (name, content)."""
        found = []
        for _ in range(self.number("H")):
            name = str(self.pool[self.number("H")][1])
            size = self.number("I")
            found.append((name, self.data[self.at : self.at + size]))
            self.at += size
        return found

    def text_of(self, index: int) -> str:
        """The text that a constant with one index points to."""
        return str(self.pool[self.pool[index][1]][1])  # type: ignore[index]

    def tokens(self, code: bytes) -> Iterator[int]:
        """Numbers of the calls and texts of a method."""
        at = 0
        while at < len(code):
            op = code[at]
            if op in (0xB6, 0xB7, 0xB8, 0xB9):
                cls, pair = self.pool[struct.unpack_from(">H", code, at + 1)[0]][1]  # type: ignore[misc]
                name = str(self.pool[self.pool[pair][1][0]][1])  # type: ignore[index]
                owner = self.text_of(cls)
                text = library_code.called(owner if owner[0] == "[" else f"L{owner};", name)
                if text:
                    yield library_code.token("c", text)
            elif op in (0x12, 0x13):
                index = code[at + 1] if op == 0x12 else struct.unpack_from(">H", code, at + 1)[0]
                if self.pool[index][0] == 8:
                    yield from self.texts(self.text_of(index))
            elif op == 0xBA:
                bootstrap = self.pool[struct.unpack_from(">H", code, at + 1)[0]][1][0]  # type: ignore[index]
                recipe = self.recipes[bootstrap] if bootstrap < len(self.recipes) else 0
                if recipe:  # "a \1 b": what is put together is built by StringBuilder in DEX code
                    for piece in self.text_of(recipe).split("\1"):
                        yield from self.texts(piece)
            if op in (0xAA, 0xAB):
                at += 4 - at % 4
                if op == 0xAA:
                    low, high = struct.unpack_from(">ii", code, at + 4)
                    at += 12 + 4 * (high - low + 1)
                else:
                    at += 8 + 8 * struct.unpack_from(">i", code, at + 4)[0]
            elif op == 0xC4:
                at += 6 if code[at + 1] == 0x84 else 4
            else:
                at += 1 + _LENGTHS.get(op, 0)

    def texts(self, text: str) -> Iterator[int]:
        """The number of a text, if it says anything."""
        if library_code.LEAST_TEXT <= len(text) <= library_code.MOST_TEXT:
            yield library_code.token("s", text)


def methods(data: bytes) -> Iterator[tuple[str, int]]:
    """Class name and number of each method with calls or texts, in an app, a JAR or an AAR."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith(".jar"):
                yield from methods(archive.read(name))
            elif name.endswith(".class") and not name.startswith("META-INF/"):
                found = ClassFile(archive.read(name))
                for proto, code in found.methods:
                    tokens = set(found.tokens(code))
                    if tokens:
                        yield found.name, library_code.number(proto, tokens)
            elif name.endswith(".dex"):
                for dex in read_all(name, archive.read(name)):
                    rows, numbers, _ = library_code.marks(dex, np.ones(len(dex.classes), bool))
                    for row, value in zip(rows.tolist(), numbers.tolist(), strict=True):
                        yield dex.class_name(row)[1:-1], value


def main() -> None:
    """Write the table."""
    names = list(LIBRARIES)
    owners = {prefix: names.index(name) for name, prefixes in LIBRARIES.items() for prefix in prefixes}
    found: dict[int, int] = {}
    for path in map(Path, sys.argv[1:]):
        before = len(found)
        for cls, value in methods(path.read_bytes()):
            owner = next((number for prefix, number in owners.items() if cls.startswith(prefix)), None)
            if owner is not None and found.setdefault(value, owner) != owner:
                found[value] = library_code.SEVERAL
        print(f"{len(found) - before:6} new methods in {path.name}")
    source = "methods of " + ", ".join(sorted(Path(p).name for p in sys.argv[1:]))
    target = Path(__file__).parent.parent / "rogue_scan" / "data" / library_code.TABLE
    target.write_bytes(library_code.pack(names, found, source))
    print(f"{len(found)} methods, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
