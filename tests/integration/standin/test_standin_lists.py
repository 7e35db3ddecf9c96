"""Listing messages, as a reconciler does: filters, pages, and what has no date yet."""

from datetime import datetime, timedelta

from sandbox.twilio.control import Control
from tests.integration.standin.conftest import PHONE, SHORT_CODE, Api

OTHER = "+33639980002"


def bodies(page: dict) -> list[str]:
    return [message["body"] for message in page["messages"]]


def today(twilio: Control, days: int = 0) -> str:
    return (datetime.fromisoformat(twilio.clock()["now"]) + timedelta(days=days)).date().isoformat()


def test_messages_are_listed_newest_first_by_recipient_and_sender(api: Api) -> None:
    api.sent(Body="one")
    api.sent(Body="two")
    api.sent(OTHER, Body="three")
    api.sent(Body="four", From="Les Chalets")

    assert bodies(api.list()) == ["four", "three", "two", "one"]
    assert bodies(api.list(To=PHONE)) == ["four", "two", "one"]
    assert bodies(api.list(From=SHORT_CODE)) == ["three", "two", "one"]
    assert bodies(api.list(To=PHONE, From=SHORT_CODE)) == ["two", "one"]
    assert bodies(api.list(To="+33639980009")) == []


def test_pages_follow_relative_addresses_to_the_last(api: Api) -> None:
    for number in range(5):
        api.sent(Body=str(number))
    page = api.list(To=PHONE, PageSize="2")
    seen = bodies(page)
    while page["next_page_uri"]:
        assert page["next_page_uri"].startswith("/2010-04-01/")
        page = api.session.get(api.control.url + page["next_page_uri"], auth=api.login, timeout=5).json()
        seen += bodies(page)

    assert seen == ["4", "3", "2", "1", "0"]
    assert (page["page"], page["page_size"], page["start"]) == (2, 2, 4)


def test_a_message_that_arrives_meanwhile_does_not_shift_the_next_page(api: Api) -> None:
    for number in range(4):
        api.sent(Body=str(number))
    page = api.list(PageSize="2")
    api.sent(Body="late")
    following = api.session.get(api.control.url + page["next_page_uri"], auth=api.login, timeout=5).json()

    assert bodies(following) == ["1", "0"]


def test_a_date_filter_leaves_out_what_was_not_sent_yet(api: Api, twilio: Control) -> None:
    api.sent(Body="gone")
    twilio.clock(jump_s=10)
    api.sent(Body="waiting")

    assert bodies(api.list(DateSent=today(twilio))) == ["gone"]
    assert bodies(api.list(To=PHONE)) == ["waiting", "gone"]


def test_date_filters_include_their_own_day(api: Api, twilio: Control) -> None:
    api.sent()
    twilio.clock(jump_s=10)
    day, before, after = today(twilio), today(twilio, -1), today(twilio, 1)

    assert len(api.list(**{"DateSent<": day})["messages"]) == 1
    assert len(api.list(**{"DateSent>": day})["messages"]) == 1
    assert len(api.list(**{"DateSent<": before})["messages"]) == 0
    assert len(api.list(**{"DateSent>": after})["messages"]) == 0
    assert len(api.list(**{"DateSent>": before, "DateSent<": after})["messages"]) == 1


def test_inbound_messages_are_listed_under_the_sender_they_were_written_to(api: Api, twilio: Control) -> None:
    sid = twilio.inbound(PHONE, SHORT_CODE, "1")

    (message,) = api.list(To=SHORT_CODE)["messages"]
    assert (message["sid"], message["direction"], message["status"]) == (sid, "inbound", "received")
    assert (message["from"], message["to"], message["body"]) == (PHONE, SHORT_CODE, "1")
    assert message["date_sent"] is not None


def test_a_page_is_never_larger_than_a_thousand(api: Api) -> None:
    api.sent()
    assert api.list(PageSize="5000")["page_size"] == 1000
    assert api.list()["page_size"] == 50
