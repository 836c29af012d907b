"""Signatures compiled with the package say what their YAML says, and only as long as it is the same."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from rogue_scan.rules import compiled
from rogue_scan.rules.files import builtin, read_yaml
from rogue_scan.rules.strict_yaml import parse


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty place for the compiled file."""
    path = tmp_path / "signatures.msgpack"
    monkeypatch.setattr(compiled, "FILE", path)
    compiled._documents.cache_clear()
    yield path
    compiled._documents.cache_clear()


def test_every_signature_is_the_same_compiled(table: Path) -> None:
    files = sorted(builtin().rglob("*.yml"))
    raws = [path.read_bytes() for path in files]
    said = [parse(raw, path, fast=True) for path, raw in zip(files, raws, strict=True)]
    table.write_bytes(compiled.compile_documents(zip(raws, said, strict=True)))
    for raw, document in zip(raws, said, strict=True):
        found = compiled.find(raw)
        assert found is not None
        assert msgspec.msgpack.decode(found) == document


def test_a_file_that_was_changed_since_is_read_as_yaml(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("a: 1\n")
    table.write_bytes(compiled.compile_documents([(b"a: 1\n", {"a": "compiled"})]))
    assert read_yaml(path, trusted=True)[0] == {"a": "compiled"}
    assert read_yaml(path)[0] == {"a": 1}  # files of strangers are never looked up
    path.write_text("a: 2\n")
    assert read_yaml(path, trusted=True)[0] == {"a": 2}


@pytest.mark.parametrize(
    "content", [b"", b"\xc1", b"\x81\xa1a\x01"], ids=["empty", "no MessagePack", "other"]
)
def test_a_damaged_table_is_as_none(content: bytes, table: Path) -> None:
    table.write_bytes(content)
    assert compiled.find(b"a: 1\n") is None


def test_no_table_is_as_none(table: Path) -> None:
    assert compiled.find(b"a: 1\n") is None
