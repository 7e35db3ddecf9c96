"""config/prices.toml: exact amounts, every mistake named with its line."""

from datetime import date
from pathlib import Path

import pytest

from tests import deployments
from worker.catalogue import prices
from worker.domain.errors import BadDefinition
from worker.services import checking_settings

LINE = '[[price]]\ndestination = "+33"\neuro = "0.0798"\ndate = 2026-01-01\nsource = "contrat"\n'


def write(folder: Path, content: str) -> Path:
    (folder / "prices.toml").write_text(content, encoding="utf-8")
    return folder


def test_an_amount_is_read_to_the_millionth(tmp_path: Path) -> None:
    (price,) = prices.load(write(tmp_path, LINE.replace("0.0798", "0,079801"))).prices

    assert (price.destination, price.channel, price.micro, price.since) == ("+33", "sms", 79_801, date(2026, 1, 1))


def test_what_we_ship_has_a_price_for_every_number() -> None:
    table = prices.load(deployments.ROOT / "config")

    for number in ("+33612345678", "+262692000001", "+4915112345678"):
        assert table.price(destination=number, channel="sms", sender="court", on=date(2026, 7, 8)) is not None


def test_without_a_file_no_price_is_known(tmp_path: Path) -> None:
    assert prices.load(tmp_path).prices == ()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"0.0798"', "0.0798", "entre guillemets"),  # a binary fraction is no amount
        ('"0.0798"', '"gratuit"', "n'est pas un montant"),
        ('"0.0798"', '"-0.01"', "n'est pas un montant"),
        ('"0.0798"', '"0.00000001"', "n'est pas un montant"),
        ('"+33"', '"33"', "destination"),
        ('source = "contrat"', 'source = ""', "source"),
        ("date = 2026-01-01", 'date = "hier"', "date"),
        ("euro", "euros", "euros"),
        ("[[price]]", "[[prix]]", "prix"),
        ("[[price]]", "[[price", "TOML"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(BadDefinition, match=r"config/prices\.toml") as wrong:
        prices.load(write(tmp_path, LINE.replace(before, after)))

    assert said in str(wrong.value)


def test_every_wrong_line_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadDefinition) as wrong:
        prices.load(write(tmp_path, LINE + LINE.replace("+33", "x") + LINE.replace("0.0798", "y")))

    assert ["[[price]] 2" in line or "[[price]] 3" in line for line in str(wrong.value).splitlines()] == [True, True]


def test_the_check_reads_prices_guests_and_the_hours_of_agencies(tmp_path: Path) -> None:
    folder = deployments.copy_to(tmp_path)
    write(folder / "config", LINE.replace('"0.0798"', "1"))
    settings = deployments.settings_in(
        folder, guests=["+33612345678", "06 12 34 56 78"], agencies={"01": {"routine": [["12:00", "09:00"]]}}
    )

    found = {problem.key or problem.file: str(problem) for problem in checking_settings.problems(settings)}

    assert {"guests", "config/prices.toml", "agencies.01.routine"} <= set(found)
    assert "n° 2" in found["guests"]
    assert "06 12" not in found["guests"]
