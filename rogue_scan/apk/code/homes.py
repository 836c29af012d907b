"""The methods of a program as facts name them."""

import bisect
from typing import NamedTuple

from rogue_scan.apk.code.reach import CallGraph


class Home(NamedTuple):
    """A method with code."""

    dex: str
    name: str
    """``Lclass;->name(parameters)return``."""
    base: int
    """Byte offset of its first code unit in the DEX file."""
    library: bool


class Homes:
    """Methods by number, each made when first asked for."""

    def __init__(self, graph: CallGraph) -> None:
        self._graph, self._program = graph, graph.program
        self._known: dict[int, Home | None] = {}

    def of(self, number: int) -> Home | None:
        """The method of a number, None where it is replaced by another or has no code."""
        if number in self._known:
            return self._known[number]
        found = self._known[number] = self._read(number) if self._graph.def_counts[number] else None
        return found

    def _read(self, number: int) -> Home | None:
        which = bisect.bisect_right(self._program.first_method, number) - 1
        dex = self._program.dexes[which]
        row = number - self._program.first_method[which]
        code = int(dex.def_code[row])
        if code < 0:
            return None
        index = int(dex.def_method[row])
        cls = dex.class_name(int(dex.def_class[row]))
        name = f"{cls}->{dex.string(int(dex.method_name[index]))}{dex.proto(int(dex.method_proto[index]))}"
        return Home(dex.name, name, int(dex.code_offset[code]) + 16, self._program.classes[cls].library)
