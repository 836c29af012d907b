"""From batches of frames to the world: what a fold takes, and the hand-over to ``net``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

LINE_TOLERANCE_US = 150_000
"""How far a beacon may lie from its clock line by host time (82 ms was seen on an honest network)."""
LINE_DRIFT_PPM = 200
"""How fast two clocks may drift apart; each is within 20-40 ppm in practice, 100 by the standard."""


@dataclass(slots=True, frozen=True)
class CleartextBatch:
    """Data frames with readable content, in the order received, as columns of equal length.

    Holds frames whose *protected* bit is clear (of any BSS; EAPOL included) and, when keys were given, the
    protected ones of all BSSs. Null and QoS-null frames, frames with a bad FCS and cut headers are left out.
    The payload of frame i is ``buffer[offset[i]:offset[i] + length[i]]``: what follows the MAC header
    (LLC/SNAP, or the A-MSDU sub-frames, or the CCMP/TKIP header where protected), without FCS.
    The buffer is only valid during the call.
    """

    buffer: NDArray[np.uint8]
    offset: NDArray[np.int64]
    length: NDArray[np.int64]
    """Captured bytes; shorter than on the air where ``cut``."""
    frame: NDArray[np.int64]
    time: NDArray[np.float64]
    """Seconds since the capture's first frame."""
    header: NDArray[np.int64]
    """Offset of the MAC header in ``buffer`` (for AAD of CCMP and for frames to write out)."""
    transmitter: NDArray[np.uint64]
    receiver: NDArray[np.uint64]
    source: NDArray[np.uint64]
    destination: NDArray[np.uint64]
    bssid: NDArray[np.uint64]
    """Addresses as 48-bit numbers, first byte highest; ``address_text`` in ``dot11.frame`` writes them."""
    to_ds: NDArray[np.bool_]
    from_ds: NDArray[np.bool_]
    sequence: NDArray[np.uint16]
    fragment: NDArray[np.uint8]
    more_fragments: NDArray[np.bool_]
    retry: NDArray[np.bool_]
    protected: NDArray[np.bool_]
    qos: NDArray[np.bool_]
    tid: NDArray[np.uint8]
    amsdu: NDArray[np.bool_]
    """The payload is a chain of A-MSDU sub-frames."""
    cut: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.frame)


class NetFold(Protocol):
    """What ``net`` offers: it keeps its own bounded state and is part of the world.

    ``rogue_scan.wifi.net.fold.NetFold(keys)`` is made once a capture. :meth:`fold` must not depend on how
    frames were cut into batches. Announcements are folded before the data frames of the same batch.
    """

    def fold(self, batch: CleartextBatch) -> None:
        """Take the next frames."""

    def learn_ssid(self, bssid: int, ssid: bytes) -> None:
        """A BSS announced this SSID (called once for each pair), for keys given by SSID."""
