"""Feeds fresh random input to every decoder, renderer and reader for a given time.

    python tools/fuzz.py SECONDS [pytest arguments]

Runs all property tests over and over, each round with another seed and many more examples than the test
suite. What it finds is kept in .hypothesis/ and replayed by every later run; make a test of it.
"""

import random
import subprocess
import sys
import time


def main() -> int:
    """Run rounds until the time is over or something fails; the status of the last round."""
    end = time.monotonic() + float(sys.argv[1])
    rounds = 0
    while (left := end - time.monotonic()) > 0:
        seed = random.randrange(1 << 32)
        command = [
            sys.executable, "-m", "pytest", "-q", "-x", "-n", "2", "-m", "hypothesis", "--timeout=0",
            "--hypothesis-profile=fuzz", f"--hypothesis-seed={seed}", *sys.argv[2:],
        ]  # fmt: skip
        try:
            done = subprocess.run(command, timeout=left, check=False)
        except subprocess.TimeoutExpired:
            break  # the time is over in the middle of a round
        rounds += 1
        if done.returncode:
            print(f"round {rounds} with seed {seed} failed")
            return done.returncode
    print(f"{rounds} whole rounds, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
