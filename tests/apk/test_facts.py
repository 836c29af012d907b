import msgspec

from rogue_scan.apk import facts as app_facts
from rogue_scan.apk.code.types import FACTS_VERSION, CodeFacts
from rogue_scan.apk.difference import Difference
from rogue_scan.apk.facts import AppFacts, Store

FACTS = AppFacts(sha256="ab" * 32, size=7, differences=(Difference("zip:x", 1),))


def test_there_and_back():
    assert app_facts.decode(app_facts.encode(FACTS)) == FACTS


def test_facts_of_another_version_are_decoded_again():
    old = msgspec.structs.replace(FACTS, version=app_facts.VERSION + 1)
    assert app_facts.decode(app_facts.encode(old)) is None
    old = msgspec.structs.replace(FACTS, code=CodeFacts(version=FACTS_VERSION + 1))
    assert app_facts.decode(app_facts.encode(old)) is None
    assert app_facts.decode(b"\x93garbage") is None


def test_a_store_gives_only_what_was_kept_under_that_digest(tmp_path):
    store = Store(tmp_path)
    store.put(FACTS)
    assert store.get(FACTS.sha256) == FACTS
    assert store.get("cd" * 32) is None
    path = next(tmp_path.rglob("*.facts"))
    path.rename(path.with_name(f"{'ab' * 31}ac.facts"))
    assert store.get("ab" * 31 + "ac") is None


def test_a_damaged_file_is_no_error(tmp_path):
    store = Store(tmp_path)
    store.put(FACTS)
    next(tmp_path.rglob("*.facts")).write_bytes(b"")
    assert store.get(FACTS.sha256) is None
