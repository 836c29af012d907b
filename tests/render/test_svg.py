import lxml.etree
import msgspec
import pytest

from rogue_scan.model.report import Report, Step
from rogue_scan.model.subject import AccessPoint, Subject, WifiView
from rogue_scan.render import svg
from rogue_scan.render.view import View


def draw(picture):
    root = lxml.etree.fromstring(str(picture))
    _, _, width, height = map(float, root.get("viewBox").split())
    return root, width, height


def inside(root, width, height):
    for element in root.iter("text", "rect", "circle", "line"):
        for name, most in (
            ("x", width),
            ("x1", width),
            ("x2", width),
            ("cx", width),
            ("y", height),
            ("cy", height),
        ):
            if element.get(name) is not None:
                assert -1 <= float(element.get(name)) <= most + 1, (element.tag, name, element.get(name))


@pytest.mark.parametrize("name", ["channels", "signals", "clocks"])
def test_pictures_of_the_air_stay_in_their_frame(report, name):
    inside(*draw(getattr(svg, name)(View(report), report.subjects[0])))


def test_the_accused_is_drawn_apart_from_the_real_one(report):
    root, _, _ = draw(svg.channels(View(report), report.subjects[0]))
    roles = [element.get("class") for element in root.iter("path") if element.get("class")]
    assert roles.count("arch accused") == 1 and roles.count("arch harmed") == 1


def test_two_clocks_under_one_address_are_named(report):
    root, _, _ = draw(svg.clocks(View(report), report.subjects[0]))
    assert any("2 clocks under one address" in text for text in root.itertext())


def test_the_map_has_who_is_in_the_incident(report):
    root, width, height = draw(svg.who_talks(View(report), report.incidents[0]))
    inside(root, width, height)
    text = " ".join(root.itertext())
    for name in ("7a:10:5e:00:00:31", "10.0.0.1", "Parcel Track"):
        assert name in text
    assert len([path for path in root.iter("path") if "edge" in path.get("class")]) >= 5


def test_steps_at_one_moment_are_stacked(report):
    steps = tuple(Step(says=f"s{number}", time=1.0 + number // 4) for number in range(8))
    incident = msgspec.structs.replace(report.incidents[0], timeline=steps)
    ((_, picture),) = svg.timelines(View(report), incident)
    root, width, height = draw(picture)
    inside(root, width, height)
    places = [(circle.get("cx"), circle.get("cy")) for circle in root.iter("circle")]
    assert len(set(places)) == 8


@pytest.mark.parametrize("times", [(), (1.0,), (1.0, 1.0), (None, None)])
def test_a_time_line_needs_two_moments(report, times):
    steps = tuple(Step(says="s", time=time) for time in times)
    incident = msgspec.structs.replace(report.incidents[0], timeline=steps)
    assert svg.timelines(View(report), incident) == []


def test_each_capture_has_its_own_axis(report):
    steps = [Step(says="s", time=time, subject=name) for name in ("capture-1", "c2") for time in (1.0, 2.0)]
    incident = msgspec.structs.replace(report.incidents[0], timeline=tuple(steps))
    drawn = svg.timelines(View(report), incident)
    assert [name for name, _ in drawn] == ["harbour-hall.pcapng", "c2"]
    assert "3" in list(draw(drawn[1][1])[0].itertext()), "numbers go on as in the list"


def test_nothing_to_draw_is_no_picture():
    view = View(Report())
    empty = Subject(id="s", kind="capture", name="n", wifi=WifiView(access_points=(AccessPoint("02::"),)))
    assert svg.channels(view, empty) is svg.signals(view, empty) is svg.clocks(view, empty) is None
    assert svg.score(view, []) is None


@pytest.mark.parametrize(
    ("frequency", "channel"),
    [(2412, 1), (2472, 13), (2484, 14), (5180, 36), (5825, 165), (5955, 1), (7115, 233)],
)
def test_channel_numbers(frequency, channel):
    assert svg.channel_of(frequency) == channel
