"""Constants that calls are given, read off the instructions before them."""

from collections.abc import Callable
from typing import Any

import pytest

from rogue_scan.apk.code import nearby
from rogue_scan.apk.code.types import CodeFacts
from rogue_scan.apk.dex import reader

Analyse = Callable[..., CodeFacts]


def passed(build: Callable[..., bytes], body: str) -> dict[int, Any]:
    """Constants of the last call in a method with ten registers."""
    text = f".class Lapp/A;\n.method static go(I)V 10\n{body}\nreturn-void\n"
    (dex,) = reader.read_all("classes.dex", build(text))
    rows, _ = dex.invokes()
    return nearby.constants([(dex, rows[-1:])], 80).get(0, {})


OTHER = "\nconst/4 v5, 0"
USE = "invoke-static {v1, v2} Lapp/B;->use(ILjava/lang/Object;)V"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("const/4 v1, -3\nconst/4 v2, 0", {0: -3, 1: 0}),
        ("const/16 v1, 300\nconst v2, 70000", {0: 300, 1: 70000}),
        ('const v1, 2\nconst-string v2, "x"', {0: 2, 1: "x"}),
        ("const-class v2, Lapp/C;", {1: "Lapp/C;"}),
        ('const-string v3, "x"\nmove-object v2, v3', {1: "x"}),
        ('const-string v3, "x"\nmove-object v2, v3\nconst/4 v3, 1', {1: "x"}),
        ("const/4 v1, 1\nconst/4 v1, 2", {0: 2}),
        ("const/4 v1, 1" + OTHER * (nearby.MAX_BACK - 1), {0: 1}),
        ("const/4 v3, 7" + OTHER * 10 + "\nmove v1, v3" + OTHER * 5, {0: 7}),
    ],
)  # fmt: skip
def test_what_is_set_right_before_a_call_is_passed(
    body: str, expected: dict[int, Any], build: Callable[..., bytes]
) -> None:
    assert passed(build, f"{body}\n{USE}") == expected


@pytest.mark.parametrize(
    "body",
    [
        "const/4 v1, 1\ninvoke-static {} Lapp/B;->get()I\nmove-result v1",
        "const/4 v1, 1\nadd-int/lit8 v1, v1, 1",
        "const/4 v1, 1\nsget v1, Lapp/B;->n:I",
        "const/4 v1, 1\ngoto :other\n:other",
        "const/4 v1, 1" + OTHER * nearby.MAX_BACK,
        "",
    ],
    ids=["result of a call", "computed", "a field", "behind a jump", "too far off", "never set"],
)
def test_what_is_not_a_constant_right_before_a_call_is_not_known(
    body: str, build: Callable[..., bytes]
) -> None:
    assert passed(build, f"{body}\n{USE}") == {}


def test_calls_over_a_range_of_registers(build: Callable[..., bytes]) -> None:
    body = "const/4 v3, 3\nconst/4 v5, 5\ninvoke-static/range {v3, v4, v5} Lapp/B;->use(III)V"
    assert passed(build, body) == {0: 3, 2: 5}


def test_a_call_that_was_not_interpreted_has_its_constants(analyse: Analyse) -> None:
    """No entry point leads to the method; a long takes two registers, the receiver is no argument."""
    text = """
        .class Lapp/Main; Landroid/app/Activity;
        .method onCreate(Landroid/os/Bundle;)V 2
        return-void
        .method unused(Landroid/os/Vibrator;)V 6
        const-wide/16 v0, 500
        const/4 v2, 7
        invoke-virtual {v5, v0, v1, v2} Landroid/os/Vibrator;->vibrate(JI)V
        return-void
        """
    (call,) = [c for c in analyse(text).calls if "vibrate" in c.api]
    assert call.args == (500, 7)
    assert not call.reachable
