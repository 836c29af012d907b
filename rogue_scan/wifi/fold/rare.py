"""Frames that are logged one by one: who joined, who was thrown out, keys, actions, channel switches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rogue_scan.errors import Malformed, Truncated
from rogue_scan.wifi.capture.chunk import gather
from rogue_scan.wifi.dot11.channel import (
    BAND_2G,
    BAND_5G,
    BAND_6G,
    band_of,
    frequency_in_class,
    frequency_of,
)
from rogue_scan.wifi.dot11.eapol import decode_eap, decode_header, decode_key
from rogue_scan.wifi.dot11.elements import ChannelSwitch, Elements, Id
from rogue_scan.wifi.dot11.frame import address_text
from rogue_scan.wifi.dot11.security import security_of
from rogue_scan.wifi.fold.announcements import Announced, Slot
from rogue_scan.wifi.fold.clocks import ClockFold
from rogue_scan.wifi.fold.malformed import MalformedFold
from rogue_scan.wifi.fold.rates import RateFold
from rogue_scan.wifi.fold.tools import Refs, mix
from rogue_scan.wifi.observe import Batch
from rogue_scan.wifi.world import (
    ActionCategory,
    ActionFrame,
    AnnouncementKind,
    AssocFrame,
    AuthFrame,
    ByeFrame,
    Damage,
    EapolFrame,
    KeyExchange,
    Kind,
    SwitchCarrier,
    SwitchFrame,
    World,
)

PER_KEY = 64
"""Frames logged of one kind from one transmitter to one receiver."""
PER_LOG = 8192
MAX_KEYS = 65_536
MAX_EAP_BYTES = 8 << 20
"""Of EAP payload kept over the whole capture."""
ASSOC_REQUEST, ASSOC_RESPONSE, REASSOC_REQUEST, REASSOC_RESPONSE = 0, 1, 2, 3
DISASSOC, AUTH, DEAUTH, ACTION, ACTION_NO_ACK = 10, 11, 12, 13, 14
_TO_DS, _RETRY, _PROTECTED = 0x01, 0x08, 0x40

CATEGORIES = {
    0: ActionCategory.SPECTRUM,
    1: ActionCategory.QOS,
    3: ActionCategory.BLOCK_ACK,
    4: ActionCategory.PUBLIC,
    5: ActionCategory.RADIO,
    6: ActionCategory.FAST_BSS,
    7: ActionCategory.HT,
    8: ActionCategory.SA_QUERY,
    9: ActionCategory.PROTECTED_PUBLIC,
    10: ActionCategory.WNM,
    11: ActionCategory.UNPROTECTED_WNM,
    12: ActionCategory.TDLS,
    13: ActionCategory.MESH,
    15: ActionCategory.SELF_PROTECTED,
    21: ActionCategory.VHT,
    30: ActionCategory.HE,
    31: ActionCategory.PROTECTED_HE,
    36: ActionCategory.EHT,
    37: ActionCategory.PROTECTED_EHT,
    126: ActionCategory.VENDOR_PROTECTED,
    127: ActionCategory.VENDOR,
}


class RareFold:
    """Logs rare frames, the first of each (kind, transmitter, receiver), and counts all of them."""

    def __init__(self, world: World, rates: RateFold, malformed: MalformedFold, clocks: ClockFold) -> None:
        self.world = world
        self.rates = rates
        self.malformed = malformed
        self.clocks = clocks
        self._logged: dict[int, int] = {}
        self._eap_bytes = 0

    # Which rows

    def _some(self, batch: Batch, rows: NDArray[np.int64], log: list[Any], label: int) -> list[int]:
        """The rows that still find room: few for each key, and few in all.

        A flood is recognised by its counts; its first frames are enough as evidence.
        """
        if not len(rows):
            return []
        keys = mix(
            batch.transmitter[rows], batch.receiver_address[rows], batch.type[rows], np.full(len(rows), label)
        )
        picked: list[int] = []
        full = 0
        logged = self._logged
        for row, key in zip(rows.tolist(), keys.tolist(), strict=True):
            used = logged.get(key, 0)
            if used >= PER_KEY:
                continue
            if len(log) + len(picked) >= PER_LOG or (not used and len(logged) >= MAX_KEYS):
                full += 1
                continue
            logged[key] = used + 1
            picked.append(row)
        if full:
            self.world.evicted["log"] = self.world.evicted.get("log", 0) + full
        return picked

    def _common(self, batch: Batch, refs: Refs, row: int) -> dict[str, Any]:
        flags = int(batch.flags[row])
        control = int(batch.sequence_control[row])
        sender = int(batch.transmitter[row])
        signal = int(batch.signal[row])
        return {
            "ref": refs.at(row),
            "transmitter": address_text(sender),
            "receiver": address_text(int(batch.receiver_address[row])),
            "bssid": address_text(int(batch.address3[row])),
            "sequence": control >> 4,
            "fragment": control & 15,
            "retry": bool(flags & _RETRY),
            "protected": bool(flags & _PROTECTED),
            "duration": int(batch.duration[row]),
            "signal": signal or None,
            "frequency": int(batch.frequency[row]),
            "interface": int(batch.receiver[row]),
            "beacon_before": self.clocks.before(batch, sender, row),
        }

    @staticmethod
    def _body(batch: Batch, row: int, most: int = 4096) -> bytes:
        start = int(batch.body[row])
        stop = int(batch.mac[row] + batch.length[row])
        return batch.buffer[start : min(stop, start + most)].tobytes()

    @staticmethod
    def _words(batch: Batch, rows: NDArray[np.int64], at: int) -> NDArray[np.int64]:
        """A 16-bit field of the body; -1 where the frame is protected or ends before."""
        value = gather(batch.buffer, batch.body[rows] + at, 2).view("<u2")[:, 0].astype(np.int64)
        short = batch.mac[rows] + batch.length[rows] < batch.body[rows] + at + 2
        value[short | (batch.flags[rows] & _PROTECTED != 0)] = -1
        return value

    # Management frames

    def management(self, batch: Batch, refs: Refs) -> None:
        """Authentication, association, goodbyes and actions of a batch."""
        kinds = batch.type
        wanted = batch.ok & (kinds <= 0x0F)
        if not wanted.any():
            return
        self._auth(batch, refs, np.flatnonzero(wanted & (kinds == AUTH)))
        self._assoc(batch, refs, np.flatnonzero(wanted & (kinds <= REASSOC_RESPONSE)))
        self._bye(batch, refs, np.flatnonzero(wanted & ((kinds == DEAUTH) | (kinds == DISASSOC))))
        self._action(batch, refs, np.flatnonzero(wanted & ((kinds == ACTION) | (kinds == ACTION_NO_ACK))))

    def _auth(self, batch: Batch, refs: Refs, rows: NDArray[np.int64]) -> None:
        if not len(rows):
            return
        fields = {"algorithm": self._words(batch, rows, 0), "transaction": self._words(batch, rows, 2)}
        self.rates.count(batch, refs, Kind.AUTH, rows, fields=fields)
        for row in self._some(batch, rows, self.world.auths, 0):
            body = self._body(batch, row)
            if len(body) < 6:
                if not batch.cut[row]:
                    self.malformed.count(batch, refs, np.array([row]), Damage.SHORT_FIXED)
                continue
            self.world.auths.append(
                AuthFrame(
                    **self._common(batch, refs, row),
                    algorithm=body[0] | body[1] << 8,
                    transaction=body[2] | body[3] << 8,
                    status=body[4] | body[5] << 8,
                    body=body[6:262],
                )
            )

    def _assoc(self, batch: Batch, refs: Refs, rows: NDArray[np.int64]) -> None:
        if not len(rows):
            return
        kinds = batch.type[rows]
        self.rates.count(batch, refs, Kind.ASSOC, rows[kinds == ASSOC_REQUEST])
        self.rates.count(batch, refs, Kind.REASSOC, rows[kinds == REASSOC_REQUEST])
        for row in self._some(batch, rows, self.world.assocs, 1):
            kind = int(batch.type[row])
            response = kind in (ASSOC_RESPONSE, REASSOC_RESPONSE)
            again = kind in (REASSOC_REQUEST, REASSOC_RESPONSE)
            body = self._body(batch, row)
            fixed = 6 if response else 10 if again else 4
            elements = Elements(body[fixed:])
            if len(body) < fixed or not elements.complete:
                if not batch.cut[row]:
                    damage = Damage.SHORT_FIXED if len(body) < fixed else Damage.ELEMENT_OVERRUN
                    self.malformed.count(batch, refs, np.array([row]), damage)
                continue
            capabilities = body[0] | body[1] << 8
            link = elements.multi_link
            frame = AssocFrame(
                **self._common(batch, refs, row),
                response=response,
                reassociation=again,
                capabilities=capabilities,
                status=body[2] | body[3] << 8 if response else 0,
                aid=(body[4] | body[5] << 8) & 0x3FFF if response else 0,
                current_ap=body[4:10].hex(":") if again and not response else None,
                elements=elements,
                security=security_of(elements, capabilities),
            )
            self.world.assocs.append(frame)
            station = self.world.stations.get(frame.transmitter)
            if link is not None and link.mld is not None and station is not None and not response:
                station.mld = link.mld

    def _bye(self, batch: Batch, refs: Refs, rows: NDArray[np.int64]) -> None:
        if not len(rows):
            return
        reason = self._words(batch, rows, 0)
        duration = batch.duration[rows].astype(np.int64)
        deauth = batch.type[rows] == DEAUTH
        for kind, which in ((Kind.DEAUTH, deauth), (Kind.DISASSOC, ~deauth)):
            fields = {"reason": reason[which], "duration": duration[which]}
            self.rates.count(batch, refs, kind, rows[which], fields=fields)
        reasons = dict(zip(rows.tolist(), reason.tolist(), strict=True))
        for row in self._some(batch, rows, self.world.byes, 2):
            body = self._body(batch, row, 512)
            value = reasons[row]
            self.world.byes.append(
                ByeFrame(
                    **self._common(batch, refs, row),
                    disassociation=int(batch.type[row]) == DISASSOC,
                    reason=None if value < 0 else value,
                    mme=value >= 0 and Elements(body[2:]).first(Id.MME) is not None,
                )
            )

    def _action(self, batch: Batch, refs: Refs, rows: NDArray[np.int64]) -> None:
        if not len(rows):
            return
        category = self._words(batch, rows, 0)
        category[category >= 0] &= 0xFF
        self.rates.count(batch, refs, Kind.ACTION, rows, fields={"category": category})
        for row in self._some(batch, rows, self.world.actions, 3):
            body = self._body(batch, row, 514)
            protected = bool(batch.flags[row] & _PROTECTED)
            number = body[0] if body and not protected else -1
            known = len(body) >= 2 and not protected
            common = self._common(batch, refs, row)
            self.world.actions.append(
                ActionFrame(
                    **common,
                    category=number,
                    name=CATEGORIES.get(number & 0x7F, ActionCategory.OTHER)
                    if number >= 0
                    else ActionCategory.OTHER,
                    action=body[1] if known else -1,
                    body=body[2:] if known else b"",
                )
            )
            if known:
                self._switch_action(common, body)

    # Channel switches

    def _switch_action(self, common: dict[str, Any], body: bytes) -> None:
        """CSA in a spectrum management frame, ECSA in a public one."""
        switch = None
        carrier = SwitchCarrier.ACTION
        if body[0] == 0 and body[1] == 4:
            switch = Elements(body[2:]).switch
        elif body[0] in (4, 9) and body[1] == 4 and len(body) >= 6:
            switch = ChannelSwitch(True, body[2], body[4], body[5], body[3])
        elif body[0] == 15:
            switch, carrier = Elements(body[2:]).switch, SwitchCarrier.MESH
        if switch is not None and len(self.world.switches) < PER_LOG:
            self.world.switches.append(_switch(common, switch, carrier))

    def switches(self, batch: Batch, refs: Refs, found: Announced, slots: list[Slot]) -> None:
        """Channel switches that beacons and probe responses announce; each frame has its own count."""
        flagged = np.array([s.switching and s.announcement is not None for s in slots], np.bool_)
        places = np.flatnonzero(flagged[found.slot])
        if not len(places):
            return
        place_of = dict(zip(found.rows[places].tolist(), places.tolist(), strict=True))
        for row in self._some(batch, found.rows[places], self.world.switches, 4):
            place = place_of[row]
            announcement = slots[int(found.slot[place])].announcement
            assert announcement is not None
            switch = Elements(self._body(batch, row)[12:]).switch
            if switch is None:
                continue
            beacon = announcement.kind is AnnouncementKind.BEACON
            carrier = SwitchCarrier.BEACON if beacon else SwitchCarrier.PROBE_RESPONSE
            logged = _switch(self._common(batch, refs, row), switch, carrier)
            logged.tsf = int(found.tsf[place])
            logged.variant = announcement.digest
            self.world.switches.append(logged)

    # EAPOL

    def eapol(self, batch: Batch, refs: Refs, rows: NDArray[np.int64]) -> None:
        """EAPOL frames in the clear."""
        if not len(rows):
            return
        head = gather(batch.buffer, batch.body[rows] + 8, 2)
        packet = head[:, 1].astype(np.int64)
        for value, kind in (
            (0, Kind.EAP),
            (1, Kind.EAPOL_START),
            (2, Kind.EAPOL_LOGOFF),
            (3, Kind.EAPOL_KEY),
        ):
            self.rates.count(batch, refs, kind, rows[packet == value])
        keys = packet == 3
        for row in self._some(batch, rows[keys], self.world.keys, 5):
            self._key(batch, refs, row)
        for row in self._some(batch, rows[~keys], self.world.eapols, 6):
            self._eap(batch, refs, row)

    def _parties(self, batch: Batch, row: int) -> tuple[str, str, bool]:
        """(client, BSSID, whether the access point sent it)."""
        sender, receiver = int(batch.transmitter[row]), int(batch.receiver_address[row])
        if int(batch.flags[row]) & 3 == _TO_DS:
            return address_text(sender), address_text(receiver), False
        return address_text(receiver), address_text(sender), True

    def _key(self, batch: Batch, refs: Refs, row: int) -> None:
        client, bssid, from_ap = self._parties(batch, row)
        try:
            _, _, body = decode_header(self._body(batch, row)[8:])
            key = decode_key(body)
        except (Malformed, Truncated):
            if not batch.cut[row]:
                self.malformed.count(batch, refs, np.array([row]), Damage.SHORT_FIXED, "EAPOL-Key frame")
            return
        common = self._common(batch, refs, row) | {"bssid": bssid}
        self.world.keys.append(KeyExchange(**common, client=client, from_ap=from_ap, key=key))

    def _eap(self, batch: Batch, refs: Refs, row: int) -> None:
        client, bssid, from_ap = self._parties(batch, row)
        eap = None
        try:
            _, packet, body = decode_header(self._body(batch, row)[8:])
            if packet == 0 and self._eap_bytes + len(body) <= MAX_EAP_BYTES:
                eap = decode_eap(body)
                self._eap_bytes += len(body)
        except (Malformed, Truncated):
            if not batch.cut[row]:
                self.malformed.count(batch, refs, np.array([row]), Damage.SHORT_FIXED, "EAPOL frame")
            return
        common = self._common(batch, refs, row) | {"bssid": bssid}
        self.world.eapols.append(
            EapolFrame(**common, client=client, from_ap=from_ap, packet_type=packet, eap=eap)
        )


def _switch(common: dict[str, Any], switch: ChannelSwitch, carrier: SwitchCarrier) -> SwitchFrame:
    if switch.operating_class is not None:
        target = frequency_in_class(switch.operating_class, switch.channel)
    else:
        band = band_of(common["frequency"])
        if band == BAND_6G:
            target = frequency_of(switch.channel, BAND_6G)
        else:
            target = frequency_of(switch.channel, BAND_2G if switch.channel <= 14 else BAND_5G)
    return SwitchFrame(
        **common,
        carrier=carrier,
        extended=switch.extended,
        channel=switch.channel,
        operating_class=switch.operating_class,
        to_frequency=target,
        mode=switch.mode,
        count=switch.count,
    )
