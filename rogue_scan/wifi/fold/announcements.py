"""Beacons and probe responses: each distinct content is decoded once, the rest is counted by the column.

Frames are told apart by a keyed hash of their content without the parts that change by design. Where those
parts lie follows from the content itself: the first frame of a (BSSID, subtype, length) gives a mask, and all
frames that agree with it outside its mask have the same structure, because a mask never covers ids or
lengths. A frame whose own mask differs makes the whole key *mixed*: such frames are told apart by their full
content. Either way a content that was not seen before is decoded by itself, so nothing can hide.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rogue_scan.wifi.capture.chunk import gather
from rogue_scan.wifi.dot11.elements import Elements
from rogue_scan.wifi.dot11.frame import address_text
from rogue_scan.wifi.dot11.security import security_of
from rogue_scan.wifi.dot11.volatile import canonical_digest, volatile_ranges
from rogue_scan.wifi.fold.malformed import MalformedFold
from rogue_scan.wifi.fold.tools import (
    Allowance,
    Groups,
    Refs,
    bump,
    cells,
    content_hash,
    group,
    mix,
    trim,
)
from rogue_scan.wifi.observe import BLOCK, Batch
from rogue_scan.wifi.world import (
    Announcement,
    AnnouncementKind,
    Answer,
    Bss,
    Damage,
    SsidUse,
    World,
)

BEACON, PROBE_RESPONSE = 8, 5
MAX_BSS = 6144
MAX_NEW_BSS = 2048
"""New entries after which the table is trimmed, wherever that is in the stream."""
MAX_VARIANTS = 128
MAX_NEW_VARIANTS = 8192
"""Between two trims, over all BSSs."""
MAX_NEW_OF_ONE = 512
"""Variants of one BSS between two trims."""
COARSE_AFTER = 24
"""Variants of one BSS after which new ones are told apart without the content of vendor elements."""
MAX_SSIDS = 2048
MAX_ANSWERS = 16_384
MAX_NEW_ANSWERS = BLOCK
MAX_BROKEN = 16_384
MAX_MASKS = 8192
REFS = 8
_MAX_BODY = 2304
_STEP = 64
_MAX_CACHE = 262_144


@dataclass(slots=True)
class Slot:
    """What frames of one content are counted for."""

    bssid: int
    bss: Bss | None
    announcement: Announcement | None
    damages: tuple[tuple[Damage, str], ...] = ()
    switching: bool = False
    """A channel switch is announced: each frame is of interest by itself."""
    dead: bool = False


@dataclass(slots=True)
class Announced:
    """The announcements of a batch: rows, and the slot of each."""

    rows: NDArray[np.int64]
    slot: NDArray[np.int64]
    tsf: NDArray[np.uint64]
    sequence: NDArray[np.uint16]
    groups: Groups
    """Of positions in :attr:`rows`, by slot."""


@dataclass(slots=True)
class _Masks:
    """Masks of one padded body length, as rows of words."""

    index: dict[bytes, int] = field(default_factory=dict)
    rows: list[NDArray[np.uint64]] = field(default_factory=list)
    table: NDArray[np.uint64] | None = None

    def add(self, mask: bytes) -> int:
        number = self.index.get(mask)
        if number is None:
            number = len(self.rows)
            self.index[mask] = number
            self.rows.append(np.frombuffer(mask, np.uint64))
            self.table = None
        return number

    def take(self, numbers: NDArray[np.int64]) -> NDArray[np.uint64]:
        if self.table is None:
            self.table = np.stack(self.rows)
        return self.table[numbers]


class AnnouncementFold:
    """Folds beacons and probe responses into BSSs and their variants."""

    def __init__(self, world: World, malformed: MalformedFold) -> None:
        self.world = world
        self.malformed = malformed
        self.slots: list[Slot] = []
        self.fresh: list[tuple[int, bytes]] = []
        """(BSSID, SSID) pairs first announced in this batch."""
        self._by_hash: dict[int, int] = {}
        self._by_variant: dict[tuple[int, str], int] = {}
        self._layout: dict[int, int] = {}
        """Key of (BSSID, subtype, length) → mask number; -1 where frames of the key are mixed."""
        self._masks: dict[int, _Masks] = {}
        self._created: dict[int, int] = {}
        self._recent: dict[int, int] = {}
        """BSSID → new variants since the last trim."""
        self._broken: dict[int, int] = {}
        """BSSID → announcements with a broken chain."""
        self._new_bss = 0
        self._new_variants = Allowance(world, "variants", MAX_NEW_VARIANTS)
        self._cache: dict[int, Answer] = {}
        self._new_answers = Allowance(world, "answers", MAX_NEW_ANSWERS)

    # One batch

    def fold(self, batch: Batch, refs: Refs) -> Announced | None:
        """Count a batch's announcements; returns them for the clocks."""
        self.fresh.clear()
        wanted = ((batch.type == BEACON) | (batch.type == PROBE_RESPONSE)) & batch.ok & ~batch.cut
        content = batch.body + 8
        size = batch.mac + batch.length - content
        short = np.flatnonzero(wanted & (size < 4))
        if len(short):
            self.malformed.count(batch, refs, short, Damage.SHORT_FIXED)
        rows = np.flatnonzero(wanted & (size >= 4))
        if not len(rows):
            return None
        slot = self._assign(batch, rows, content[rows], np.minimum(size[rows], _MAX_BODY))
        tsf = gather(batch.buffer, batch.body[rows], 8).view("<u8")[:, 0]
        sequence = (batch.sequence_control[rows] >> 4).astype(np.uint16)
        groups = group(slot)
        found = Announced(rows, slot, tsf, sequence, groups)
        self._count(batch, refs, found)
        self._answers(batch, refs, found)
        return found

    # Which content

    def _assign(
        self,
        batch: Batch,
        rows: NDArray[np.int64],
        content: NDArray[np.int64],
        size: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """Slot of each row."""
        key = mix(batch.address3[rows], batch.type[rows], size)
        bucket = (size + _STEP - 1) // _STEP
        hashes = np.empty(len(rows), np.uint64)
        mask_of = np.empty(len(rows), np.int64)
        unique, first, inverse = np.unique(key, return_index=True, return_inverse=True)
        numbers = np.empty(len(unique), np.int64)
        for place, (value, row) in enumerate(zip(unique.tolist(), first.tolist(), strict=True)):
            number = self._layout.get(value)
            if number is None:
                number = self._learn_mask(batch, int(content[row]), int(size[row]))
                if len(self._layout) >= _MAX_CACHE:
                    self._layout.clear()
                self._layout[value] = number
            numbers[place] = number
        mask_of = numbers[inverse]
        widths = np.flatnonzero(np.bincount(bucket)).tolist()
        for width in widths:
            some = np.flatnonzero(bucket == width) if len(widths) > 1 else np.arange(len(rows))
            hashes[some] = self._hash(batch, content[some], size[some], width, mask_of[some])
        hashes ^= key
        slot = np.empty(len(rows), np.int64)
        unique, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        known = np.array([self._by_hash.get(v, -1) for v in unique.tolist()], np.int64)
        new = np.flatnonzero(known < 0)
        mixed: list[int] = []
        for place in new[np.argsort(first[new])].tolist():
            row = int(first[place])
            number = int(mask_of[row])
            start, length = int(content[row]), int(size[row])
            if number >= 0 and number != self._learn_mask(batch, start, length):
                # This structure is not the one that the mask was made for.
                self._layout[int(key[row])] = -1
                mixed.append(int(key[row]))
                continue
            known[place] = self._decode(batch, int(rows[row]), start, length)
            if len(self._by_hash) >= _MAX_CACHE:
                self._by_hash.clear()
            self._by_hash[int(unique[place])] = int(known[place])
        slot[:] = known[inverse]
        if mixed:
            again = np.flatnonzero(np.isin(key, np.array(mixed, np.uint64)))
            slot[again] = self._assign_mixed(batch, rows[again], content[again], size[again], key[again])
        return slot

    def _assign_mixed(
        self,
        batch: Batch,
        rows: NDArray[np.int64],
        content: NDArray[np.int64],
        size: NDArray[np.int64],
        key: NDArray[np.uint64],
    ) -> NDArray[np.int64]:
        """Slots of rows that turned out to be mixed within this batch: by their full content."""
        slot = np.empty(len(rows), np.int64)
        for place in range(len(rows)):
            start, length = content[place : place + 1], size[place : place + 1]
            width = int((length[0] + _STEP - 1) // _STEP)
            whole = self._hash(batch, start, length, width, np.array([-1])) ^ key[place]
            known = self._by_hash.get(int(whole[0]))
            if known is None:
                known = self._decode(batch, int(rows[place]), int(start[0]), int(length[0]))
                self._by_hash[int(whole[0])] = known
            slot[place] = known
        return slot

    def _learn_mask(self, batch: Batch, start: int, length: int) -> int:
        """Number of the mask that fits one content, within the masks of its padded length."""
        raw = batch.buffer[start + 4 : start + length].tobytes()
        width = (length + _STEP - 1) // _STEP
        mask = bytearray(b"\xff" * length + b"\0" * (width * _STEP - length))
        for begin, stop in volatile_ranges(raw):
            mask[4 + begin : 4 + stop] = bytes(stop - begin)
        return self._masks.setdefault(width, _Masks()).add(bytes(mask))

    def _hash(
        self,
        batch: Batch,
        content: NDArray[np.int64],
        size: NDArray[np.int64],
        width: int,
        mask_of: NDArray[np.int64],
    ) -> NDArray[np.uint64]:
        words = gather(batch.buffer, content, width * _STEP).view(np.uint64)
        masked = mask_of >= 0
        masks = self._masks.get(width)
        if masks is not None and masks.rows:
            if masked.all():
                words &= masks.take(mask_of)
            else:
                words[masked] &= masks.take(mask_of[masked])
        if not masked.all():
            bytes_ = words.view(np.uint8)
            beyond = np.arange(width * _STEP) >= size[:, None]
            bytes_[beyond & ~masked[:, None]] = 0
            words[~masked, 0] ^= np.uint64(1)  # a full content is no masked one
        return content_hash(words)

    # A content that is new

    def _decode(self, batch: Batch, row: int, start: int, length: int) -> int:
        """Slot for a content that was not seen before."""
        blob = batch.buffer[start : start + length].tobytes()
        bssid = int(batch.address3[row])
        beacon = int(batch.type[row]) == BEACON
        interval = blob[0] | blob[1] << 8
        capabilities = blob[2] | blob[3] << 8
        elements = Elements(blob[4:])
        damages: list[tuple[Damage, str]] = []
        if not elements.complete:
            damages.append((Damage.ELEMENT_OVERRUN, "an element is longer than what is left"))
            return self._slot(Slot(bssid, None, None, tuple(damages)))
        problems = elements.check()
        core = [p for p in problems if p.startswith(("ssid", "rsn:", "wpa:"))]
        if core:
            damages.append((Damage.ELEMENT_CONTENT, core[0]))
            return self._slot(Slot(bssid, None, None, tuple(damages)))
        if interval == 0:
            damages.append((Damage.BAD_INTERVAL, "beacon interval of zero"))
        if not beacon and not elements.ssid:
            damages.append((Damage.EMPTY_SSID, "probe response without a name"))
        created = self._created.get(bssid, 0)
        digest = canonical_digest(blob[:4], elements.raw, coarse=created >= COARSE_AFTER)
        kind = AnnouncementKind.BEACON if beacon else AnnouncementKind.PROBE_RESPONSE
        name = f"{kind}:{digest}"
        number = self._by_variant.get((bssid, name))
        if number is not None and not self.slots[number].dead:
            return number
        bss = self._bss(bssid)
        recent = self._recent.get(bssid, 0)
        if recent >= MAX_NEW_OF_ONE or not self._new_variants.take():
            return self._slot(Slot(bssid, bss, None, tuple(damages)))
        self._created[bssid] = created + 1
        self._recent[bssid] = recent + 1
        made = Announcement(
            kind, digest, interval, capabilities, elements, security_of(elements, capabilities)
        )
        bss.variants[name] = made
        number = self._slot(Slot(bssid, bss, made, tuple(damages), elements.switch is not None))
        self._by_variant[(bssid, name)] = number
        return number

    def _slot(self, slot: Slot) -> int:
        self.slots.append(slot)
        return len(self.slots) - 1

    def _bss(self, bssid: int) -> Bss:
        name = address_text(bssid)
        bss = self.world.bss.get(name)
        if bss is None:
            bss = Bss(name)
            self.world.bss[name] = bss
            self._new_bss += 1
        return bss

    def room(self, batch: Batch) -> int:
        """How many rows of a batch can be folded before the table of BSSs must be trimmed.

        A flood of made-up access points must not keep out a real one that comes after it, so the table is
        trimmed when it has grown too much, not at the end of a block.
        """
        wanted = np.flatnonzero(
            ((batch.type == BEACON) | (batch.type == PROBE_RESPONSE)) & batch.ok & ~batch.cut
        )
        addresses, first = np.unique(batch.address3[wanted], return_index=True)
        left = MAX_NEW_BSS - self._new_bss
        if len(addresses) <= left:
            return len(batch)
        known = self.world.bss
        unknown = [
            row
            for address, row in zip(addresses.tolist(), wanted[first].tolist(), strict=True)
            if address_text(address) not in known
        ]
        return len(batch) if len(unknown) <= left else sorted(unknown)[left]

    # Counting

    def _count(self, batch: Batch, refs: Refs, found: Announced) -> None:
        groups, rows = found.groups, found.rows
        counts = groups.counts.tolist()
        firsts, lasts = groups.first.tolist(), groups.last.tolist()
        first_rows, last_rows = rows[groups.first].tolist(), rows[groups.last].tolist()
        numbers = found.slot[groups.first].tolist()
        lowest, highest = groups.lowest(found.tsf), groups.highest(found.tsf)
        asked = groups.total(batch.receiver_address[rows] >> np.uint64(40) & np.uint64(1) == 0)
        tsf, sequence = found.tsf, found.sequence
        for place, number in enumerate(numbers):
            slot = self.slots[number]
            first, last, count = firsts[place], lasts[place], counts[place]
            first_row, last_row = first_rows[place], last_rows[place]
            bss, announcement = slot.bss, slot.announcement
            for damage, detail in slot.damages:
                members = rows[groups.order[groups.starts[place] : groups.starts[place] + count]]
                if damage is Damage.EMPTY_SSID:
                    members = members[batch.receiver_address[members] >> np.uint64(40) & np.uint64(1) == 0]
                if len(members):
                    self.malformed.count(batch, refs, members, damage, detail)
            if announcement is None or bss is None:
                if slot.damages and (slot.bssid in self._broken or len(self._broken) < MAX_BROKEN):
                    bump(self._broken, slot.bssid, count)
                continue
            refs.extend(bss.seen, count, first_row, last_row)
            beacon = announcement.kind is AnnouncementKind.BEACON
            refs.extend(bss.beacons if beacon else bss.responses, count, first_row, last_row)
            if not announcement.seen.count:
                announcement.tsf_first = int(tsf[first])
                announcement.tsf_lowest = lowest[place]
                announcement.sequence_first = int(sequence[first])
            refs.extend(announcement.seen, count, first_row, last_row)
            announcement.tsf_last = int(tsf[last])
            announcement.sequence_last = int(sequence[last])
            announcement.tsf_lowest = min(announcement.tsf_lowest, lowest[place])
            announcement.tsf_highest = max(announcement.tsf_highest, highest[place])
            announcement.receivers_asked += asked[place] if not beacon else 0
            room = REFS - len(announcement.refs)
            if room > 0:
                start = int(groups.starts[place])
                members = groups.order[start : start + min(count, room)]
                announcement.refs += [refs.at(int(rows[m])) for m in members]
            self._ssid(slot, bss, announcement, refs, (count, first_row, last_row))
        live = [self.slots[n].announcement for n in numbers]
        for place, value, count in cells(groups, batch.signal[rows]):
            target = live[place]
            if target is not None and value:
                bump(target.signal.levels, value, count)
        for place, value, count in cells(groups, batch.frequency[rows]):
            target = live[place]
            if target is not None:
                bump(target.frequencies, value, count)

    def _ssid(
        self,
        slot: Slot,
        bss: Bss,
        announcement: Announcement,
        refs: Refs,
        sighting: tuple[int, int, int],
    ) -> None:
        """``sighting``: frames, first row, last row."""
        ssid = announcement.ssid
        use = bss.ssids.get(ssid)
        if use is None:
            if len(bss.ssids) >= MAX_SSIDS:
                self.world.evicted["ssids"] = self.world.evicted.get("ssids", 0) + 1
                return
            use = bss.ssids[ssid] = SsidUse(ssid)
            if not announcement.hidden:
                self.fresh.append((slot.bssid, ssid))
        beacon = announcement.kind is AnnouncementKind.BEACON
        refs.extend(use.beacons if beacon else use.responses, *sighting)

    def _answers(self, batch: Batch, refs: Refs, found: Announced) -> None:
        """Who was answered with which name."""
        rows = found.rows
        receiver = batch.receiver_address[rows]
        picked = np.flatnonzero(
            (batch.type[rows] == PROBE_RESPONSE) & (receiver >> np.uint64(40) & np.uint64(1) == 0)
        )
        if not len(picked):
            return
        receiver, slot_of, rows = receiver[picked], found.slot[picked], rows[picked]
        key = mix(receiver, slot_of)
        groups = group(key)
        firsts, starts, counts = groups.first, groups.starts.tolist(), groups.counts.tolist()
        first_rows, last_rows = rows[firsts].tolist(), rows[groups.last].tolist()
        clients, numbers, keys = receiver[firsts].tolist(), slot_of[firsts].tolist(), key[firsts].tolist()
        for place, count in enumerate(counts):
            answer = self._cache.get(keys[place])
            if answer is None:
                answer = self._answer(clients[place], self.slots[numbers[place]])
                if answer is None:
                    continue
                self._cache[keys[place]] = answer
            refs.extend(answer.seen, count, first_rows[place], last_rows[place])
            room = 4 - len(answer.refs)
            if room > 0:
                members = groups.order[starts[place] : starts[place] + min(count, room)]
                answer.refs += [refs.at(row) for row in rows[members].tolist()]

    def _answer(self, client: int, slot: Slot) -> Answer | None:
        announcement, bss = slot.announcement, slot.bss
        if announcement is None or bss is None:
            return None
        name = (address_text(client), bss.bssid, announcement.ssid)
        answer = self.world.answers.get(name)
        if answer is None and self._new_answers.take():
            answer = self.world.answers[name] = Answer(*name, variant=announcement.digest)
        return answer

    def settle(self) -> None:
        """Tell each BSS how many broken announcements bore its name."""
        for bssid, count in self._broken.items():
            bss = self.world.bss.get(address_text(bssid))
            if bss is not None:
                bss.fabricated = count

    # Trimming

    def trim(self) -> list[str]:
        """Bring tables back under their caps; returns the BSSIDs that were given up."""
        self._new_variants.used = self._new_answers.used = self._new_bss = 0
        self._recent.clear()
        world = self.world
        stale = bool(trim(world, "answers", world.answers, MAX_ANSWERS))
        gone = trim(world, "bss", world.bss, MAX_BSS)
        dropped = set(gone)
        for bss in world.bss.values():
            trim(world, "variants", bss.variants, MAX_VARIANTS)
        for slot in self.slots:
            if slot.dead:
                continue
            if slot.bss is None or slot.announcement is None:
                slot.dead = True  # damaged or refused: looked at anew when it comes again
                continue
            name = f"{slot.announcement.kind}:{slot.announcement.digest}"
            if slot.bss.bssid in dropped or slot.bss.variants.get(name) is not slot.announcement:
                slot.dead = stale = True
                slot.bss = slot.announcement = None
        # A content whose entry is gone must be decoded anew when it comes again.
        self._by_hash = {h: n for h, n in self._by_hash.items() if not self.slots[n].dead}
        self._by_variant = {k: n for k, n in self._by_variant.items() if not self.slots[n].dead}
        if self._compact() or stale:
            self._cache.clear()
        if sum(len(masks.rows) for masks in self._masks.values()) > MAX_MASKS:
            self._masks.clear()
            self._layout.clear()
        if dropped:
            alive = {int(name.replace(":", ""), 16) for name in world.bss}
            self._created = {b: c for b, c in self._created.items() if b in alive}
        return gone

    def _compact(self) -> bool:
        """Renumber slots when most of them are dead."""
        if len(self.slots) < 4 * MAX_NEW_VARIANTS or sum(s.dead for s in self.slots) * 2 < len(self.slots):
            return False
        moved: dict[int, int] = {}
        kept: list[Slot] = []
        for number, slot in enumerate(self.slots):
            if not slot.dead:
                moved[number] = len(kept)
                kept.append(slot)
        self.slots = kept
        self._by_hash = {h: moved[n] for h, n in self._by_hash.items()}
        self._by_variant = {k: moved[n] for k, n in self._by_variant.items()}
        return True
