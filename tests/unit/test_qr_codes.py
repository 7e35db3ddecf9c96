"""The square of a one-time code's key: what a telephone's camera looks for is where it looks."""

import re

from worker.paper import qr_codes

FINDER = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]


def _rows(svg: str) -> list[str]:
    side = int(re.findall(r'viewBox="0 0 (\d+) ', svg)[0])
    dark = {(int(y), int(x)) for x, y in re.findall(r"M(\d+) (\d+)h1v1h-1z", svg)}
    return ["".join("1" if (y, x) in dark else "0" for x in range(side)) for y in range(side)]


def test_three_corners_hold_the_marks_and_a_white_margin_is_around_them() -> None:
    rows, margin = _rows(str(qr_codes.drawing("otpauth://totp/essai?secret=ABC", title="Clé"))), qr_codes.MARGIN
    inside = [row[margin:-margin] for row in rows[margin:-margin]]

    assert not any("1" in row for row in (*rows[:margin], *rows[-margin:]))
    assert [row[:7] for row in inside[:7]] == FINDER
    assert [row[-7:] for row in inside[:7]] == FINDER
    assert [row[:7] for row in inside[-7:]] == FINDER


def test_another_text_is_another_square_and_a_title_is_no_markup() -> None:
    one, other = (str(qr_codes.drawing(text, title='"<b>')) for text in ("otpauth://a", "otpauth://b"))

    assert one != other
    assert "<b>" not in one
