"""Rebuilds the Android tables in rogue_scan/data from the installed androguard package.

androguard ships AOSP's public attribute list and, for each API level, AOSP's permission list with
protection levels; both are Apache-2.0. Run it after an androguard release with a newer API level:

    python tools/refresh_android_tables.py
"""

import datetime
import importlib.metadata
import json
from pathlib import Path

import androguard

ROOT = Path(androguard.__file__).parent / "core"
DATA = Path(__file__).parent.parent / "rogue_scan" / "data"


def main() -> None:
    """Write both tables."""
    version = importlib.metadata.version("androguard")
    source = f"androguard {version} (AOSP), Apache-2.0, taken {datetime.date.today()}"
    attributes = json.loads((ROOT / "resources" / "public.json").read_text())["attr"]
    lines = [
        f"# Public attributes of the Android framework: resource id (hexadecimal), name. Source: {source}"
    ]
    lines += [
        f"{int(number):08x}\t{name}"
        for name, number in sorted(attributes.items(), key=lambda item: int(item[1]))
    ]
    (DATA / "android_attributes.tsv").write_text("\n".join(lines) + "\n")

    folder = ROOT / "api_specific_resources" / "aosp_permissions"
    levels: dict[str, str] = {}
    newest = 0
    for path in sorted(folder.glob("permissions_*.json"), key=lambda p: int(p.stem.split("_")[1])):
        newest = int(path.stem.split("_")[1])
        for name, facts in json.loads(path.read_text())["permissions"].items():
            levels[name] = facts.get("protectionLevel") or "normal"
    lines = [
        f"# Permissions of the Android platform up to API {newest}: protection level, name. Source: {source}",
        "# The level is that of the newest API that has the permission.",
    ]
    lines += [f"{level}\t{name}" for name, level in sorted(levels.items())]
    (DATA / "android_permissions.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
