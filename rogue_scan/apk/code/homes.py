"""The methods of a program as facts name them."""

from collections.abc import Collection

import msgspec
import numpy as np

from rogue_scan.apk.code.reach import CallGraph


class Home(msgspec.Struct, frozen=True, gc=False):
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
        if number not in self._known:
            self._read([number])
        return self._known[number]

    def of_many(self, numbers: Collection[int]) -> list[Home | None]:
        """The methods of many numbers, in their order."""
        known = self._known
        self._read({*numbers} - known.keys())
        return [known[number] for number in numbers]

    def _read(self, numbers: Collection[int]) -> None:
        program, ascending = self._program, np.sort(np.fromiter(numbers, np.int64, len(numbers)))
        ends = np.searchsorted(ascending, [*program.first_method[1:], program.method_count]).tolist()
        for which, (dex, first, end) in enumerate(zip(program.dexes, [0, *ends], ends, strict=False)):
            if first == end:
                continue
            of_file = ascending[first:end]
            rows = of_file - program.first_method[which]
            indices, codes = dex.def_method[rows], dex.def_code[rows]
            types = dex.types()
            for number, there, library, cls, name, proto, offset in zip(
                of_file.tolist(),
                (self._graph.def_counts[of_file] & (codes >= 0)).tolist(),
                self._graph.def_library[of_file].tolist(),
                [types[i] for i in dex.classes[dex.def_class[rows], 0].tolist()],
                dex.strings_at(dex.method_name[indices].tolist()),
                dex.protos_at(dex.method_proto[indices].tolist()),
                dex.code_offset[codes].tolist(),
                strict=True,
            ):
                home = Home(dex.name, f"{cls}->{name}{proto}", offset + 16, library)
                self._known[number] = home if there else None
