"""No link, no money, no code in any text."""

import pytest

from worker.domain.trust import Breach, breaches


@pytest.mark.parametrize(
    ("text", "breach", "words"),
    [
        ("Cliquez sur https://chalets.fr/x", Breach.LINK, "https"),
        ("Voir www.chalets", Breach.LINK, "www."),
        ("Voir les-chalets.fr", Breach.LINK, "les-chalets.fr"),
        ("Il reste 12€ à régler", Breach.MONEY, "€"),
        ("Il reste 12 Euros", Breach.MONEY, "Euros"),
        ("Votre IBAN a changé", Breach.MONEY, "IBAN"),
        ("Un virement vous attend", Breach.MONEY, "virement"),
        ("Payez votre loyer", Breach.MONEY, "Payez"),
        ("Your payment is due", Breach.MONEY, "payment"),
        ("Envoyez-nous le code reçu", Breach.CODE, "Envoyez-nous le code"),
        ("Reply with your password", Breach.CODE, "Reply with your password"),
    ],
)
def test_what_a_swindler_would_write_is_found(text: str, breach: Breach, words: str) -> None:
    found = breaches(text)

    assert [(f.breach, f.words) for f in found] == [(breach, words)]


@pytest.mark.parametrize(
    "text",
    [
        "Nos SMS ne demandent jamais d'argent ni de code et n'ont pas de lien.",
        "Our SMS never ask for money or a code and never hold a link.",
        "Restez au frais. Répondez 1. Le pays est en vigilance orange.",
        "comme sur la quittance",
    ],
)
def test_our_own_words_are_not_taken_for_a_swindlers(text: str) -> None:
    assert breaches(text) == ()
