"""Methods as facts name them."""

from collections.abc import Callable

from rogue_scan.apk.code.homes import Home, Homes
from rogue_scan.apk.code.models import load_models
from rogue_scan.apk.code.program import Program
from rogue_scan.apk.code.reach import CallGraph
from rogue_scan.apk.dex import reader

TEXT = """
    .class Lapp/A;
    .method one(I)V 2
    return-void
    .method public abstract two()V 0
    .class Landroidx/kit/B;
    .method static three()Ljava/lang/String; 1
    return-void
    """


def test_methods_with_code_have_a_home_unless_a_class_of_an_earlier_file_replaces_theirs(
    build: Callable[..., bytes],
) -> None:
    data = build(TEXT)
    files = [dex for name in ("one.dex", "two.dex") for dex in reader.read_all(name, data)]
    program = Program(files, load_models(), "app")
    homes = Homes(CallGraph(program))
    found = homes.of_many(range(program.method_count))
    bases = files[0].code_offset + 16
    assert {home for home in found if home is not None} == {
        Home("one.dex", "Lapp/A;->one(I)V", int(bases[0]), False),
        Home("one.dex", "Landroidx/kit/B;->three()Ljava/lang/String;", int(bases[1]), True),
    }
    assert [homes.of(number) for number in range(program.method_count)] == found
