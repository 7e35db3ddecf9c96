"""What a text looks like on the wire."""

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from worker.twilio import transport

WORDS = st.text(st.characters(codec="utf-8"))


@given(st.dictionaries(st.sampled_from(["To", "From", "Body", "StatusCallback"]), WORDS, min_size=1))
def test_a_form_is_what_urllib_makes_of_it_whatever_is_written(fields: dict[str, str]) -> None:
    made = transport.form(fields)

    assert made == urlencode(fields).encode()
    assert dict(parse_qsl(made.decode(), keep_blank_values=True)) == fields


def test_numbers_are_written_as_digits() -> None:
    assert transport.form({"ValidityPeriod": 3600}) == b"ValidityPeriod=3600"
