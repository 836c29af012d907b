"""Texts and addresses that stand in the code as they are."""

import functools
from collections.abc import Iterator

import numpy as np

from rogue_scan.apk.code.endpoints import MAIL, classify
from rogue_scan.apk.code.homes import Homes
from rogue_scan.apk.code.program import Class, Program
from rogue_scan.apk.code.reach import CallGraph, Mask
from rogue_scan.apk.code.types import CodeString, Place
from rogue_scan.apk.dex import values
from rogue_scan.apk.dex.reader import I64, Dex

MAX_CANDIDATES = 20_000
"""Texts of one DEX file that are looked at for an address, and as many for a mailbox."""
MAX_MAIL = 300


class PlainTexts:
    """What the code names in plain sight, with the place of each."""

    def __init__(self, program: Program, graph: CallGraph, homes: Homes) -> None:
        self.program, self._homes = program, homes
        self.addresses: list[tuple[str, Place, bool]] = []
        self.mails: list[tuple[str, Place, bool]] = []
        self.url_hosts: set[str] = set()
        self.values: set[str] = set()
        """The texts of own code that :meth:`own_strings` told of."""
        self._own = graph.def_own
        self._uses: list[tuple[I64, I64, I64]] = []
        """Per DEX file, of every use of a string: instruction row, string index, number of the method."""
        statics = self._static_texts()
        for which, dex in enumerate(program.dexes):
            rows, index = dex.const_strings()
            there = index < len(dex.string_offsets)
            rows, index = rows[there], index[there]
            self._uses.append((rows, index, graph.caller_of(which, rows)))
            self._scan(which, dex, statics.get(id(dex), {}))

    @functools.cached_property
    def hosts(self) -> set[str]:
        """All that may be a host in plain sight, in lower case; complete once own texts are told of."""
        return self.url_hosts | {value.strip("./").lower() for value in self.values}

    def _scan(self, which: int, dex: Dex, statics: dict[str, Class]) -> None:
        rows, index, numbers = self._uses[which]
        first = np.full(len(dex.string_offsets), -1)
        first[index[::-1]] = np.arange(len(index))[::-1]
        for mark, mail in (("://", False), ("@", True)):
            used = dex.strings_with(mark, first >= 0)
            found = list(zip(dex.strings_at(used), used, strict=True))
            there = {value for value, _ in found}
            found += [(value, -1) for value in statics if mark in value and value not in there]
            for value, string in found[:MAX_CANDIDATES]:
                if mail:
                    if len(value) > MAX_MAIL or not MAIL.search(value):
                        continue
                else:
                    endpoint = classify(value, self.program.models)
                    if endpoint is None:
                        continue
                    self.url_hosts.add(endpoint[1])
                if string >= 0:
                    at = first[string]
                    number = int(numbers[at])
                    home = self._homes.of(number) if number >= 0 else None
                    library = home.library if home is not None else True
                    name = home.name if home is not None else ""
                    place = Place(dex.name, name, int(dex.ins_unit[rows[at]]) * 2)
                else:
                    owner = statics[value]
                    library = owner.library
                    place = Place(dex.name, f"{owner.name}-><clinit>()V", 0)
                if not mail:
                    self.addresses.append((value, place, library))
                elif not library:
                    self.mails += [(match.group(0), place, library) for match in MAIL.finditer(value)]

    def _static_texts(self) -> dict[int, dict[str, Class]]:
        """By ``id`` of the DEX file, initial values of the static fields of own classes that are read."""
        found: dict[int, dict[str, Class]] = {}
        read = self.program.read_classes()
        for cls in self.program.classes.values():
            if not cls.library and cls.name in read and cls.dex.classes[cls.row, 7]:
                texts = found.setdefault(id(cls.dex), {})
                for value in values.static_values(cls.dex, cls.row):
                    if isinstance(value, str):
                        texts.setdefault(value, cls)
        return found

    def own_strings(self, reach: Mask) -> Iterator[CodeString]:
        """All texts that own code uses."""
        for dex, (rows, index, numbers) in zip(self.program.dexes, self._uses, strict=True):
            kept = np.flatnonzero(numbers >= 0)
            kept = kept[self._own[numbers[kept]]]
            callers = numbers[kept]
            offsets = dex.ins_unit[rows[kept]].astype(np.int64) * 2
            for value, offset, reachable, home in zip(
                dex.strings_at(index[kept].tolist()),
                offsets.tolist(),
                reach[callers].tolist(),
                self._homes.of_many(callers.tolist()),
                strict=True,
            ):
                if home is not None:
                    self.values.add(value)
                    yield CodeString(value[:2048], Place(dex.name, home.name, offset), None, reachable, False)
