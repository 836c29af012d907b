"""What is written, others can read."""

import io

from scapy.utils import PcapNgReader

from rogue_scan.wifi.capture import writer

FRAME = (
    bytes.fromhex("0000080000000000")
    + bytes.fromhex("80000000ffffffffffff020000000001020000000001")
    + bytes(14)
)


def test_scapy_reads_the_file_with_its_time_and_comment() -> None:
    raw = b"".join(
        [
            writer.section_header(),
            writer.interface(name="wlan0"),
            writer.packet(FRAME, 1_700_000_000_123_456_789, comment="evil twin"),
            writer.packet(FRAME + b"x", 1_700_000_001_000_000_000),
            writer.statistics(1_700_000_002_000_000_000, 2, 1),
        ]
    )
    packets = list(PcapNgReader(io.BytesIO(raw)))
    assert [len(bytes(packet)) for packet in packets] == [len(FRAME), len(FRAME) + 1]
    assert float(packets[0].time) == 1_700_000_000.123456789
    assert packets[0].comment == b"evil twin"
