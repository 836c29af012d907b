"""A virtual machine without a network card, with simulated radios (mac80211_hwsim), for live tests.

It boots Debian's kernel; the host's root is its root, read-only under a tmpfs overlay, so that hostapd,
wpa_supplicant and this project's virtual environment run in it as they are on the host. Nothing goes on
the air or on a network.

Needs: qemu-system-x86_64, cpio, kmod (depmod), and for the first build the Debian packages
linux-image-amd64, busybox-static and wireless-regdb, which are downloaded with apt-get.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(tempfile.gettempdir()) / "rogue-scan-lab"
RADIOS = 6
_MODULES = [
    "virtio_pci", "9p", "9pnet_virtio", "overlay", "mac80211_hwsim", "tun", "veth", "ccm", "gcm", "ctr", "cmac", "af_packet",
]  # fmt: skip
_NEEDED = ["qemu-system-x86_64", "cpio", "depmod", "apt-get", "dpkg-deb", "hostapd", "wpa_supplicant", "iw"]

_INIT = """#!/bin/sh
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for m in $(cat /modules); do
    case $m in mac80211_hwsim.*) insmod /lib/modules/$m radios=RADIOS;; *) insmod /lib/modules/$m;; esac
done 2>/dev/null
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose host /host
mount -t tmpfs tmpfs /ov; mkdir -p /ov/u /ov/w
mount -t overlay -o lowerdir=/host,upperdir=/ov/u,workdir=/ov/w overlay /newroot
mount -t proc proc /newroot/proc; mount -t sysfs sys /newroot/sys; mount -t devtmpfs dev /newroot/dev
mount -t tmpfs tmpfs /newroot/run
mkdir -p /newroot/out /newroot/dev/pts; mount -t devpts devpts /newroot/dev/pts
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 out /newroot/out
chroot /newroot /bin/bash /out/guest.sh >/newroot/out/guest.log 2>&1
sync
poweroff -f
"""


def missing() -> list[str]:
    """Programs that this machine lacks for the lab."""
    return [name for name in _NEEDED if not shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")]


def run(script: str, out: Path, *, seconds: int) -> str:
    """Run a bash script as root in a fresh machine; returns what it printed.

    Emulated, as nested virtualisation hangs on some hosts: slow, and enough. ``out`` is the guest's /out.
    Raises subprocess.TimeoutExpired when the machine does not end in time.
    """
    build()
    out.mkdir(parents=True, exist_ok=True)
    (out / "guest.sh").write_text(script)
    command = [
        "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max", "-m", "1024", "-smp", "1", "-nic", "none", "-nographic",
        "-no-reboot", "-kernel", str(CACHE / "vmlinuz"), "-initrd", str(CACHE / "initrd"),
        "-append", "console=ttyS0 quiet panic=-1",
        "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
        "-virtfs", f"local,path={out},mount_tag=out,security_model=none",
    ]  # fmt: skip
    with (out / "console.log").open("wb") as log:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=seconds, check=False
        )
    printed = out / "guest.log"
    return printed.read_text(errors="replace") if printed.exists() else ""


def build() -> None:
    """Make kernel and initramfs, once."""
    if (CACHE / "initrd").exists():
        return
    CACHE.mkdir(exist_ok=True, mode=0o700)
    root = CACHE / "root"
    root.mkdir(exist_ok=True)
    depends = _output("apt-cache", "depends", "linux-image-amd64")
    found = re.search(r"linux-image-\d\S+", depends)
    assert found, "apt knows no kernel: run apt-get update"
    kernel = found.group()
    for package in (kernel, "busybox-static", "wireless-regdb"):
        _output("apt-get", "-o", "APT::Sandbox::User=root", "download", package)
        _output("dpkg-deb", "-x", str(next(CACHE.glob(f"{package}_*.deb"))), str(root))
    version = kernel.removeprefix("linux-image-")
    _output("depmod", "-b", str(root), version)
    tree = CACHE / "initramfs"
    shutil.rmtree(tree, ignore_errors=True)
    for folder in ("bin", "dev", "lib/modules", "lib/firmware", "proc", "sys", "host", "ov", "newroot"):
        (tree / folder).mkdir(parents=True)
    names = []
    for path in _in_order(root / "lib/modules" / version):
        shutil.copy(path, tree / "lib/modules")
        names.append(path.name)
    (tree / "modules").write_text("\n".join(names) + "\n")
    for name in ("regulatory.db", "regulatory.db.p7s"):
        shutil.copy(next((root / "lib/firmware").glob(name + "-debian")), tree / "lib/firmware" / name)
    busybox = next(path for path in (root / "bin/busybox", root / "usr/bin/busybox") if path.exists())
    shutil.copy(busybox, tree / "bin")
    for tool in ("sh", "mount", "mkdir", "cat", "chroot", "insmod", "sync", "poweroff"):
        (tree / "bin" / tool).symlink_to("busybox")
    (tree / "init").write_text(_INIT.replace("RADIOS", str(RADIOS)))
    (tree / "init").chmod(0o755)
    listing = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*"))) + "\n"
    packed = subprocess.run(
        ["cpio", "-o", "-H", "newc", "--quiet"],
        cwd=tree,
        input=listing.encode(),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    shutil.copy(next((root / "boot").glob("vmlinuz-*")), CACHE / "vmlinuz")
    (CACHE / "initrd").write_bytes(packed)


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=CACHE, check=True, text=True, stdout=subprocess.PIPE).stdout


def _in_order(folder: Path) -> list[Path]:
    """The wanted modules, each after those it needs."""
    needs = {}
    for line in (folder / "modules.dep").read_text().splitlines():
        path, after = line.split(":")
        needs[path] = after.split()
    named = {Path(path).name.split(".ko")[0].replace("-", "_"): path for path in needs}
    done: list[str] = []

    def add(path: str) -> None:
        for other in needs[path]:
            add(other)
        if path not in done:
            done.append(path)

    for name in _MODULES:
        if name in named:  # else it is built into the kernel
            add(named[name])
    return [folder / path for path in done]
