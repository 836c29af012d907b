"""Texts and addresses that stand in the code as they are."""

from collections.abc import Iterator

import numpy as np

from rogue_scan.apk.code.endpoints import MAIL, RAW_MAIL, RAW_URL, classify
from rogue_scan.apk.code.program import Class, Program
from rogue_scan.apk.code.reach import CallGraph
from rogue_scan.apk.code.types import Place
from rogue_scan.apk.dex import values
from rogue_scan.apk.dex.reader import Dex


class PlainTexts:
    """What the code names in plain sight, with the place of each."""

    def __init__(self, program: Program, graph: CallGraph) -> None:
        self.program, self.graph = program, graph
        self.addresses: list[tuple[str, Place, bool]] = []
        self.mails: list[tuple[str, Place, bool]] = []
        self.hosts: set[str] = set()
        self.url_hosts: set[str] = set()
        self.values: set[str] = set()
        self._read = program.read_classes()
        for which, dex in enumerate(program.dexes):
            self._scan(which, dex)

    def _scan(self, which: int, dex: Dex) -> None:
        graph, program, models = self.graph, self.program, self.program.models
        rows, index = dex.const_strings()
        order = np.argsort(index, kind="stable")
        index_sorted = index[order]
        starts = (
            np.sort(dex.string_offsets.astype(np.int64)) if len(dex.string_offsets) else np.zeros(0, np.int64)
        )
        rank = np.argsort(dex.string_offsets, kind="stable")
        statics = self._static_texts(dex)
        for pattern, mail in ((RAW_URL, False), (RAW_MAIL, True)):
            seen: set[int] = set()
            for match in pattern.finditer(dex.data):
                at = int(np.searchsorted(starts, match.start(), side="right")) - 1
                if at < 0:
                    continue
                string = int(rank[at])
                if string in seen or len(seen) > 20_000:
                    continue
                seen.add(string)
                low = int(np.searchsorted(index_sorted, string))
                value = dex.string(string)
                used = low < len(index_sorted) and int(index_sorted[low]) == string
                if not used and value not in statics:
                    continue
                if mail:
                    if len(value) > 300 or not MAIL.search(value):
                        continue
                else:
                    known = classify(value, models)
                    if known is None:
                        continue
                    self.hosts.add(known[1])
                    self.url_hosts.add(known[1])
                if used:
                    row = int(rows[order[low]])
                    number = int(graph.code_def[which][int(dex.code_row_of(np.array([row]))[0])])
                    method = program.method_at(number) if number >= 0 else None
                    name = method.full_name if method is not None else ""
                    library = method.cls.library if method is not None else True
                    place = Place(dex.name, name, int(dex.ins_unit[row]) * 2)
                else:
                    owner = statics[value]
                    library = owner.library
                    place = Place(dex.name, f"{owner.name}-><clinit>()V", 0)
                if mail and not library:
                    self.mails += [(found.group(0), place, library) for found in MAIL.finditer(value)]
                elif not mail:
                    self.addresses.append((value, place, library))

    def _static_texts(self, dex: Dex) -> dict[str, Class]:
        """Initial values of the static fields of own classes of which some field is read."""
        found: dict[str, Class] = {}
        for cls in self.program.classes.values():
            if cls.dex is dex and not cls.library and cls.name in self._read and int(dex.classes[cls.row, 7]):
                for value in values.static_values(dex, cls.row):
                    if isinstance(value, str):
                        found.setdefault(value, cls)
        return found

    def own_strings(self) -> Iterator[tuple[str, Place, int, bool]]:
        """All texts that own code uses, with the method's number."""
        graph, program = self.graph, self.program
        libraries = np.array([cls.library or cls.far for cls in program.classes.values()] or [True])
        for which, dex in enumerate(self.program.dexes):
            rows, index = dex.const_strings()
            numbers = graph.code_def[which][dex.code_row_of(rows)] if len(rows) else np.zeros(0, np.int64)
            keep = numbers >= 0
            keep[keep] &= ~libraries[graph.def_class[numbers[keep]]]
            for row, string, number in zip(
                rows[keep].tolist(), index[keep].tolist(), numbers[keep].tolist(), strict=True
            ):
                method = program.method_at(number)
                if method is not None:
                    value = dex.string(string)
                    self.values.add(value)
                    self.hosts.add(value.strip("./").lower())
                    yield (
                        value[:2048],
                        Place(dex.name, method.full_name, int(dex.ins_unit[row]) * 2),
                        number,
                        False,
                    )
