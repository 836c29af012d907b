"""Every lack is found, and told with what mends it."""

import importlib.metadata
import json
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from rogue_scan import doctor
from rogue_scan.cli.doctor import command
from rogue_scan.doctor import Check, examine
from rogue_scan.errors import Unreadable, Unsupported
from rogue_scan.wifi.live import nl80211
from rogue_scan.wifi.live.nl80211 import Channel, Interface, Radio

CHANNELS = tuple(Channel(frequency, no_ir=False, radar=False) for frequency in (2412, 5180, 5955))
CARD = Radio(0, "phy0", "ath9k", ("managed", "monitor"), CHANNELS, (Interface("wlan0", 3, "managed", ""),))


class Kernel:
    """A kernel that knows given radios."""

    def __init__(self, *radios: Radio, country: str | None = "DE") -> None:
        self._radios, self._country = list(radios), country

    def __call__(self) -> "Kernel":
        return self

    def __enter__(self) -> "Kernel":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def radios(self) -> list[Radio]:
        return self._radios

    def country(self) -> str | None:
        return self._country


class Machine:
    """What the checks look at."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.proc, self.rfkill = folder / "proc", folder / "rfkill"
        (self.proc / "self").mkdir(parents=True)
        self.rfkill.mkdir()
        self._patch = monkeypatch
        monkeypatch.setattr(doctor, "_PROC", self.proc)
        monkeypatch.setattr(doctor, "_RFKILL", self.rfkill)
        monkeypatch.setattr(doctor, "_GPSD", ("127.0.0.1", closed_port()))
        self.capabilities(0x3000)
        self.kernel(Kernel(CARD))

    def capabilities(self, effective: int) -> None:
        (self.proc / "self" / "status").write_text(f"Name:\tpython\nCapEff:\t{effective:016x}\n")

    def kernel(self, made: Any) -> None:
        self._patch.setattr(nl80211, "Nl80211", made)

    def runs(self, *names: str) -> None:
        for number, name in enumerate(names, 100):
            (self.proc / str(number)).mkdir()
            (self.proc / str(number) / "comm").write_text(name + "\n")

    def switch(self, name: str, kind: str, soft: int, hard: int) -> None:
        folder = self.rfkill / name
        folder.mkdir()
        for file, text in (("type", kind), ("soft", str(soft)), ("hard", str(hard))):
            (folder / file).write_text(text + "\n")


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def found(area: str, what: str | None = None) -> list[Check]:
    return [check for check in examine() if check.area == area and what in (None, check.what)]


def one(area: str, what: str) -> Check:
    (check,) = found(area, what)
    return check


def test_a_machine_that_can_everything(machine: Machine) -> None:
    radio = one("radio", "phy0")
    assert radio.state == "ok"
    assert radio.says == "ath9k; 2.4 GHz, 5 GHz, 6 GHz; 3 channels; modes: managed, monitor; wlan0 (managed)"
    assert one("radio", "regulatory domain") == Check("radio", "regulatory domain", "ok", "DE")
    assert {check.state for check in found("rights")} == {"ok"}
    assert not found("services")


def test_missing_rights_are_mended_by_one_command(machine: Machine) -> None:
    machine.capabilities(1 << 13)
    admin, raw = one("rights", "cap_net_admin"), one("rights", "cap_net_raw")
    assert (admin.state, raw.state) == ("missing", "ok")
    assert f"sudo setcap cap_net_raw,cap_net_admin=eip {Path(sys.executable).resolve()}" in admin.mend


def test_a_sandbox_without_proc_has_no_rights(machine: Machine) -> None:
    (machine.proc / "self" / "status").unlink()
    assert {check.state for check in found("rights")} == {"missing"}


@pytest.mark.parametrize(
    ("kernel", "what", "state", "says", "mend"),
    [
        (Kernel(), "card", "missing", "no Wi-Fi card found", "lsusb"),
        (
            Kernel(Radio(1, "phy1", "", ("managed",), (), (Interface("wlan1", 4, "managed", ""),))),
            "phy1", "missing", "unknown driver; no channel enabled; 0 channels; modes: managed; wlan1",
            "rogue-scan wifi --managed --interface wlan1",
        ),
        (
            Kernel(Radio(1, "phy1", "mt76", ("managed", "monitor"), CHANNELS, ())),
            "phy1", "missing", "no interface", "iw phy phy1 interface add wlan1 type managed",
        ),
        (Kernel(CARD, country=None), "regulatory domain", "note", "all of 6 GHz may be closed", "iw reg set"),
    ],
)  # fmt: skip
def test_what_a_radio_lacks(
    machine: Machine, kernel: Kernel, what: str, state: str, says: str, mend: str
) -> None:
    machine.kernel(kernel)
    check = one("radio", what)
    assert check.state == state
    assert says in check.says
    assert mend in check.mend


@pytest.mark.parametrize(
    "error", [Unsupported("the kernel has no wireless support (nl80211)"), Unreadable("refused")]
)
def test_a_kernel_that_does_not_answer(machine: Machine, error: Exception) -> None:
    def refuse() -> None:
        raise error

    machine.kernel(refuse)
    check = one("radio", "nl80211")
    assert (check.state, check.says) == ("missing", str(error))
    assert "modprobe cfg80211" in check.mend


def test_switches_are_told_apart_and_other_radios_left_out(machine: Machine) -> None:
    machine.switch("rfkill0", "bluetooth", 1, 1)
    machine.switch("rfkill1", "wlan", 1, 0)
    machine.switch("rfkill2", "wlan", 0, 1)
    machine.switch("rfkill3", "wlan", 0, 0)
    (machine.rfkill / "rfkill4").mkdir()  # gone while we look
    soft, hard = (check for check in found("radio") if check.what.startswith("rfkill"))
    assert (soft.what, soft.says, soft.mend) == ("rfkill1", "switched off by software", "rfkill unblock wifi")
    assert (hard.what, hard.says) == ("rfkill2", "switched off by a hardware switch")


def test_programs_in_the_way_are_named_with_the_command_for_this_interface(machine: Machine) -> None:
    machine.runs("bash", "NetworkManager", "wpa_supplicant", "hostapd")
    (machine.proc / "999").mkdir()  # it ended meanwhile
    assert {check.what: check.mend for check in found("services")} == {
        "NetworkManager": "while scanning: nmcli device set wlan0 managed no",
        "wpa_supplicant": "while scanning: wpa_cli -i wlan0 disconnect",
        "hostapd": "while scanning: systemctl stop hostapd",
    }


@pytest.fixture
def banner(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    listeners = []

    def serve(line: bytes) -> None:
        server = socket.create_server(("127.0.0.1", 0))
        listeners.append(server)
        monkeypatch.setattr(doctor, "_GPSD", server.getsockname())

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(line)

        threading.Thread(target=answer, daemon=True).start()

    yield serve
    for listener in listeners:
        listener.close()


def test_gpsd_is_known_by_its_banner(machine: Machine, banner: Any) -> None:
    assert "systemctl start gpsd" in one("position", "gpsd").mend
    banner(b'{"class":"VERSION","release":"3.25","rev":"3.25","proto_major":3}\r\n')
    assert one("position", "gpsd") == Check(
        "position", "gpsd", "ok", f"gpsd 3.25 answers on port {doctor._GPSD[1]}"
    )


@pytest.mark.parametrize("line", [b"SSH-2.0-OpenSSH_9.2\r\n", b"", b'{"class":"TPV"}\n', b"\xff\xfe\n"])
def test_what_else_listens_there_is_not_taken_for_gpsd(banner: Any, line: bytes) -> None:
    banner(line)
    check = one("position", "gpsd")
    assert (check.state, check.says) == ("note", f"port {doctor._GPSD[1]} is held by something else")


def test_missing_extras_say_how_to_install_them(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def version(package: str) -> str:
        if package == "yara-x":
            raise importlib.metadata.PackageNotFoundError(package)
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert one("extras", "yara").mend == "pip install 'rogue-scan[yara]'"
    assert one("extras", "serve").state == "ok"


def test_giving_rights_needs_setcap(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert one("tools", "setcap").mend == "apt-get install libcap2-bin"


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_other_systems_are_told_what_works_there(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert "--managed" in one("rights", "monitor mode").mend
    assert "--managed" in one("radio", "nl80211").mend


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_every_lack_comes_with_what_mends_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    machine.capabilities(0)
    machine.kernel(
        Kernel(Radio(1, "phy1", "", ("managed",), (), (Interface("wlan1", 4, "managed", ""),)), country=None)
    )
    machine.switch("rfkill1", "wlan", 1, 0)
    machine.switch("rfkill2", "wlan", 0, 1)
    machine.runs("NetworkManager", "wpa_supplicant", "iwd", "hostapd", "dhclient")
    monkeypatch.setattr(importlib.metadata, "version", absent)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(sys, "platform", platform)
    checks = examine()
    assert len(checks) > 10
    assert [check.what for check in checks if check.state != "ok" and not check.mend] == []
    assert [check.what for check in checks if check.state == "ok" and check.mend] == []


def absent(package: str) -> str:
    raise importlib.metadata.PackageNotFoundError(package)


def test_the_json_is_a_list_of_checks_of_five_texts(machine: Machine) -> None:
    """Scripts read this: fields may come, none may go or change its meaning."""
    machine.capabilities(0)
    result = CliRunner().invoke(command, ["--format", "json"])
    assert result.exit_code == 0
    checks = json.loads(result.stdout)
    assert {tuple(check) for check in checks} == {("area", "what", "state", "says", "mend")}
    assert all(isinstance(value, str) for check in checks for value in check.values())
    assert {check["state"] for check in checks} <= {"ok", "missing", "note"}
    assert [check["area"] for check in checks if check["area"] != "radio"][:3] == [
        "python",
        "rights",
        "rights",
    ]
    assert {"area": "rights", "what": "cap_net_raw", "state": "missing"}.items() <= checks[2].items()


def test_people_get_signs_groups_and_a_sum_and_hostile_names_are_harmless(machine: Machine) -> None:
    machine.capabilities(0)
    evil = Interface("wl\x1b[31man", 3, "managed", "")
    machine.kernel(Kernel(Radio(0, "phy0", "ath9k", ("monitor",), CHANNELS, (evil,))))
    result = CliRunner().invoke(command, [])
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "\nrights\n  x cap_net_admin: may not switch a radio" in result.stdout
    assert result.stdout.endswith("\n2 missing\n")
