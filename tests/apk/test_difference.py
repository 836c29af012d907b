from rogue_scan.apk.difference import Difference, Differences, short


def test_alike_ones_are_counted_and_the_first_is_kept():
    notes = Differences()
    notes.add("zip:x", 5, "a", "first")
    notes.add("zip:x", 9, "a", "second", refused=True)
    assert notes.done() == (Difference("zip:x", 5, "a", "first", 2, True),)


def test_a_flood_of_entries_is_folded():
    notes = Differences(distinct=3)
    for number in range(1000):
        notes.add("zip:x", number, f"entry {number}")
    found = notes.done()
    assert len(found) == 3
    assert sum(d.count for d in found) == 1000


def test_the_order_does_not_depend_on_the_order_of_noting():
    one, other = Differences(), Differences()
    one.add("b", 1)
    one.add("a", 2)
    other.add("a", 2)
    other.add("b", 1)
    assert one.done() == other.done()


def test_texts_are_cut_and_can_always_be_encoded():
    assert len(short("x" * 1000)) == 300
    assert short("a\ud800") == "a\\ud800"
