"""What is played to people at the stand-in, what they press, and calls of their own."""

import pytest

from sandbox.twilio.control import ControlError
from tests.integration.standin.conftest import LANDLINE, NUMBER, QUESTION, Telephone, spoken
from tests.integration.standin.listener import Reply

AGENCY = "+33536490099"


def test_a_key_interrupts_the_words_and_is_posted_with_the_query_of_its_address(phone: Telephone) -> None:
    done = phone.over(phone.called())

    assert [line["text"] for line in done["heard"]] == ["Si tout va bien,", "Merci."]
    assert [(p["keys"], p["listened"]) for p in done["pressed"]] == [("1", True)]
    assert phone.posts("/keys")[0]["Digits"] == "1"
    assert any(post.path == "/keys?m=1" for post in phone.app.posts)


@pytest.mark.parametrize(
    ("manner", "heard", "digits"),
    [
        ("silent", ["Si tout va bien, tapez 1.", "Au revoir."], []),
        ("wrong_key", ["Si tout va bien,", "Merci."], ["7"]),
        ("late_key", ["Si tout va bien, tapez 1.", "Au revoir."], []),
        ("unknown", ["Si tout va bien,", "Merci."], ["1"]),
    ],
)
def test_people_answer_each_in_their_manner(phone: Telephone, manner: str, heard: list[str], digits: list[str]) -> None:
    phone.control.put_callee(LANDLINE, manner)
    sid = phone.called()
    phone.over(sid)

    assert phone.heard(sid) == heard
    assert [form["Digits"] for form in phone.posts("/keys")] == digits


def test_exact_doings_take_the_place_of_a_manner(phone: Telephone) -> None:
    phone.control.put_callee(LANDLINE, "fine", ring_s=2.0, presses=[None, ["2", 0.5, 0.0]])
    phone.says("/answer", QUESTION + QUESTION)
    done = phone.over(phone.called())

    assert [p["keys"] for p in done["pressed"]] == ["2"]
    assert len(done["heard"]) == 4  # the first question and its closing words, half the second, thanks


def test_who_presses_and_leaves_is_over_before_the_key_arrives(phone: Telephone) -> None:
    phone.control.put_callee(LANDLINE, "presses_and_leaves")
    sid = phone.called()
    done = phone.over(sid)

    assert done["why"] == "person"
    assert phone.posts("/keys")[0]["CallStatus"] == "completed"
    assert "Merci." not in phone.heard(sid)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Reply(500, "", "text/xml"), 11200),
        (Reply(200, "{}", "application/json"), 12300),
        (Reply(200, "<Response>", "text/xml"), 12100),
        (Reply(200, f"<Response>{' ' * 65536}</Response>", "text/xml"), 11750),
    ],
)
def test_without_a_document_the_caller_hears_an_apology_unless_there_is_a_fallback(
    phone: Telephone, answer: Reply, code: int
) -> None:
    phone.says("/answer", answer)
    phone.says("/fallback", "<Say>Un instant.</Say>")
    plain = phone.called()
    phone.over(plain)
    with_fallback = phone.called(FallbackUrl=f"{phone.app.url}/fallback")
    phone.over(with_fallback)

    assert phone.heard(plain) == ["We are sorry, an application error has occurred. Goodbye."]
    assert phone.heard(with_fallback) == ["Un instant."]
    assert phone.posts("/fallback")[0]["ErrorCode"] == str(code)
    assert {alert["code"] for alert in phone.control.alerts()} == {code}


def test_documents_that_lead_to_each_other_for_ever_are_ended(phone: Telephone) -> None:
    phone.says("/answer", "<Pause/><Redirect/>")
    done = phone.over(phone.called())

    assert done["why"] == "loop"
    assert "for ever" in phone.control.alerts()[0]["text"]


def test_verbs_nobody_knows_are_reported(phone: Telephone) -> None:
    phone.says("/answer", "<Shout>Bonjour</Shout><Say>Bonjour</Say>")
    sid = phone.called()
    phone.over(sid)

    assert phone.heard(sid) == ["Bonjour"]
    assert [alert["code"] for alert in phone.control.alerts()] == [12200]


def test_words_may_be_given_with_the_request_and_an_address_be_asked_by_get(phone: Telephone) -> None:
    given = phone.called(Url=None, Twiml="<Response><Say>Bonjour.</Say></Response>")
    phone.over(given)
    got = phone.called(Url=f"{phone.app.url}/answer?a=1", Method="GET")
    phone.over(got)

    assert phone.heard(given) == ["Bonjour."]
    assert any(post.path.startswith("/answer?a=1&CallSid=CA") for post in phone.app.posts)


@pytest.mark.parametrize(
    ("manner", "detection", "found"),
    [
        ("fine", "Enable", "human"),
        ("machine", "Enable", "machine_start"),
        ("machine", "DetectMessageEnd", "machine_end_beep"),
        ("fax", "Enable", "fax"),
        ("unknown", "Enable", "unknown"),
        ("slow_detection", "Enable", "human"),
    ],
)
def test_who_picked_up_is_told_beside_the_words(phone: Telephone, manner: str, detection: str, found: str) -> None:
    phone.control.put_callee(LANDLINE, manner)
    fields = {"AsyncAmd": "true", "AsyncAmdStatusCallback": f"{phone.app.url}/amd", "MachineDetection": detection}
    phone.says("/keys", '<Pause length="20"/>')
    phone.says("/answer", f'<Gather numDigits="1" action="/keys"><Say>{"Bonjour. " * 15}</Say></Gather>')
    done = phone.over(phone.called(**fields))
    told = phone.posts("/amd")

    assert [form["AnsweredBy"] for form in told] == [found]
    assert int(told[0]["MachineDetectionDuration"]) > 0
    assert done["answered_by"] == found


@pytest.mark.parametrize(("manner", "amd_first"), [("fine", True), ("slow_detection", False)])
def test_detection_may_come_before_the_key_or_after_it(phone: Telephone, manner: str, amd_first: bool) -> None:
    phone.control.put_callee(LANDLINE, manner)
    phone.says("/answer", f'<Gather numDigits="1" action="/keys"><Say>{"Bonjour. " * 15}</Say></Gather>')
    phone.says("/keys", '<Pause length="20"/>')
    fields = {"AsyncAmd": "true", "AsyncAmdStatusCallback": f"{phone.app.url}/amd", "MachineDetection": "Enable"}
    phone.over(phone.called(**fields))
    order = [path for path in (post.path for post in phone.app.posts) if path in {"/amd", "/keys"}]

    assert order == (["/amd", "/keys"] if amd_first else ["/keys", "/amd"])


def test_a_call_over_before_anybody_could_tell_was_answered_by_nobody_known(phone: Telephone) -> None:
    fields = {"AsyncAmd": "true", "AsyncAmdStatusCallback": f"{phone.app.url}/amd", "MachineDetection": "Enable"}
    phone.control.put_callee(LANDLINE, "presses_and_leaves")
    phone.over(phone.called(**fields))

    assert [form["AnsweredBy"] for form in phone.posts("/amd")] == ["unknown"]


def test_without_async_detection_nobody_hears_a_word_before_it_is_over(phone: Telephone) -> None:
    phone.control.put_callee(LANDLINE, "fine", detection_s=4.0)
    done = phone.over(phone.called(MachineDetection="Enable"))

    assert done["heard"][0]["at_s"] == 4.0
    assert phone.posts("/answer")[0]["AnsweredBy"] == "human"


def test_ringing_us_is_answered_with_what_the_application_says(phone: Telephone) -> None:
    phone.says("/inbound", QUESTION)
    sid = phone.control.ring(LANDLINE, NUMBER, "help")
    done = phone.over(sid)
    asked = phone.posts("/inbound")[0]

    assert (asked["Direction"], asked["CallStatus"], asked["From"], asked["To"]) == (
        "inbound",
        "ringing",
        LANDLINE,
        NUMBER,
    )
    assert phone.posts("/keys")[0]["Digits"] == "2"
    assert (done["status"], done["direction"]) == ("completed", "inbound")


@pytest.mark.parametrize(("verb", "status"), [("<Reject/>", "no-answer"), ('<Reject reason="busy"/>', "busy")])
def test_a_call_to_us_may_be_rejected_unheard(phone: Telephone, verb: str, status: str) -> None:
    phone.says("/inbound", verb)
    sid = phone.control.ring(LANDLINE, NUMBER)

    assert phone.over(sid)["status"] == status
    assert phone.heard(sid) == []


def test_a_number_that_takes_no_calls_cannot_be_rung(phone: Telephone) -> None:
    with pytest.raises(ControlError, match="takes no calls"):
        phone.control.ring(LANDLINE, "38000")


@pytest.mark.parametrize(
    ("manner", "status", "connected"),
    [
        ("silent", "completed", True),
        ("busy", "busy", False),
        ("no_answer", "no-answer", False),
        ("dead", "failed", False),
    ],
)
def test_a_transfer_rings_a_second_number_and_tells_how_it_went(
    phone: Telephone, manner: str, status: str, connected: bool
) -> None:
    phone.control.put_callee(AGENCY, manner, talk_s=30.0)
    phone.says("/inbound", f'<Dial action="/dialled" callerId="{NUMBER}" timeout="20"><Number>{AGENCY}</Number></Dial>')
    phone.says("/dialled", "<Say>Au revoir.</Say>")
    done = phone.over(phone.control.ring(LANDLINE, NUMBER, "silent", talk_s=100.0))
    told, leg = phone.posts("/dialled")[0], phone.control.calls(direction="outbound-dial")[0]

    assert told["DialCallStatus"] == leg["status"] == status
    assert told.get("DialCallDuration") == ("30" if connected else None)
    assert (leg["from"], leg["parent"]) == (NUMBER, done["sid"])
    assert done["heard"][-1]["text"] == "Au revoir."


def test_whoever_is_rung_by_a_transfer_may_hear_a_word_first(phone: Telephone) -> None:
    phone.control.put_callee(AGENCY, "silent", talk_s=10.0)
    phone.says("/answer", f'<Dial><Number url="/whisper">{AGENCY}</Number></Dial><Say>Au revoir.</Say>')
    phone.says("/whisper", "<Say>Un appel pour vous.</Say>")
    done = phone.over(phone.called())
    leg = phone.control.calls(direction="outbound-dial")[0]

    assert [line["text"] for line in leg["heard"]] == ["Un appel pour vous."]
    assert [line["text"] for line in done["heard"]] == [f"[connected with {AGENCY}]", "Au revoir."]


def test_the_calls_that_a_call_dialled_are_listed_by_their_parent(phone: Telephone) -> None:
    phone.control.put_callee(AGENCY, "silent", talk_s=42)
    phone.says("/answer", f"<Dial>{AGENCY}</Dial>")
    parents = [phone.called(), phone.called("+33536490002")]
    phone.control.clock(jump_s=300)

    listed = [phone.api.call("GET", "/Calls.json", params={"ParentCallSid": sid}).json()["calls"] for sid in parents]

    assert [[leg["parent_call_sid"] for leg in legs] for legs in listed] == [[sid] for sid in parents]
    assert [(leg["direction"], leg["status"], leg["duration"]) for [leg] in listed] == [
        ("outbound-dial", "completed", "42")
    ] * 2
    assert phone.api.call("GET", "/Calls.json", params={"ParentCallSid": "CA" + "0" * 32}).json()["calls"] == []


def test_a_transfer_cannot_show_a_number_that_is_not_ours(phone: Telephone) -> None:
    phone.says("/answer", f'<Dial action="/dialled" callerId="+33536498888">{AGENCY}</Dial>')
    phone.says("/dialled", "<Hangup/>")
    phone.over(phone.called())

    assert phone.posts("/dialled")[0]["DialCallStatus"] == "failed"
    assert [alert["code"] for alert in phone.control.alerts()] == [13214]


def test_time_of_calls_may_run_faster_and_is_told_as_their_own(phone: Telephone) -> None:
    phone.control.settings(call_speed=10.0)
    done = phone.over(phone.called(), after_s=3)

    assert (done["status"], round(done["seconds"])) == ("completed", 2)


def test_a_person_can_read_what_was_heard(phone: Telephone) -> None:
    phone.over(phone.called())
    page = phone.api.session.get(f"{phone.control.url}/_control/heard", timeout=5).text

    assert "Si tout va bien,…" in page
    assert "[touche 1]" in page


def test_a_loop_of_rings_is_only_as_long_as_its_answers(phone: Telephone) -> None:
    phone.says("/answer", "<Redirect>/next</Redirect>")
    phone.says("/next", spoken("<Say>Bonjour.</Say>"))
    sid = phone.called()
    phone.over(sid)

    assert phone.heard(sid) == ["Bonjour."]
