import struct

from hypothesis import given
from hypothesis import strategies as st

from rogue_scan.wifi.dot11.elements import Elements


def chain(*elements):
    return Elements(b"".join(bytes((kind, len(body))) + body for kind, body in elements))


def ext(kind, body):
    return 255, bytes((kind,)) + body


def test_order_is_kept():
    found = chain((0, b"net"), (1, b"\x82"), (221, b"\x00\x50\xf2\x02\x01"), ext(35, b"\x00"), (0, b"again"))
    assert found.order == ("0", "1", "221.0050f2.02", "255.35", "0")
    assert found.ssid == b"net"
    assert found.vendors == (("00:50:f2", 2),)


def test_a_broken_chain_keeps_what_is_before_the_break():
    found = Elements(b"\x00\x03net\x30\xff\x01")
    assert not found.complete
    assert found.ssid == b"net"
    assert found.check()[0].startswith("chain")
    assert not Elements(b"\x00\x00\x05").complete
    assert Elements(b"").complete


def test_an_ssid_of_more_than_32_bytes_is_a_problem():
    found = chain((0, b"x" * 33))
    assert found.ssid is None
    assert "ssid" in found.check()[0]


def test_an_element_that_contradicts_itself_is_a_problem_and_no_error():
    found = chain((48, b"\x01\x00\x00\x0f\xac\x04\x09\x00"))
    assert found.rsn is None
    assert found.check() == ["rsn: RSN element: 9 pairwise cipher suites do not fit"]


def test_simple_elements():
    found = chain(
        (1, b"\x82\x84"),
        (3, b"\x06"),
        (5, b"\x01\x03\x00\x00"),
        (7, b"DE \x01\x0d\x14"),
        (11, struct.pack("<HBH", 12, 200, 0)),
        (50, b"\x30"),
        (54, b"\x34\x12\x01"),
        (61, b"\x06\x01" + bytes(20)),
        (76, struct.pack("<HQ", 4, 7)[:8] + bytes(8)),
        (107, b"\x12\x02\x00\x00\x00\x00\x0a"),
    )
    assert found.rates == (0x82, 0x84, 0x30)
    assert (found.channel, found.country) == (6, "DE")
    assert (found.tim.dtim_count, found.tim.dtim_period) == (1, 3)
    assert (found.load.stations, found.load.utilisation) == (12, 200)
    assert (found.mobility_domain.domain, found.mobility_domain.over_ds) == (0x1234, True)
    assert (found.ht_operation.primary, found.ht_operation.secondary) == (6, 1)
    assert (found.mme.key_id, found.mme.packet_number) == (4, 7)
    assert (found.interworking.network_type, found.interworking.internet) == (2, True)
    assert found.interworking.hessid == "02:00:00:00:00:0a"


def test_channel_switches():
    assert chain((37, b"\x01\x0b\x05")).switch.channel == 11
    both = chain((37, b"\x01\x0b\x05"), (60, b"\x01\x73\x24\x03")).switch
    assert (both.extended, both.operating_class, both.channel, both.count) == (True, 115, 36, 3)


def test_the_frequency_that_is_operated_not_the_tuned_one():
    assert chain((3, b"\x06")).operated_frequency(2432) == 2437
    assert chain((61, b"\x24\x00" + bytes(20))).operated_frequency(5200) == 5180
    assert chain().operated_frequency(2412) == 2412
    assert chain().operated_frequency() is None


def test_he_operation_tells_the_channel_on_6_ghz():
    parameters = (1 << 17).to_bytes(3, "little")
    body = parameters + b"\x05" + b"\xfc\xff" + bytes((37, 0x02, 39, 47, 6))
    found = chain(ext(35, bytes(20)), ext(36, body))
    assert (found.he_operation.color, found.he_operation.width_6ghz) == (5, 80)
    assert found.operated_frequency(0) == 6135
    assert found.generation == 6


def test_eht_operation():
    found = chain(ext(106, b"\x01" + bytes(4) + bytes((4, 31, 63))), ext(108, bytes(8)))
    assert (found.eht_operation.width, found.eht_operation.segment1) == (320, 63)
    assert found.generation == 7


def test_multi_link_with_a_fragmented_profile():
    control = struct.pack("<H", 0x0010)  # basic, link id present
    common = b"\x08" + bytes.fromhex("02aabbccdd01") + b"\x00"
    link = struct.pack("<H", 0x0021) + b"\x07" + bytes.fromhex("02aabbccdd02") + bytes(240)
    body = bytes((107,)) + control + common + b"\x00" + bytes((len(link),)) + link
    found = chain((255, body[:255]), (242, body[255:]))
    assert found.multi_link.mld == "02:aa:bb:cc:dd:01"
    assert found.multi_link.link_id == 0
    assert found.multi_link.links == ((1, "02:aa:bb:cc:dd:02"),)


def test_neighbours_of_6_ghz():
    header = struct.pack("<HBB", 13 << 8, 131, 37)
    entry = b"\xff" + bytes.fromhex("02000000000a") + struct.pack("<I", 0xDEADBEEF) + b"\x42" + b"\x00"
    (found,) = chain((201, header + entry)).neighbours
    assert (found.bssid, found.frequency, found.short_ssid) == ("02:00:00:00:00:0a", 6135, 0xDEADBEEF)
    assert (found.same_ssid, found.colocated) == (True, True)
    assert chain((201, header + entry[:-3])).neighbours == ()


def test_profiles_that_never_beacon_themselves():
    def profile(index, name):
        inner = b"\x53\x02\x11\x00" + bytes((0, len(name))) + name + bytes((85, 3, index, 1, 0))
        return bytes((0, len(inner))) + inner

    found = chain((71, b"\x03" + profile(1, b"guest") + profile(2, b"staff")))
    indicator, profiles = found.multiple_bssid
    assert indicator == 3
    assert [(p.index, p.ssid, p.capabilities) for p in profiles] == [(1, b"guest", 0x11), (2, b"staff", 0x11)]


def test_wps_attributes():
    body = b"\x00\x50\xf2\x04"
    for kind, value in (
        (0x1044, b"\x02"),
        (0x1057, b"\x01"),
        (0x1011, b"Router"),
        (0x1047, bytes(range(16))),
    ):
        body += struct.pack(">HH", kind, len(value)) + value
    found = chain((221, body)).wps
    assert (found.configured, found.locked, found.device_name) == (True, True, "Router")
    assert chain((221, b"\x00\x50\xf2\x04\x10\x44\x00\xff\x02")).check() != []


@given(st.binary(max_size=600))
def test_any_chain_decodes(raw):
    found = Elements(raw)
    found.check()
    assert (
        b"".join(raw[e.offset : e.offset + 2 + raw[e.offset + 1]] for e in found.items) == raw
    ) == found.complete
    for name in (
        "tim",
        "country",
        "load",
        "mme",
        "mobility_domain",
        "interworking",
        "switch",
        "fils",
        "mesh_id",
    ):
        getattr(found, name)
    found.operated_frequency(2412)
    assert found.generation in (0, 4, 5, 6, 7)
    assert found.order is found.order


@given(
    st.lists(
        st.tuples(st.sampled_from([0, 48, 71, 107, 201, 221, 244, 255]), st.binary(max_size=60)), max_size=6
    )
)
def test_any_element_content_decodes(elements):
    chain(*elements).check()
