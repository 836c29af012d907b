"""Breaks code in small ways, and tells which breaks no test notices.

    python tools/mutate.py [--count 60] [--seconds 600] [--seed 1] [MODULE.py ...]

Without modules: all detectors, ``rules/rule.py`` and ``risk.py``. A break turns a comparison or a condition
round, shifts a number, swaps ``and`` and ``or`` or ``+`` and ``-``, or leaves a statement out. Each is
compiled in a forked process and imported in place of the module there: no file is written, none touched.

Ready-made tools do not fit: they leave decorated functions alone, which all detectors are, or change the
files in place.
"""

import argparse
import ast
import copy
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path

import numpy  # noqa: F401  (before the fork: it takes long)
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "rogue_scan"
WIFI, APK = (PACKAGE / scanner / "detectors" for scanner in ("wifi", "apk"))
CORE = (PACKAGE / "rules" / "rule.py", PACKAGE / "risk.py")
DEFAULT = (*sorted(WIFI.glob("*.py")), *sorted(APK.glob("*.py")), *CORE)
MOST_SECONDS = 60
"""Processor time of the tests of one break; ten times as much on the clock. What hangs is noticed."""

OPPOSITE: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip

Break = tuple[str, ast.Module, ast.AST]
"""(what was done, the module's tree, the node that was changed)."""


def breaks(tree: ast.Module) -> Iterator[Break]:
    """All breaks of a module, one at a time; the tree is whole again between them."""
    fixed = [node for node in ast.walk(tree) if _is_fixed(node)]
    fixed += [option for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for option in node.keywords]
    skip = {id(inner) for node in fixed for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skip:
            continue
        for field, value, new, what in _changes(node):
            setattr(node, field, new)
            yield what, tree, node
            setattr(node, field, value)


def _is_fixed(node: ast.AST) -> bool:
    """Annotations and imports are no behaviour."""
    return isinstance(node, (ast.arg, ast.Import, ast.ImportFrom)) or (
        isinstance(node, ast.AnnAssign) and node.value is None
    )


def _changes(node: ast.AST) -> Iterator[tuple[str, object, object, str]]:
    """(field, its value, another value, what that does)."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in OPPOSITE:
        yield "ops", node.ops, [OPPOSITE[type(node.ops[0])](), *node.ops[1:]], "other comparison"
    elif isinstance(node, (ast.BoolOp, ast.BinOp)) and type(node.op) in OPPOSITE:
        yield "op", node.op, OPPOSITE[type(node.op)](), "other operator"
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "value", node.value, node.value + 1, "number + 1"
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield "value", node.value, not node.value, "truth turned"
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "op", node.op, ast.UAdd(), "not left out"
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
        yield "test", node.test, ast.UnaryOp(ast.Not(), node.test), "condition turned"
    elif isinstance(node, ast.comprehension) and node.ifs:
        yield "ifs", node.ifs, node.ifs[1:], "filter left out"
    if isinstance(node, (ast.Module, ast.ClassDef)):
        return
    for field in ("body", "orelse"):
        block = getattr(node, field, None)
        for index, statement in enumerate(block if isinstance(block, list) else ()):
            if _acts(statement):
                without = [*block[:index], ast.Pass(), *block[index + 1 :]]
                yield field, block, without, f"left out: {ast.unparse(statement).splitlines()[0][:60]}"


def _acts(statement: ast.stmt) -> bool:
    """Whether leaving it out gives a module that can still run."""
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    return isinstance(statement, (ast.Assign, ast.AugAssign, ast.Continue, ast.If))


def _line(what: str, node: ast.AST) -> int:
    """Where a break is."""
    if isinstance(node, ast.comprehension):
        node = node.ifs[0] if node.ifs else node.iter
    if what.startswith("left out"):
        for block in (getattr(node, "body", []), getattr(node, "orelse", [])):
            for before, statement in enumerate(block):
                if isinstance(statement, ast.Pass) and not hasattr(statement, "lineno"):
                    return block[before - 1].end_lineno + 1 if before else node.lineno + 1
    return getattr(node, "lineno", 0)


def tests_of(path: Path) -> list[list[str]]:
    """Arguments of the test runs that should notice a break, the quick ones first."""
    rule = path.stem.replace("_", "-")
    if path.parent == WIFI:
        shared = path.stem.startswith("_")
        return [
            ["tests/signatures/test_wifi.py", *([] if shared else ["-k", rule])],
            ["tests/quality/test_figures.py", "-k", "same_words"],
            ["tests/wifi/detectors"],
        ]
    if path.parent == APK:
        return [["tests/apk/detectors"], ["tests/apk/test_signature_cases.py", "tests/quality"]]
    if path.is_relative_to(PACKAGE / "wifi"):
        return [["tests/quality/test_figures.py"], ["tests/wifi", "tests/signatures/test_wifi.py"]]
    if path.name == "risk.py":
        return [["tests/test_risk.py"], ["tests/quality"]]
    return [["tests/rules"], ["tests/signatures", "tests/wifi/detectors"], ["tests/quality"]]


def noticed(path: Path, code: Callable[[], object]) -> bool:
    """Whether a test fails when the module is made of this code."""
    for arguments in tests_of(path):
        child = os.fork()
        if child == 0:
            _run(path, code, arguments)
        if not _passed(child):
            return True
    return False


def _run(path: Path, code: Callable[[], object], arguments: list[str]) -> None:
    """Run tests in this process, which ends with them."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    signal.alarm(10 * MOST_SECONDS)
    os.chdir(ROOT)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    original = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, name: str) -> object:
        return code() if Path(self.path) == path else original(self, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]
    status = 1
    try:
        status = int(
            pytest.main(["-q", "-x", "-p", "no:cacheprovider", "--assert=plain", "--timeout=0", *arguments])
        )
    finally:
        os._exit(status)


def _passed(child: int) -> bool:
    """Wait for a run; exit status 5 says that no test was chosen."""
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status) and os.WEXITSTATUS(status) in (0, 5)


def sample(paths: list[Path], count: int, seed: int) -> list[tuple[Path, str, int, object]]:
    """(file, what was done, line, code) of some breaks, spread evenly over the files."""
    chance = random.Random(seed)
    chosen = []
    pools = []
    for path in paths:
        tree = ast.parse(path.read_text())
        pool = [(path, what, _line(what, node), copy.deepcopy(whole)) for what, whole, node in breaks(tree)]
        chance.shuffle(pool)
        pools.append(pool)
    while len(chosen) < count and any(pools):
        chosen += [pool.pop() for pool in pools if pool]
    return [
        (path, what, line, compile(ast.fix_missing_locations(tree), str(path), "exec"))
        for path, what, line, tree in chosen[:count]
    ]


def main() -> int:
    """Break, test, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("modules", nargs="*", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    paths = [path.resolve() for path in arguments.modules] or list(DEFAULT)
    for path in paths:
        if noticed(path, lambda path=path: compile(path.read_text(), str(path), "exec")):
            print(f"the tests of {path.relative_to(ROOT)} fail without any break", file=sys.stderr)
            return 1
        if not arguments.modules:
            break  # one tells whether the tests run at all
    begun, killed, survived = time.monotonic(), 0, 0
    for path, what, line, code in sample(paths, arguments.count, arguments.seed):
        if time.monotonic() - begun > arguments.seconds:
            break
        if noticed(path, lambda code=code: code):
            killed += 1
        else:
            survived += 1
            print(f"{path.relative_to(ROOT)}:{line}: {what}", flush=True)
    total = killed + survived
    print(f"{killed} of {total} breaks noticed ({100 * killed / max(total, 1):.0f} %)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
