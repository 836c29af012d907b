"""What the fork server loads: everything an app needs, and nothing that must not be forked."""

import subprocess
import sys
from pathlib import Path

CODE = """
import sys, threading
import rogue_scan.fleet.warm
assert threading.active_count() == 1, threading.enumerate()
before = set(sys.modules)
import hashlib, pathlib
from rogue_scan.fleet.engine import ENGINE, Job, Setup
from rogue_scan.fleet.work import pack_rules, vet
from rogue_scan.rules.load import load
rules = load()
path = pathlib.Path(sys.argv[1])
setup = Setup(rules=pack_rules(rules), digest=rules.digest, version=ENGINE)
result = vet(Job(hashlib.sha256(path.read_bytes()).hexdigest(), "x", str(path)), setup)
assert not result.failed, result.message
print(*sorted(name for name in set(sys.modules) - before if name.startswith("rogue_scan")))
"""


def test_a_worker_has_to_import_next_to_nothing() -> None:
    app = Path(__file__).parents[1] / "data" / "apk" / "code-forwarder.apk"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(app)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    late = done.stdout.split()
    assert not [name for name in late if name.startswith("rogue_scan.apk.code")], late
