"""The stand-in's player: what people hear of a document and what follows, by tables."""

import pytest

from sandbox.callees import CALLEES, Callee, Manner, Press
from sandbox.twilio import twiml
from sandbox.twilio.voice import script
from sandbox.twilio.voice.player import Connect, Go, Memory, Next, Over, Performance, perform
from sandbox.twilio.voice.script import Dial, Gather, Hangup, Redirect, Reject, Silence, Target, Verb, Words

QUESTION = Words("Si tout va bien, tapez 1.", 10.0)
CLOSING = Words("Nous n'avons rien entendu.", 4.0)
ONE_KEY = Gather((QUESTION,), "/keys", timeout_s=5.0, finish_on_key="", num_digits=1)


def played(*verbs: Verb, callee: Callee | None = None, presses: tuple[Press | None, ...] = ()) -> Performance:
    return perform(verbs, callee or Callee(presses=presses), at_s=0.0)


def heard(performance: Performance) -> list[str]:
    return [line.text for line in performance.lines]


@pytest.mark.parametrize(
    ("xml", "verbs"),
    [
        ("<Say>Bonjour</Say>", [Words("Bonjour", 7 / 14)]),
        ('<Say voice="Polly.Lea-Neural" language="fr-FR">a<break/>b</Say>', [Words("ab", 2 / 14)]),
        ('<Say><prosody rate="50%">Bonjour</prosody></Say>', [Words("Bonjour", 1.0)]),
        ('<Say loop="2">Bonjour</Say>', [Words("Bonjour", 0.5)] * 2),
        ("<Play>http://127.0.0.1/a.mp3</Play>", [Words("[http://127.0.0.1/a.mp3]", 10.0)]),
        ('<Play digits="w12"/>', [Words("[w12]", 1.5)]),
        ("<Pause/>", [Silence(1.0)]),
        ('<Pause length="3"/>', [Silence(3.0)]),
        ("<Gather/>", [Gather()]),
        (
            (
                '<Gather action="/k" method="GET" timeout="7" finishOnKey="*" numDigits="1" actionOnEmptyResult="true">'
                "<Say>Bonjour</Say><Pause/></Gather>"
            ),
            [Gather((Words("Bonjour", 0.5), Silence(1.0)), "/k", "GET", 7.0, "*", 1, on_empty=True)],
        ),
        ('<Gather finishOnKey=""/>', [Gather(finish_on_key="")]),
        ('<Gather input="speech dtmf"/>', [Gather()]),
        ('<Gather input="speech"/>', [Gather(takes_keys=False)]),
        ("<Redirect>/next</Redirect>", [Redirect("/next")]),
        ("<Redirect/>", [Redirect(None)]),
        ("<Hangup/>", [Hangup()]),
        ("<Reject/>", [Reject()]),
        ('<Reject reason="busy"/>', [Reject("busy")]),
        ("<Dial>+33536490001</Dial>", [Dial((Target("+33536490001"),))]),
        (
            (
                '<Dial action="/d" timeout="20" callerId="+33939000001" answerOnBridge="true"><Number url="/w" '
                'statusCallback="/s" statusCallbackEvent="answered completed">+33536490001</Number></Dial>'
            ),
            [
                Dial(
                    (Target("+33536490001", "/w", callback="/s", events=frozenset({"answered", "completed"})),),
                    "/d",
                    timeout_s=20.0,
                    caller_id="+33939000001",
                    answer_on_bridge=True,
                )
            ],
        ),
        ("<Fax/><Hangup/>", [Hangup()]),
        (f"<Say>{'a' * 4097}</Say>", []),
    ],
)
def test_a_document_is_read_as_documented(xml: str, verbs: list[Verb]) -> None:
    assert script.parse(f"<Response>{xml}</Response>".encode()).verbs == tuple(verbs)


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        ("<Fax/>", 12200),
        ("<Say/>", 13520),
        ("<Dial><Client>a</Client></Dial>", 12200),
        ("<Gather input='speech'/>", 12200),
        ("<Say tempo='1'>a</Say>", 12200),
        ("<Say language='French'>a</Say>", 12200),
        ("<Say>a<b>b</b></Say>", 12200),
        ("<Say><prosody speed='1'>a</prosody></Say>", 12200),
        ("<Play loops='2'>a</Play>", 12200),
        ("<Pause length='a while'/>", 12200),
        ("<Gather numDigit='1'/>", 12200),
        ("<Gather method='PUT'/>", 12200),
        ("<Dial answerOnBridge='yes'>+33536490001</Dial>", 12200),
        ("<Dial><Number callback='/a'>+33536490001</Number></Dial>", 12200),
        ("<Hangup after='1'/>", 12200),
        ("<Reject reason='no'/>", 12200),
    ],
)
def test_what_twilio_would_complain_of_is_remarked(xml: str, code: int) -> None:
    assert [c for c, _ in script.parse(f"<Response>{xml}</Response>".encode()).remarks] == [code]


@pytest.mark.parametrize(
    "xml",
    [
        '<Say voice="Polly.Lea-Neural" language="fr-FR"><prosody rate="85%">a <break time="1s"/></prosody></Say>',
        '<Say><say-as interpret-as="telephone">05 36 49 00 01</say-as> <lang xml:lang="en-GB">a</lang></Say>',
        '<Gather input="dtmf speech" finishOnKey="" numDigits="1" actionOnEmptyResult="true" action="/a?m=1&amp;a=2"/>',
        '<Dial timeLimit="60" hangupOnStar="true"><Number statusCallbackEvent="ringing answered">+336</Number></Dial>',
        '<Play digits="1ww2"/><Pause length="2"/><Redirect method="GET">/a</Redirect><Reject reason="busy"/>',
    ],
)
def test_what_twilio_documents_is_not_complained_of(xml: str) -> None:
    assert script.parse(f"<Response>{xml}</Response>".encode()).remarks == []


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/json", b"{}", 12300),
        ("", b"<Response/>", 12300),
        ("text/xml", b"<Response>", 12100),
        ("text/xml", b"<Message/>", 12100),
        ("text/xml", b"<Response>" + b" " * 65536 + b"</Response>", 11750),
    ],
)
def test_an_answer_that_cannot_be_played_has_twilios_code(content_type: str, body: bytes, code: int) -> None:
    with pytest.raises(twiml.Unreadable) as refused:
        script.read(content_type, body)
    assert refused.value.code == code


def test_plain_text_is_read_aloud_and_nothing_is_nothing() -> None:
    assert script.read("text/plain; charset=utf-8", "Allô".encode()).verbs[0].text == "Allô"  # type: ignore[union-attr]
    assert script.read("", b"", status=204).verbs == ()


@pytest.mark.parametrize(
    ("verbs", "presses", "over_s", "then"),
    [
        ((CLOSING,), (), 4.0, Over("document ended")),
        ((CLOSING, Hangup(), CLOSING), (), 4.0, Over("hangup")),
        ((Reject("busy"),), (), 0.0, Over("reject", "busy")),
        ((Redirect("/next"), CLOSING), (), 0.0, Go("redirect", "/next")),
        # a key interrupts; without one the next verb follows, and action is not asked
        ((ONE_KEY, CLOSING), (Press("1", words=0.5),), 5.0, Go("gather", "/keys", fields={"Digits": "1"})),
        ((ONE_KEY, CLOSING), (None,), 19.0, Over("document ended")),
        ((ONE_KEY, ONE_KEY), (None, Press("2", words=0.5)), 20.0, Go("gather", "/keys", fields={"Digits": "2"})),
        # actionOnEmptyResult
        (
            (Gather((QUESTION,), "/keys", on_empty=True), CLOSING),
            (None,),
            15.0,
            Go("gather", "/keys", fields={"Digits": ""}),
        ),
        # a key in the silence counts, one after it does not
        ((ONE_KEY, CLOSING), (Press("1", 1.0, 4.9),), 14.9, Go("gather", "/keys", fields={"Digits": "1"})),
        ((ONE_KEY, CLOSING), (Press("1", 1.0, 5.1),), 19.0, Over("document ended")),
        # a key that comes late falls into the next question
        ((ONE_KEY, ONE_KEY), (Press("1", 1.0, 7.0),), 17.0, Go("gather", "/keys", fields={"Digits": "1"})),
        # without numDigits the finishing key ends it at once, otherwise the timeout does
        (
            (Gather((QUESTION,), "/keys"),),
            (Press("12#", 0.5),),
            5.0,
            Go("gather", "/keys", fields={"Digits": "12", "FinishedOnKey": "#"}),
        ),
        ((Gather((QUESTION,), "/keys"),), (Press("12", 0.5),), 10.0, Go("gather", "/keys", fields={"Digits": "12"})),
        ((Gather((QUESTION,), "/keys"), CLOSING), (Press("#", 0.5),), 9.0, Over("document ended")),
        (
            (Gather((QUESTION,), "/keys", finish_on_key=""),),
            (Press("1#", 0.5),),
            10.0,
            Go("gather", "/keys", fields={"Digits": "1#"}),
        ),
        (
            (Gather((QUESTION,), "/keys", num_digits=2),),
            (Press("123", 0.5),),
            5.0,
            Go("gather", "/keys", fields={"Digits": "12"}),
        ),
        # without an action the document's own address is asked
        ((Gather((QUESTION,), num_digits=1),), (Press("1", 0.5),), 5.0, Go("gather", None, fields={"Digits": "1"})),
        # speech alone takes no keys
        ((Gather((QUESTION,), "/keys", takes_keys=False),), (Press("1", 0.5),), 15.0, Over("document ended")),
        ((Dial((Target("+33536490001"),)), CLOSING), (), 0.0, Connect(Dial((Target("+33536490001"),)), (CLOSING,))),
    ],
)
def test_verbs_lead_on_as_documented(
    verbs: tuple[Verb, ...], presses: tuple[Press | None, ...], over_s: float, then: Next
) -> None:
    performance = played(*verbs, presses=presses)

    assert performance.then == then
    assert performance.over_s == pytest.approx(over_s)


@pytest.mark.parametrize(
    ("manner", "keys", "why"),
    [
        (Manner.FINE, [("1", True)], "gather"),
        (Manner.HELP, [("2", True)], "gather"),
        (Manner.REPEAT, [("3", True)], "gather"),
        (Manner.STOP, [("9", True)], "gather"),
        (Manner.DEAF, [("1", True)], "gather"),
        (Manner.SILENT, [], "document ended"),
        (Manner.WRONG_KEY, [("7", True)], "gather"),
        (Manner.LATE_KEY, [], "document ended"),
        (Manner.HANGS_UP, [], "person"),
        (Manner.UNKNOWN, [("1", True)], "gather"),
        (Manner.MACHINE, [], "document ended"),
        (Manner.MISJUDGED, [("1", True)], "gather"),
    ],
)
def test_each_manner_is_recognisable(manner: Manner, keys: list[tuple[str, bool]], why: str) -> None:
    performance = played(ONE_KEY, ONE_KEY, CLOSING, callee=CALLEES[manner])

    assert [(p.keys, p.listened) for p in performance.pressed] == keys
    assert (performance.then.what if isinstance(performance.then, Go) else performance.then.why) == why


def test_who_hangs_up_hears_half_a_sentence() -> None:
    performance = played(QUESTION, callee=Callee(hangs_up_s=5.0))

    assert heard(performance) == ["Si tout va"]
    assert not performance.lines[0].whole
    assert performance.then == Over("person")


def test_who_leaves_with_the_key_has_pressed_it_all_the_same() -> None:
    then = played(ONE_KEY, callee=CALLEES[Manner.PRESSES_AND_LEAVES]).then

    assert isinstance(then, Go)
    assert then.leaves
    assert then.fields == {"Digits": "1"}


def test_a_key_nobody_listens_to_is_noted_as_lost() -> None:
    performance = played(ONE_KEY, CLOSING, presses=(Press("1", 1.0, 6.0),))

    assert [(p.at_s, p.listened) for p in performance.pressed] == [(16.0, False)]


def test_a_machine_records_what_comes_after_its_greeting() -> None:
    performance = played(QUESTION, CLOSING, callee=Callee(greeting_s=8.0))

    assert heard(performance) == ["1.", CLOSING.text]
    assert performance.lines[0].at_s == 8.0


def test_what_is_interrupted_was_heard_up_to_then() -> None:
    performance = played(QUESTION, CLOSING)

    assert [line.text for line in performance.heard(5.0)] == ["Si tout va"]
    assert [line.text for line in performance.heard(12.0)] == [QUESTION.text, "Nous n'avons"]


def test_the_second_question_is_remembered_over_documents() -> None:
    person = CALLEES[Manner.DEAF]
    first = perform((ONE_KEY,), person, at_s=0.0)
    second = perform((ONE_KEY,), person, at_s=first.over_s, memory=first.memory)

    assert first.memory == Memory(1)
    assert [p.keys for p in second.pressed] == ["1"]
