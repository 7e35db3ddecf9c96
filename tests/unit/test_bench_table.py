"""What `make bench` tells of a large event against a small one."""

from typing import Any

from bench import __main__ as table


def _blast(messages: int, *, ours: float, postgres: float, mb: int = 100) -> dict[str, Any]:
    return {
        "messages": messages,
        "our_cpu_ms_per_message": ours,
        "cpu_ms_per_message": {"web": ours / 2, "worker": ours / 2, "postgres": postgres},
        "peak_mb": {"web": mb, "worker": mb},
        "launch_to_first_accepted_s": 15.0,
    }


def _grown(large: dict[str, Any] | None) -> dict[str, str]:
    small = [_blast(15_000, ours=0.6, postgres=postgres) for postgres in (0.3, 0.4, 0.5)]
    measured = {"large": large, "latency_free": small, "size": {"messages": 15_000}}
    return {what: figure for what, figure, _against in table._growth(measured)}


def test_what_the_database_spends_is_compared_as_well_as_our_own_processes() -> None:
    grown = _grown(_blast(300_000, ours=0.63, postgres=0.8))

    assert grown["CPU per message, 300,000 against 15,000"] == "1.05"
    assert grown["CPU per message of PostgreSQL, 300,000 against 15,000"] == "2.00"


def test_without_a_large_event_nothing_is_compared() -> None:
    assert _grown(None) == {}
