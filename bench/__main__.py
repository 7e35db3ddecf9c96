"""`make bench`: everything in one run, as a table of ratios and as JSON."""

import argparse
import json
import os
import platform
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import baselines, cases, product, talks
from sandbox import homes

CEILING_PER_S = 1000.0
RECEIPTS_EACH = 2  # per message, from bench/light.py
FULL = {"messages": 15_000, "runs": 3, "large": 300_000, "naive": 1_500, "sequential": 60, "posts": 5_000}
QUICK = {"messages": 3_000, "runs": 2, "large": 0, "naive": 200, "sequential": 20, "posts": 2_000}

Row = tuple[str, str, str]


def main() -> None:
    """Measures, prints, writes."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--quick", action="store_true", help="a few minutes less, a rougher answer")
    parser.add_argument("--large", type=int, help="messages of the large run, 0 for none (default 300000; quick: 0)")
    parser.add_argument("--json", type=Path, default=Path("bench-results.json"), help="where the figures go")
    parser.add_argument("--markdown", type=Path, help="and the table, for docs/performance.md")
    given = parser.parse_args()
    size = dict(QUICK if given.quick else FULL)
    if given.large is not None:
        size["large"] = given.large
    measured = measure(size)
    given.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    if given.markdown:
        given.markdown.write_text(markdown(measured), encoding="utf-8")
    show(measured)
    Console().print(f"written to {given.json}")


def measure(size: dict[str, int]) -> dict[str, Any]:
    """All cases, the baselines between the blasts so that the machine's other load falls on both."""
    messages = size["messages"]
    blasts, unlimited, posts, posts_at_once = [], [], [], []
    with homes.home() as home, product.running(homes=messages) as bench:
        product.blast(bench, messages)  # the first run warms everybody
        for _run in range(size["runs"]):
            blasts.append(product.blast(bench, messages))
            posts.append(baselines.bare_posts(bench.light, size["posts"]))
            bench.light.reset(latency_s=0.0)
            unlimited.append(product.blast(bench, messages))
            posts_at_once.append(baselines.bare_posts(bench.light, size["posts"]))
            bench.light.reset(latency_s=0.1)
        naive = baselines.naive_dramatiq(bench.light, bench.stack, home, size["naive"])
        bench.light.reset(latency_s=0.0)
        naive_at_once = baselines.naive_dramatiq(bench.light, bench.stack, home, size["naive"])
        bench.light.reset(latency_s=0.1)
        sequential = baselines.sequential(bench.light, size["sequential"])
        replies = cases.replies_during_a_blast(bench, messages)
        talked = talks.hooks_during_a_blast(bench, messages)
        paused = cases.pause(bench, messages)
    paced = cases.shared_pace(workers=4)
    large = _large(size["large"]) if size["large"] else None
    return {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()},
        "size": size,
        "blasts": blasts,
        "latency_free": unlimited,
        "bare_posts": posts,
        "bare_posts_latency_free": posts_at_once,
        "naive_dramatiq": naive,
        "naive_dramatiq_latency_free": naive_at_once,
        "sequential": sequential,
        "replies": replies,
        "talks": talked,
        "pause": paused,
        "shared_pace": paced,
        "large": large,
    }


def _large(messages: int) -> dict[str, Any]:
    """Twenty times the size, without latency, so that it ends within the hour."""
    with product.running(homes=messages) as bench:
        bench.light.reset(latency_s=0.0)
        return product.blast(bench, messages)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """ "median [min..max]"."""
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}..{max(values):.{digits}f}]"


def rows(measured: dict[str, Any]) -> list[Row]:
    """(what, measured, against which baseline) for the table."""
    blasts, posts = measured["blasts"], measured["bare_posts"]
    ours = [b["our_cpu_ms_per_message"] for b in blasts]
    bare = [p["cpu_ms_per_message"] for p in posts]
    rates = [b["per_s"] for b in blasts]
    table = [
        ("messages/s, launch to last acceptance", spread(rates, 0), f"ceiling {CEILING_PER_S:.0f}/s"),
        ("share of the ceiling", spread([r / CEILING_PER_S for r in rates]), "goal 0.85"),
        (
            "share of the ceiling, bare POST loop",
            spread([p["per_s"] / CEILING_PER_S for p in posts]),
            "what this machine gave",
        ),
        ("CPU-ms per message, all our processes", spread(ours), "claim, render, send, record, two receipts"),
        ("CPU-ms per message, bare aiohttp POST loop", spread(bare), ""),
        ("ratio", spread([o / b for o, b in zip(ours, bare, strict=True)]), "goal 4 at most"),
        *_per_process(blasts),
        (
            "times a sequential loop (stock twilio-python)",
            _times(rates, measured["sequential"]),
            f"{measured['sequential']['per_s']:.0f}/s",
        ),
        (
            "times naive dramatiq",
            _times(rates, measured["naive_dramatiq"]),
            f"{measured['naive_dramatiq']['per_s']:.0f}/s; goal 8; the ceiling caps it",
        ),
        (
            "bare POST loop, times naive dramatiq",
            _times([p["per_s"] for p in posts], measured["naive_dramatiq"]),
            "the most that any sender could reach",
        ),
        (
            "messages/s without latency",
            spread([b["per_s"] for b in measured["latency_free"]], 0),
            "what two cores give",
        ),
        (
            "times naive dramatiq, both without latency",
            _times([b["per_s"] for b in measured["latency_free"]], measured["naive_dramatiq_latency_free"]),
            f"{measured['naive_dramatiq_latency_free']['per_s']:.0f}/s; goal 8",
        ),
        (
            "receipts stored per second, launch to the last",
            spread([RECEIPTS_EACH * b["messages"] / b["launch_to_last_receipt_s"] for b in blasts], 0),
            "what the blast brings",
        ),
        ("receipt answered, p50 ms", spread([b["receipt_ms"]["p50"] for b in blasts], 1), "under the blast"),
        ("receipt answered, p99 ms", spread([b["receipt_ms"]["p99"] for b in blasts], 1), ""),
        (
            "call for help to task, s",
            f"{measured['replies']['task_after_s']['median']:.2f}",
            "median during a blast; goal 2",
        ),
        ("reply answered, median ms", f"{measured['replies']['hook_ms']['median']:.0f}", "hook, during a blast"),
        ("hook of a call answered, p50 ms", f"{measured['talks']['ms']['p50']:.0f}", "four telephones, during a blast"),
        (
            "hook of a call answered, p99 ms",
            f"{measured['talks']['ms']['p99']:.0f}",
            f"goal 200; receipts meanwhile {measured['talks']['receipt_ms']['p99']:.0f}",
        ),
        (
            "times the receipts of the same run",
            f"{measured['talks']['ms']['p99'] / max(1e-9, measured['talks']['receipt_ms']['p99']):.2f}",
            "p99 against p99, whatever else the machine does",
        ),
        ("last request after a pause, s", f"{measured['pause']['last_request_after_s']:.2f}", "goal 1"),
        ("most segments in any second, 4 workers", str(measured["shared_pace"]["most_in_a_second"]), "pace 10/s"),
        ("segments/s of that pace used", f"{measured['shared_pace']['per_s']:.1f}", "moments are kept 10 % apart"),
    ]
    return table + _growth(measured)


def _per_process(blasts: Sequence[dict[str, Any]]) -> list[Row]:
    names = blasts[0]["cpu_ms_per_message"]
    return [
        (
            f"  of which {name}",
            spread([b["cpu_ms_per_message"][name] for b in blasts]),
            f"peak {blasts[-1]['peak_mb'].get(name, 0)} MB",
        )
        for name in names
    ]


def _times(rates: Sequence[float], baseline: dict[str, float]) -> str:
    return spread([rate / baseline["per_s"] for rate in rates], 1)


def _growth(measured: dict[str, Any]) -> list[Row]:
    large = measured["large"]
    if not large:
        return []
    against = f"{large['messages']:,} against {measured['size']['messages']:,}"
    alike = measured["latency_free"]
    ours = large["our_cpu_ms_per_message"] / statistics.median(b["our_cpu_ms_per_message"] for b in alike)
    postgres = _of_postgres(large) / statistics.median(_of_postgres(b) for b in alike)
    peaks = {
        name: large["peak_mb"].get(name, 0) / max(1, alike[-1]["peak_mb"].get(name, 1))
        for name in ("worker", "web", "scheduler", "redis")
    }
    return [
        (f"CPU per message, {against}", f"{ours:.2f}", "all our processes; goal 1.2; no latency"),
        (f"CPU per message of PostgreSQL, {against}", f"{postgres:.2f}", "goal 1.2; no latency"),
        (
            "first text after launch, s",
            f"{large['launch_to_first_accepted_s']:.1f}",
            f"fan-out of {large['messages']:,} households",
        ),
        *((f"peak memory of {name}, large against small", f"{ratio:.2f}", "goal 1.3") for name, ratio in peaks.items()),
    ]


def _of_postgres(blast: dict[str, Any]) -> float:
    used: float = blast["cpu_ms_per_message"]["postgres"]
    return used


def markdown(measured: dict[str, Any]) -> str:
    """The table as a document shows it."""
    lines = ["| what | median [min..max] | against |", "|---|---|---|"]
    lines += [f"| {what.strip()} | {figure} | {against} |" for what, figure, against in rows(measured)]
    return "\n".join(lines) + "\n"


def show(measured: dict[str, Any]) -> None:
    """The table. The machine's load is said, since others may be using it."""
    table = Table("what", "median [min..max]", "against", box=None, pad_edge=False)
    for row in rows(measured):
        table.add_row(*row)
    load = ", ".join(f"{value:.1f}" for value in measured["machine"]["load"])
    console = Console(width=150)
    machine, size = measured["machine"], measured["size"]
    console.print(f"{machine['cpus']} CPUs, load {load}; {size['messages']:,} messages, {size['runs']} runs")
    console.print(table)


if __name__ == "__main__":
    main()
