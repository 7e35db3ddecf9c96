"""Phones that answer, Twilio's own words, and what the application's TwiML does."""

import pytest

from sandbox.twilio.control import Control, ControlError
from tests.integration.standin.conftest import ASKS, PHONE, SHORT_CODE, Api
from tests.integration.standin.listener import Listener, Post, Reply

SERVICE = "MG" + "a" * 32
XML = "text/xml"
HOUR = 3600


def is_inbound(post: Post) -> bool:
    return post.form.get("SmsStatus") == "received"


def heard(app: Listener) -> list[str]:
    return [post.form["Body"] for post in app.posts if is_inbound(post)]


# Phones


def test_a_phone_answers_a_text_that_asks(api: Api, app: Listener) -> None:
    api.control.put_phones({PHONE: "help"})
    api.sent(Body=ASKS)
    api.control.clock(jump_s=10)
    assert heard(app) == []  # people take their time

    api.control.clock(jump_s=2 * HOUR)
    (post,) = app.wait_for(1)
    assert (post.form["From"], post.form["To"]) == (PHONE, SHORT_CODE)
    assert post.form["MessageSid"] == post.form["SmsMessageSid"] == post.form["SmsSid"]


@pytest.mark.parametrize(
    "body",
    [
        "Merci, c'est bien noté. Prenez soin de vous. Besoin de nous ? Répondez 2 ou appelez le 05 36 49 00 01.",
        "Les Chalets : merci. Un conseiller va lire votre message. Si tout va bien, répondez 1. Urgence : faites le 15",
        "Les Chalets : forte chaleur mercredi. Buvez souvent. Malaise : faites le 15",
    ],
)
def test_a_text_that_does_not_ask_gets_no_answer(api: Api, app: Listener, body: str) -> None:
    api.control.put_phones({PHONE: "fine"})
    api.sent(Body=body)
    api.control.clock(jump_s=24 * HOUR)

    assert heard(app) == []


ANSWERS = [
    ("fine", 1, 2),
    ("silent", 0, 0),
    ("until_reminder", 0, 1),
    ("twice", 2, 4),
    ("couple", 2, 4),
    ("dead", 0, 0),
    ("no_receipt", 1, 2),
]


@pytest.mark.parametrize(("behaviour", "after_first", "after_reminder"), ANSWERS)
def test_each_behaviour_answers_as_often_as_it_does(
    api: Api, app: Listener, behaviour: str, after_first: int, after_reminder: int
) -> None:
    api.control.put_phones({PHONE: behaviour})
    api.sent(Body=ASKS)
    api.control.clock(jump_s=2 * HOUR)
    assert len(heard(app)) == after_first

    api.sent(Body=ASKS)
    api.control.clock(jump_s=2 * HOUR)
    assert len(heard(app)) == after_reminder


def test_who_is_late_answers_the_same_day_but_after_the_deadline(api: Api, app: Listener) -> None:
    api.control.put_phones({PHONE: "late"})
    api.sent(Body=ASKS)
    api.control.clock(jump_s=4 * HOUR)
    assert heard(app) == []

    api.control.clock(jump_s=6 * HOUR)
    assert len(heard(app)) == 1


def test_a_phone_can_be_given_its_very_words(api: Api, app: Listener) -> None:
    api.control.put_phone(PHONE, "fine", answers=[(60, "Ça va"), (120, "1 mais il fait chaud")])
    api.sent(Body=ASKS)
    api.control.clock(jump_s=90)
    assert heard(app) == ["Ça va"]

    api.control.clock(jump_s=60)
    assert heard(app) == ["Ça va", "1 mais il fait chaud"]


def test_people_can_be_hurried(api: Api, app: Listener) -> None:
    api.control.settings(reply_speed=10_000)
    api.control.put_phones({PHONE: "late"})
    api.sent(Body=ASKS)
    api.control.clock(jump_s=10)

    assert len(heard(app)) == 1


def test_an_answer_that_comes_after_the_text_was_lost_is_impossible(api: Api, app: Listener) -> None:
    api.control.put_phones({PHONE: "fine"})
    api.control.add_fault("fate", final="undelivered", code=30003)
    api.sent(Body=ASKS)
    api.control.clock(jump_s=24 * HOUR)

    assert heard(app) == []


def test_nobody_can_answer_an_alphanumeric_sender(api: Api, app: Listener) -> None:
    api.control.put_phones({PHONE: "fine"})
    api.sent(Body=ASKS, From="Les Chalets")
    api.control.clock(jump_s=24 * HOUR)

    assert heard(app) == []
    assert api.control.stats()["totals"]["answers impossible"] == 1
    with pytest.raises(ControlError, match="cannot receive"):
        api.control.inbound(PHONE, "Les Chalets", "STOP")


# The wire


def test_an_inbound_message_can_be_lost_and_still_be_listed(api: Api, app: Listener) -> None:
    api.control.add_fault("inbound_lost", to=[PHONE])
    sid = api.control.inbound(PHONE, SHORT_CODE, "2")
    api.control.clock(jump_s=HOUR)

    assert app.posts == []
    assert [message["sid"] for message in api.list(To=SHORT_CODE)["messages"]] == [sid]


def test_an_inbound_message_may_be_posted_twice_under_one_sid(api: Api, app: Listener) -> None:
    api.control.add_fault("inbound_duplicated")
    sid = api.control.inbound(PHONE, SHORT_CODE, "2")

    assert [post.form["MessageSid"] for post in app.wait_for(2)] == [sid, sid]


def test_a_sender_may_have_its_own_address_and_a_fallback(api: Api, app: Listener) -> None:
    api.control.put_senders(
        {"address": SHORT_CODE, "inbound_url": f"{app.url}/own", "fallback_url": f"{app.url}/fallback"}
    )
    app.replies = [Reply(500)]
    api.control.inbound(PHONE, SHORT_CODE, "1")

    assert [post.path for post in app.wait_for(2)] == ["/own", "/fallback"]


def test_a_long_answer_counts_its_segments(api: Api, app: Listener) -> None:
    api.control.inbound(PHONE, SHORT_CODE, "ç" * 71)
    assert app.wait_for(1)[0].form["NumSegments"] == "2"


# Opt-out


def texts_to_phone(control: Control) -> list[str]:
    return [message["body"] for message in control.messages(to=PHONE)]


@pytest.mark.parametrize("word", ["STOP", "stop", " Stop ", "UNSUBSCRIBE", "end"])
def test_stop_blocks_the_pair_until_start(api: Api, app: Listener, word: str) -> None:
    api.control.put_senders({"address": SHORT_CODE, "opt_out": "default"})
    api.control.inbound(PHONE, SHORT_CODE, word)
    app.wait_for(1)
    assert "OptOutType" not in app.posts[0].form
    assert api.send().json()["code"] == 21610
    assert api.send(From="Les Chalets").status_code == 201  # another pair
    assert "unsubscribed" in texts_to_phone(api.control)[0]  # Twilio's own answer
    assert api.control.optouts() == [(SHORT_CODE, PHONE)]

    api.control.inbound(PHONE, SHORT_CODE, "START")
    assert api.send().status_code == 201


@pytest.mark.parametrize("body", ["stop svp", "ARRET", "je dis stop", "yes"])
def test_only_the_bare_word_counts_and_arret_is_none_of_them(api: Api, body: str) -> None:
    api.control.put_senders({"address": SHORT_CODE, "opt_out": "default"})
    api.control.inbound(PHONE, SHORT_CODE, body)

    assert api.send().status_code == 201
    assert api.control.optouts() == []


def test_a_bare_short_code_leaves_stop_to_the_application(api: Api, app: Listener) -> None:
    api.control.inbound(PHONE, SHORT_CODE, "STOP")

    assert app.wait_for(1)[0].form["Body"] == "STOP"
    assert api.send().status_code == 201


@pytest.mark.parametrize(("word", "kind"), [("STOP", "STOP"), ("ARRET", "STOP"), ("START", None), ("HELP", "HELP")])
def test_advanced_opt_out_tells_its_type(api: Api, app: Listener, word: str, kind: str | None) -> None:
    api.control.put_senders({"address": SHORT_CODE, "opt_out": "advanced", "stop_words": ["ARRET"]})
    api.control.inbound(PHONE, SHORT_CODE, word)

    assert app.wait_for(1)[0].form.get("OptOutType") == kind


def test_an_opt_out_holds_for_the_whole_service_and_shows_later(api: Api) -> None:
    api.control.put_senders({"address": "+33939000001"}, {"address": SERVICE, "pool": ["+33939000001"]})
    api.control.inbound(PHONE, "+33939000001", "STOP")
    sid = api.sent(From=None, MessagingServiceSid=SERVICE)["sid"]
    api.control.clock(jump_s=10)

    assert api.control.optouts() == [(SERVICE, PHONE)]
    assert (api.fetch(sid)["status"], api.fetch(sid)["error_code"]) == ("failed", 21610)


# TwiML


REPLIES = [
    (Reply(200, "<Response><Message>Merci</Message></Response>", XML), ["Merci"]),
    (Reply(200, "<Response><Message><Body>Bien noté</Body></Message></Response>", "application/xml"), ["Bien noté"]),
    (Reply(200, "<Response><Message>un</Message><Message>deux</Message></Response>", XML), ["un", "deux"]),
    (Reply(200, "Merci", "text/plain"), ["Merci"]),
    (Reply(200, "<Response/>", XML), []),
    (Reply(204), []),
]


@pytest.mark.parametrize(("reply", "bodies"), REPLIES)
def test_the_answer_of_the_application_is_sent(api: Api, app: Listener, reply: Reply, bodies: list[str]) -> None:
    app.usual = reply
    api.control.inbound(PHONE, SHORT_CODE, "1")
    app.wait_for(1)
    api.control.clock(jump_s=1)  # what the application said has been read
    api.control.clock(jump_s=10)

    assert texts_to_phone(api.control) == bodies
    assert {message["status"] for message in api.control.messages(to=PHONE)} <= {"delivered"}
    assert api.control.alerts() == []


UNREADABLE = [
    (Reply(200, "{}", "application/json"), 12300),
    (Reply(200, "", ""), 12300),
    (Reply(200, "<Response>", XML), 12100),
    (Reply(200, "<Antwort/>", XML), 12100),
    (Reply(200, '<!DOCTYPE r [<!ENTITY a "b">]><Response/>', XML), 12100),
    (Reply(200, "<Response>" + " " * 65536 + "</Response>", XML), 11750),
]


@pytest.mark.parametrize(("reply", "code"), UNREADABLE)
def test_an_answer_twilio_cannot_read_raises_its_alert(api: Api, app: Listener, reply: Reply, code: int) -> None:
    app.usual = reply
    api.control.inbound(PHONE, SHORT_CODE, "1")
    app.wait_for(1)
    api.control.clock(jump_s=1)

    assert [alert["code"] for alert in api.control.alerts()] == [code]
    assert texts_to_phone(api.control) == []


def test_a_reply_to_somebody_who_left_is_not_sent(api: Api, app: Listener) -> None:
    api.control.put_senders({"address": SHORT_CODE, "opt_out": "default"})
    app.usual = Reply(200, "<Response><Message>Au revoir</Message></Response>", XML)
    api.control.inbound(PHONE, SHORT_CODE, "STOP")
    app.wait_for(1)
    api.control.clock(jump_s=10)

    assert "Au revoir" not in texts_to_phone(api.control)
    assert api.control.alerts(code=21610)


def test_two_machines_that_answer_each_other_are_stopped(api: Api, app: Listener) -> None:
    for _ in range(17):
        api.control.inbound(PHONE, SHORT_CODE, "réponse automatique")
    api.control.clock(jump_s=1)

    assert len(heard(app)) == 15
    assert len(api.control.alerts(code=14107)) == 2

    api.control.clock(jump_s=60)
    api.control.inbound(PHONE, SHORT_CODE, "1")
    api.control.clock(jump_s=1)
    assert len(heard(app)) == 16
