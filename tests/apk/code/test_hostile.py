"""Hostile code costs a bounded amount of work, and damaged files never break the analysis."""

# ruff: noqa: E501 (method signatures are as long as they are)

import time
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rogue_scan.apk.code.analyse import analyse_dexes
from rogue_scan.apk.code.types import AppContext, CodeFacts, NoResources
from rogue_scan.apk.dex.reader import read_all
from rogue_scan.errors import Malformed, Truncated

Analyse = Callable[..., CodeFacts]
DATA = Path(__file__).parent.parent.parent / "data" / "apk"
MAIN = ".class Lapp/Main; Landroid/app/Activity;\n.method onCreate(Landroid/os/Bundle;)V 13\n"


def chain(n: int) -> str:
    calls = "".join(
        f".method static m{i}(I)V 2\ninvoke-static {{v1}} Lapp/W;->m{i + 1}(I)V\nreturn-void\n"
        for i in range(n)
    )
    return (
        MAIN
        + "const/4 v1, 0\ninvoke-static {v1} Lapp/W;->m0(I)V\nreturn-void\n.class Lapp/W;\n"
        + calls
        + (f".method static m{n}(I)V 2\nreturn-void\n")
    )


HOSTILE = {
    "deep calls": chain(800),
    "many branches": MAIN
    + "".join(
        f"invoke-virtual {{v12}} Ljava/lang/Object;->hashCode()I\nmove-result v2\nif-eqz v2, :b{i}\nconst/4 v3, 1\n:b{i}\n"
        for i in range(1500)
    )
    + "return-void\n",
    "big arrays for ever": MAIN
    + "const v2, 65000\n:l\nnew-array v3, v2, [B\nnew-instance v4, Ljava/lang/String;\n"
    + "invoke-direct {v4, v3} Ljava/lang/String;-><init>([B)V\ngoto :l\n",
    "texts that double": MAIN
    + 'const-string v0, "xxxxxxxxxxxxxxxx"\n:l\n'
    + "invoke-virtual {v0, v0} Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;\nmove-result-object v0\ngoto :l\n",
    "a builder without end": MAIN
    + "new-instance v2, Ljava/lang/StringBuilder;\ninvoke-direct {v2} Ljava/lang/StringBuilder;-><init>()V\n"
    + 'const-string v3, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"\n:l\n'
    + "invoke-virtual {v2, v3} Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;\ngoto :l\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_work_is_bounded(name: str, analyse: Analyse) -> None:
    start = time.process_time()
    facts = analyse(HOSTILE[name])
    assert time.process_time() - start < 10  # a fraction of a second; slow machines are many
    assert facts.methods >= 1


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(("code-forwarder.apk", "code-xor.apk", "code-okhttp.apk")),
    st.lists(
        st.tuples(st.integers(0x70, 1 << 13), st.binary(min_size=1, max_size=4)), min_size=1, max_size=40
    ),
)
def test_damaged_files_are_analysed_or_refused(app: str, damage: list[tuple[int, bytes]]) -> None:
    with ZipFile(DATA / app) as archive:
        broken = bytearray(archive.read("classes.dex"))
    for at, data in damage:
        at = 0x70 + at % (len(broken) - 0x70)
        broken[at : at + len(data)] = data
    try:
        dexes = read_all("classes.dex", bytes(broken))
    except (Malformed, Truncated):
        return
    facts = analyse_dexes(dexes, AppContext("x"), NoResources())
    assert facts.methods or any(dex.problems for dex in dexes)


def test_the_same_app_gives_the_same_facts(analyse_files: Analyse) -> None:
    with ZipFile(DATA / "code-forwarder.apk") as archive:
        data = archive.read("classes.dex")
    context = AppContext("com.update.flash")
    assert analyse_files([("classes.dex", data)], context) == analyse_files([("classes.dex", data)], context)


def test_a_call_whose_argument_is_not_there_leaves_no_value_behind(analyse_files: Analyse) -> None:
    """Damage found by fuzzing: a call names fewer registers than its prototype has parameters."""
    damaged = (DATA / "damaged-argument.dex").read_bytes()
    assert isinstance(analyse_files([("classes.dex", damaged)], AppContext("app", ())), CodeFacts)


@pytest.mark.parametrize("op", [0x3E, 0x73, 0x79, 0x7A, 0xE3, 0xFE])
def test_an_opcode_that_names_no_instruction_is_read_over(
    op: int, build: Callable[..., bytes], analyse_files: Analyse
) -> None:
    """Found by fuzzing: 0x73 lies among the calls and has no registers listed."""
    data = bytearray(build(MAIN + "const/16 v0, 0x1234\nreturn-void\n"))
    at = data.index(bytes((0x13, 0, 0x34, 0x12)))
    data[at : at + 4] = bytes((op, 0, 0, 0))
    assert analyse_files([("classes.dex", bytes(data))], AppContext("app", ())).methods == 1
