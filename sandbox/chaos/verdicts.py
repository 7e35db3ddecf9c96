"""What a run came to, for a person and for a program."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from sandbox.chaos import promises
from sandbox.chaos.checks import Verdict
from sandbox.chaos.plan import Plan
from worker.i18n import _

SHOWN = 8  # breaches of one promise; --json has all


@dataclass(frozen=True, slots=True)
class Result:
    """verdicts: promise -> at the end. passing: promise -> what was broken at some moment. fallen: processes that ended
    of themselves. figures: what went on."""

    plan: Plan
    verdicts: Mapping[str, Verdict]
    passing: Mapping[str, Sequence[str]]
    looks: int
    fallen: Sequence[str]
    figures: Mapping[str, int]
    seconds: float

    @property
    def broken(self) -> dict[str, list[str]]:
        """Every promise that did not hold, at the end or for a moment, with what was seen."""
        names = [*promises.EVERY, promises.nothing_goes_back.__name__]
        found = {name: self._wrong(name) for name in names}
        return {name: wrong for name, wrong in found.items() if wrong}

    def as_json(self) -> dict[str, Any]:
        """All of it for another program."""
        blows = [{"at_s": b.at_s, "kind": b.kind, "lasts_s": b.lasts_s, "target": b.target} for b in self.plan.blows]
        return {
            "seed": self.plan.seed,
            "seconds": round(self.seconds, 1),
            "promises": {name: {"looked_at": v.looked_at} for name, v in self.verdicts.items()},
            "looks": self.looks,
            "broken": self.broken,
            "fallen": list(self.fallen),
            "figures": dict(self.figures),
            "blows": blows,
        }

    def show(self, console: Console) -> None:
        """A table of the promises, and what to do about a broken one."""
        table = Table(title=_("Les promesses, vérifiées"), title_justify="left", box=None, pad_edge=False)
        table.add_column(_("Promesse"))
        table.add_column(_("Vérifiées"), justify="right")
        table.add_column(_("Rompues"), justify="right")
        for name in (*promises.EVERY, promises.nothing_goes_back.__name__):
            wrong = len(self._wrong(name))
            looked_at = self.verdicts[name].looked_at if name in self.verdicts else self.looks
            table.add_row(_said(name), str(looked_at), str(wrong), style="bold red" if wrong else None)
        console.print(table)
        blows = Counter(str(b.kind) for b in self.plan.blows)
        console.print(_("Incidents : {kinds}").format(kinds=", ".join(f"{k} {n}" for k, n in sorted(blows.items()))))
        console.print(_("En chiffres : {figures}").format(figures=_listed(self.figures)))
        for name, lines in self.broken.items():
            console.print(f"✗ {_said(name)}", style="bold red")
            for line in lines[:SHOWN]:
                console.print(f"    {line}", markup=False)
        for line in self.fallen:
            console.print(_("Tombé de lui-même : {line}").format(line=line), markup=False)
        console.print(_("Graine {seed}, {s:.0f} s.").format(seed=self.plan.seed, s=self.seconds))

    def _wrong(self, name: str) -> list[str]:
        at_the_end = self.verdicts[name].wrong if name in self.verdicts else ()
        return list(dict.fromkeys([*at_the_end, *self.passing.get(name, ())]))


def _listed(figures: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in figures.items())


def _said(name: str) -> str:
    return SENTENCES.get(name, name)


SENTENCES: Mapping[str, str] = {
    "accepted_once": _("aucun SMS accepté deux fois"),
    "rung_once": _("aucun appel de trop : ni le même essai deux fois, ni après la réponse"),
    "no_key_is_lost": _("aucune touche tapée n'est perdue"),
    "who_pressed_1_is_left_in_peace": _("qui a tapé 1 n'est pas rappelé pour silence"),
    "everyone_has_one_place": _("chaque foyer du public, une fois et une seule"),
    "everyone_is_accounted_for": _("chaque foyer dans un état suivi"),
    "no_opening_is_lost": _("aucune opération ouverte n'est perdue"),
    "no_reply_is_lost": _("aucune réponse n'est perdue"),
    "the_fine_are_left_in_peace": _("qui va bien et l'a dit à temps n'est pas rappelé pour silence"),
    "the_silent_are_rung": _("qui se tait est à appeler"),
    "nobody_waits_past_the_deadline": _("personne n'attend au-delà du délai"),
    "nothing_left_after_its_time": _("aucun SMS hors délai ni hors horaire"),
    "who_is_informed_had_the_text": _("nul n'est dit informé par un SMS que Twilio n'a pas pris"),
    "both_sides_agree": _("nos comptes et ceux de Twilio concordent"),
    "all_has_come_to_an_end": _("tout est arrivé à son terme"),
    "the_account_adds_up": _("le compte est juste, et le rapport le dit"),
    "nothing_goes_back": _("rien ne disparaît ni ne revient en arrière"),
}
