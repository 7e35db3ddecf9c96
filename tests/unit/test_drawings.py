"""Pictures of figures: true to the figures, told in words too, and harmless whatever they are called."""

from xml.etree import ElementTree as ET

import pytest

from worker.paper import drawings
from worker.paper.drawings import Series, Share

SVG = "{http://www.w3.org/2000/svg}"


def _read(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314  # our own


def test_the_parts_of_a_bar_are_as_wide_as_their_shares() -> None:
    drawn = _read(drawings.bar([Share("joints", 30), Share("à appeler", 10, "fill-warn")], title="Foyers"))

    widths = [float(rect.get("width", "0")) for rect in drawn.iter("rect")]
    assert widths == [480.0, 160.0]
    assert sum(widths) == drawings.WIDTH


def test_whoever_does_not_see_a_picture_is_told_its_title_and_its_figures() -> None:
    drawn = _read(drawings.funnel([Share("Au départ", 253), Share("Joints", 250)], title="De la liste aux joints"))

    assert drawn.get("role") == "img"
    assert drawn.findtext("title") == "De la liste aux joints"
    assert drawn.findtext("desc") == "Au départ 253, Joints 250"


def test_the_first_step_of_a_funnel_fills_its_room_and_the_others_their_part() -> None:
    drawn = _read(drawings.funnel([Share("a", 200), Share("b", 50)], title="t"))

    filled = [float(r.get("width", "0")) for r in drawn.iter("rect") if r.get("class") == "fill"]
    assert filled[1] == filled[0] / 4


@pytest.mark.parametrize("draw", [lambda: drawings.bar([], title="t"), lambda: drawings.funnel([], title="t")])
@pytest.mark.parametrize("zeros", [0])
def test_nothing_to_show_is_a_picture_all_the_same(draw, zeros) -> None:  # type: ignore[no-untyped-def]
    _read(draw())
    _read(drawings.columns([], [], title="t"))
    _read(drawings.steps(["10 h"], Series("s", [zeros]), title="t"))


@pytest.mark.parametrize(("most", "scale"), [(1, 4), (4, 4), (5, 8), (13, 16), (100, 100), (130, 160), (999, 1000)])
def test_the_scale_ends_on_a_number_that_four_even_steps_lead_to(most: int, scale: int) -> None:
    drawn = _read(drawings.columns(["10 h"], [Series("s", [most])], title="t"))

    numbers = [int(t.text or "0") for t in drawn.iter("text") if (t.text or "").isdigit()]
    assert max(numbers) == scale
    assert numbers == sorted(numbers)


def test_a_long_day_shows_only_as_many_hours_as_can_be_read() -> None:
    hours = [f"{hour} h" for hour in range(48)]
    drawn = _read(drawings.columns(hours, [Series("s", [1] * 48)], title="t"))

    assert sum((t.text or "").endswith(" h") for t in drawn.iter("text")) <= 10


def test_a_name_is_never_markup() -> None:
    drawn = drawings.funnel([Share("<script>alert(1)</script>", 1)], title='"><b>')

    assert "<script" not in drawn
    assert _read(drawn).findtext("title") == '"><b>'
