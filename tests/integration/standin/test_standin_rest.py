"""The REST API as a client meets it: login, shape, errors, reading back."""

from email.utils import parsedate_to_datetime

import pytest

from sandbox.twilio.control import Control
from tests.integration.standin.conftest import PHONE, SHORT_CODE, Api

SERVICE = "MG" + "a" * 32


def code(reply) -> tuple[int, int]:
    """HTTP status and Twilio's code; the body must repeat the status."""
    body = reply.json()
    assert body["status"] == reply.status_code
    assert body["more_info"].endswith(str(body["code"]))
    return reply.status_code, body["code"]


# Login


def test_the_token_the_secondary_token_and_an_api_key_all_open_the_api(api: Api) -> None:
    account = api.account
    for login in (
        (account["sid"], account["token"]),
        (account["sid"], account["secondary_token"]),
        (account["api_key_sid"], account["api_key_secret"]),
    ):
        api.login = login
        assert api.send().status_code == 201


@pytest.mark.parametrize("login", [None, ("AC" + "0" * 32, "token"), ("", ""), ("SK" + "0" * 32, "secret")])
def test_anybody_else_gets_20003_with_a_detail(api: Api, login: tuple[str, str] | None) -> None:
    api.login = login
    reply = api.send()

    assert code(reply) == (401, 20003)
    assert reply.json()["detail"]
    assert "Basic" in reply.headers["WWW-Authenticate"]


def test_after_a_rotation_only_the_promoted_token_opens_the_api(api: Api, twilio: Control) -> None:
    twilio.rotate()
    assert code(api.send()) == (401, 20003)

    api.login = (api.account["sid"], api.account["secondary_token"])
    assert api.send().status_code == 201


def test_another_account_in_the_path_is_not_found(api: Api) -> None:
    path = f"{api.control.url}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
    assert code(api.session.post(path, auth=api.login, data={"To": PHONE}, timeout=5)) == (404, 20404)


def test_the_account_shows_itself_to_its_token_but_not_to_an_api_key(api: Api) -> None:
    assert api.call("GET", ".json").json()["status"] == "active"

    api.login = (api.account["api_key_sid"], api.account["api_key_secret"])
    assert code(api.call("GET", ".json")) == (401, 20003)


# Shape


def test_a_created_message_has_strings_where_twilio_has_strings(api: Api) -> None:
    reply = api.send(Body="À bientôt", StatusCallback="http://127.0.0.1:9/status")
    message = reply.json()

    assert reply.status_code == 201
    assert message["sid"].startswith("SM")
    assert (message["status"], message["direction"]) == ("queued", "outbound-api")
    assert (message["num_segments"], message["num_media"]) == ("1", "0")
    assert (message["from"], message["to"], message["body"]) == (SHORT_CODE, PHONE, "À bientôt")
    assert (message["date_sent"], message["error_code"], message["price"]) == (None, None, None)
    assert message["uri"] == f"/2010-04-01/Accounts/{api.account['sid']}/Messages/{message['sid']}.json"
    assert message["subresource_uris"]["media"].endswith(f"{message['sid']}/Media.json")


def test_dates_are_rfc_2822_in_gmt(api: Api) -> None:
    created = api.sent()["date_created"]

    assert created.endswith("+0000")
    assert parsedate_to_datetime(created).utcoffset().total_seconds() == 0


def test_answers_carry_twilios_headers(api: Api) -> None:
    headers = api.send().headers

    assert headers["Twilio-Request-Id"].startswith("RQ")
    assert headers["Twilio-Concurrent-Requests"] == "1"
    assert float(headers["Twilio-Request-Duration"]) >= 0


def test_a_service_accepts_first_and_chooses_its_sender_later(api: Api, twilio: Control) -> None:
    twilio.put_senders({"address": SERVICE, "pool": [SHORT_CODE]})
    message = api.sent(From=None, MessagingServiceSid=SERVICE)
    assert (message["status"], message["from"], message["num_segments"]) == ("accepted", None, "0")

    twilio.clock(jump_s=1)
    later = api.fetch(message["sid"])
    assert (later["from"], later["num_segments"], later["messaging_service_sid"]) == (SHORT_CODE, "1", SERVICE)


# Errors


LONG = "a" * 1601
REFUSALS = [
    ({"to": ""}, 21604),
    ({"From": None}, 21603),
    ({"Body": None}, 21602),
    ({"Body": ""}, 21602),
    ({"Body": LONG}, 21617),
    ({"to": "tante Jeanne"}, 21211),
    ({"to": "0639980001"}, 21211),
    ({"to": "+14155550100"}, 21408),
    ({"to": "+34600000001"}, 21408),
    ({"From": "Les Chalets de l'Est"}, 21212),
    ({"From": "+33939000001"}, 21606),
    ({"From": "36111"}, 21606),
    ({"StatusCallback": "not a url"}, 21609),
    ({"StatusCallback": "/status"}, 21609),
    ({"StatusCallback": "http://my_host.example/status"}, 21609),
    ({"StatusCallback": "http://chalets.example/" + "a" * 4000}, 21609),
    ({"ValidityPeriod": "0"}, 21624),
    ({"ValidityPeriod": "36001"}, 21624),
    ({"ValidityPeriod": "soon"}, 21624),
    ({"From": None, "MessagingServiceSid": SERVICE}, 21701),
]


@pytest.mark.parametrize(("form", "expected"), REFUSALS)
def test_a_bad_request_gets_twilios_code(api: Api, form: dict[str, str | None], expected: int) -> None:
    reply = api.send(**{"to": PHONE} | form)

    assert reply.status_code in {400, 404}
    assert code(reply)[1] == expected
    assert api.control.refused()[-1]["code"] == expected


MAGIC = [
    ({"to": "+15005550001"}, 21211),
    ({"to": "+15005550002"}, 21612),
    ({"to": "+15005550003"}, 21408),
    ({"to": "+15005550004"}, 21610),
    ({"to": "+15005550009"}, 21614),
    ({"From": "+15005550001"}, 21212),
    ({"From": "+15005550007"}, 21606),
    ({"From": "+15005550008"}, 21611),
]


@pytest.mark.parametrize(("form", "expected"), MAGIC)
def test_the_magic_numbers_refuse_as_documented(api: Api, form: dict[str, str], expected: int) -> None:
    assert code(api.send(**{"to": PHONE} | form)) == (400, expected)


def test_the_fine_magic_number_sends(api: Api) -> None:
    assert api.send("+15005550006", From="+15005550006").status_code == 201


@pytest.mark.parametrize(("behaviour", "number", "codes"), [("landline", "+33536490001", {21614, 21635})])
def test_a_landline_refuses_texts(api: Api, behaviour: str, number: str, codes: set[int]) -> None:
    assert api.control.behaviours([number]) == {number: behaviour}
    assert code(api.send(number))[1] in codes


def test_both_codes_for_landlines_occur(api: Api) -> None:
    assert {code(api.send(f"+3353649{n:04d}"))[1] for n in range(20)} == {21614, 21635}


def test_a_phone_opted_out_at_twilio_refuses_with_21610(api: Api) -> None:
    api.control.put_phones({PHONE: "opted_out"})
    assert code(api.send()) == (400, 21610)


def test_a_number_that_cannot_send_texts_is_refused_with_21606(api: Api) -> None:
    api.control.put_senders({"address": "+33939000001", "sms": False})
    assert code(api.send(From="+33939000001")) == (400, 21606)


def test_a_loopback_status_callback_is_refused_with_21609_only_in_strict_mode(api: Api, twilio: Control) -> None:
    assert api.send(StatusCallback="http://127.0.0.1:9/status").status_code == 201

    twilio.settings(strict_urls=True)
    assert code(api.send(StatusCallback="http://127.0.0.1:9/status")) == (400, 21609)
    assert code(api.send(StatusCallback="http://localhost/status")) == (400, 21609)
    assert api.send(StatusCallback="https://chalets.example/status").status_code == 201


def test_unknown_parameters_are_ignored_and_reported(api: Api, twilio: Control) -> None:
    api.sent(BodyText="typing slip")

    (alert,) = twilio.alerts(code=20001)
    assert "BodyText" in alert["text"]


def test_a_number_written_with_spaces_is_read(api: Api) -> None:
    assert api.sent("+33 6 39 98 00 01")["to"] == PHONE


def test_smart_encoding_replaces_what_looks_alike(api: Api) -> None:
    body = "« L’été » – c’est long…"

    assert api.sent(Body=body)["body"] == body
    assert api.sent(Body=body, SmartEncoded="true")["body"] == "\" L'été \" - c'est long..."


def test_a_path_twilio_does_not_have_is_not_found(api: Api) -> None:
    assert code(api.call("GET", "/Messages/SM0.json")) == (404, 20404)
    assert code(api.call("GET", "/Nothing.json")) == (404, 20404)


# Reading back and changing


def test_a_message_can_be_fetched_and_grows_older(api: Api, twilio: Control) -> None:
    sid = api.sent()["sid"]
    twilio.clock(jump_s=10)
    message = api.fetch(sid)

    assert message["status"] == "delivered"
    assert message["date_sent"] is not None
    assert (message["price"], message["price_unit"]) == ("-0.07980", "USD")


def test_answers_are_dated_by_the_clock_that_dates_the_messages(api: Api, twilio: Control) -> None:
    twilio.clock(jump_s=3600)

    answered = api.send()

    assert parsedate_to_datetime(answered.headers["Date"]) == parsedate_to_datetime(answered.json()["date_created"])


def test_a_body_can_be_redacted_once_the_message_has_ended(api: Api, twilio: Control) -> None:
    sid = api.sent()["sid"]
    path = f"/Messages/{sid}.json"
    assert code(api.call("POST", path, data={"Body": ""})) == (409, 20009)

    twilio.clock(jump_s=10)
    assert api.call("POST", path, data={"Body": ""}).json()["body"] == ""
    assert code(api.call("POST", path, data={"Body": "other words"}))[0] == 400


def test_a_deleted_message_is_gone_for_the_client_but_not_for_the_journal(api: Api, twilio: Control) -> None:
    sid = api.sent()["sid"]
    assert code(api.call("DELETE", f"/Messages/{sid}.json")) == (409, 20009)

    twilio.clock(jump_s=10)
    assert api.call("DELETE", f"/Messages/{sid}.json").status_code == 204
    assert code(api.call("GET", f"/Messages/{sid}.json")) == (404, 20404)
    assert api.list()["messages"] == []
    assert twilio.messages(to=PHONE)[0]["deleted"]
