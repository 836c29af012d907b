"""Signature files are read strictly, and errors name file and field."""

from pathlib import Path

import pytest

from rogue_scan.errors import RuleError
from rogue_scan.rules.files import builtin, read_yaml
from rogue_scan.rules.load import load, load_file

GOOD = (builtin() / "wifi" / "open-network.yml").read_text()


def write(folder: Path, text: str, name: str = "open-network.yml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_the_built_in_rules_load() -> None:
    rules = load()
    assert "wifi/open-network" in rules
    assert len(rules.digest) == 64


@pytest.mark.parametrize("trusted", [True, False])
def test_scalars_are_those_of_yaml_1_2(tmp_path: Path, trusted: bool) -> None:
    path = write(
        tmp_path, "mac: 10:20:30:40:50:59\ncountry: NO\nyes: on\nn: 12\nf: 1.5\nt: true\nnothing: null\n"
    )
    document, _ = read_yaml(path, trusted=trusted)
    assert document == {
        "mac": "10:20:30:40:50:59",
        "country": "NO",
        "yes": "on",
        "n": 12,
        "f": 1.5,
        "t": True,
        "nothing": None,
    }


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("-0x1F", -31),
        ("-.5e3", -500.0),
        ("1.", 1.0),
        ("-x", "-x"),
        ("~", None),
        ("", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("|\n  true\n", "true\n"),
    ],
)
def test_only_a_scalar_without_quotes_is_more_than_text(
    tmp_path: Path, trusted: bool, written: str, value: object
) -> None:
    document, _ = read_yaml(write(tmp_path, f"a: {written}\n"), trusted=trusted)
    assert document == {"a": value}
    assert type(document["a"]) is type(value)


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize("written", ["!!set {a}", "!!int 12", "!own 12", "!!omap [a: 1]"])
def test_tags_are_errors(tmp_path: Path, trusted: bool, written: str) -> None:
    with pytest.raises(RuleError, match=r"line 1.*tags"):
        read_yaml(write(tmp_path, f"a: {written}\n"), trusted=trusted)


@pytest.mark.parametrize("trusted", [True, False])
def test_a_key_that_stands_twice_is_an_error(tmp_path: Path, trusted: bool) -> None:
    with pytest.raises(RuleError, match=r"line 2.*twice"):
        read_yaml(write(tmp_path, "a: 1\na: 2\n"), trusted=trusted)


def test_a_stranger_cannot_make_it_expand_or_run_anything(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="aliases"):
        read_yaml(write(tmp_path, "a: &x [1]\nb: [*x, *x]\n"))
    with pytest.raises(RuleError):
        read_yaml(write(tmp_path, "a: !!python/object/apply:os.system ['true']\n"))
    with pytest.raises(RuleError):
        read_yaml(write(tmp_path, "[" * 5000))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("severity: low", "severity: hgih", "severity: Invalid enum value 'hgih'"),
        ("title:", "tilte:", "tilte"),
        ("rule: wifi/open-network", "rule: wifi/other", "other.yml"),
        ("rule: wifi/open-network", "rule: Wifi/Open", "lower case"),
        ("{bssid}", "{bssid.__class__}", "evidence.owe-sibling.says.*plain"),
        ("{ssid} (", "{ssid!r} (", "message.*plain"),
        ("structural: true", "structural: false", "could never report"),
        ("weight: 4.0", "weight: heavy", "weight"),
    ],
)
def test_a_wrong_file_is_named_with_its_field(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(RuleError, match=says) as caught:
        load_file(path)
    assert str(path) in str(caught.value)


def test_a_users_rule_replaces_the_built_in_one_and_changes_the_digest(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("title: A network", "title: My network"))
    rules = load([path])
    assert rules["wifi/open-network"].title.startswith("My network")
    assert rules.digest != load().digest


def test_tables_beside_the_rules_are_not_rules(tmp_path: Path) -> None:
    (tmp_path / "_lists").mkdir()
    write(tmp_path / "_lists", "just: data\n", "names.yml")
    write(tmp_path, GOOD)
    load([tmp_path])


def test_a_changed_table_changes_the_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists decide findings as well, so stored answers of another list are not reused."""
    table = tmp_path / "apk" / "_lists" / "words.txt"
    table.parent.mkdir(parents=True)
    monkeypatch.setattr("rogue_scan.rules.load.builtin", lambda: tmp_path)
    digests = set()
    for text in ("one", "two"):
        table.write_text(text)
        digests.add(load().digest)
    assert len(digests) == 2


@pytest.mark.parametrize("text", ["? [a, b]\n: c\n", "{[a]: b}\n", "? {a: b}\n: c\n"])
def test_a_key_that_is_no_plain_value_is_an_error(tmp_path: Path, text: str) -> None:
    """Found by fuzzing: a list as a key was a traceback."""
    file = tmp_path / "a.yml"
    file.write_text(text)
    with pytest.raises(RuleError, match="a key is a list or a table"):
        read_yaml(file)
