"""Settings in, App out: the only file that knows every concrete part."""

import gc
import os
import socket
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from worker import catalogue
from worker import settings as configuration
from worker.catalogue import forms, prices
from worker.domain.campaigns import Campaign
from worker.domain.channels import Capability, Sender
from worker.domain.errors import BadDefinition, UnknownCampaign
from worker.domain.forms import Form
from worker.domain.pricing import PriceTable
from worker.gates import Gates, Gathering
from worker.i18n import _
from worker.rendering import Texts
from worker.services import (
    answering,
    bridge_ends,
    calling,
    hearing,
    outages,
    questions,
    reconciling,
    sending,
    shares,
    speaking,
)
from worker.services import desk as desks
from worker.store import database
from worker.twilio.client import Gateway

# Acknowledgements of replies that are read within this span leave together.
ANSWERS_GATHERED_S = 0.2


@dataclass(frozen=True, slots=True)
class App:
    """One process's parts. Built once, shared by its threads.

    broken: campaigns whose file is not usable, with what is wrong; the others go on without them.
    """

    settings: configuration.Settings
    db: database.Database
    texts: Texts
    campaigns: Mapping[str, Campaign]
    broken: Mapping[str, str]
    gateway: Gateway
    desk: desks.Desk
    prices: PriceTable
    clock: Callable[[], datetime]
    sending: sending.Rig
    calling: calling.Rig
    answering: answering.Rig
    reading: hearing.Rig
    reconciling: reconciling.Rig
    outage: outages.Rules
    forms: Sequence[Form]
    gates: Gates = field(default_factory=Gates)
    answers_owed: Gathering = field(default_factory=lambda: Gathering(ANSWERS_GATHERED_S))

    @property
    def voice_senders(self) -> list[Sender]:
        """The senders that carry calls."""
        return [s for s in self.sending.senders.values() if s.capability is Capability.VOICE]

    def campaign(self, key: str) -> Campaign:
        """A campaign of config/campaigns/.

        Raises UnknownCampaign, naming those there are; BadDefinition, saying what is wrong with its file.
        """
        if key in self.broken:
            raise BadDefinition(self.broken[key])
        if key not in self.campaigns:
            known = ", ".join(sorted(self.campaigns))
            raise UnknownCampaign(
                _("Campagne inconnue : « {key} ». Campagnes définies : {known}.").format(key=key, known=known)
            )
        return self.campaigns[key]

    def close(self) -> None:
        """Gives connections and threads back."""
        self.gateway.close()
        self.db.close()


def build(settings: configuration.Settings, *, clock: Callable[[], datetime] | None = None) -> App:
    """Puts the parts together; opens no connection yet. Raises BadDefinition when they do not fit."""
    now = clock or utc_now
    senders = settings.sender_table
    texts = Texts(settings.templates_dir)
    db = database.connect(settings.database_url.get_secret_value())
    gateway = Gateway(settings.twilio, public_url=settings.public_url, clock=now)
    desk = desks.of(settings)
    limits = settings.limits
    texting = sending.Rig(
        db=db,
        gateway=gateway,
        texts=texts,
        senders=senders,
        desk=desk,
        share=shares.Share(
            db,
            gateway,
            _holder(),
            most=settings.twilio.max_in_flight,
            clock=now,
            held_for=max(shares.HELD_FOR, timedelta(seconds=settings.twilio.timeout_s + 5)),
        ),
        batch_size=limits.batch_size,
        max_attempts=limits.max_attempts,
        lease=timedelta(seconds=limits.lease_s),
        clock=now,
    )
    ringing = calling.Rig(texting, ring_s=settings.calls.ring_s, longest_s=settings.calls.longest_s)
    read = catalogue.read_all(settings.config_dir, senders=senders, texts=texts)
    return App(
        settings=settings,
        db=db,
        texts=texts,
        campaigns=read.sound,
        broken=read.broken,
        gateway=gateway,
        desk=desk,
        prices=prices.load(settings.config_dir),
        clock=now,
        sending=texting,
        calling=ringing,
        answering=answering.Rig(db, desk, speaking.of(settings), settings.public_url),
        reading=hearing.Rig(
            db=db,
            desk=desk,
            senders=senders,
            rules=hearing.Rules(
                acks_per_day=limits.acks_per_day,
                ack_quiet=timedelta(seconds=limits.ack_quiet_s),
                absence=timedelta(days=limits.absence_days),
            ),
        ),
        reconciling=reconciling.Rig(
            db=db,
            gateway=gateway,
            senders=senders,
            margin=timedelta(seconds=limits.unknown_margin_s),
            receipt_patience=timedelta(seconds=limits.receipt_poll_after_s),
            clock=now,
            desk=desk,
            at_once=questions.at_once(settings.twilio.max_in_flight),
            call_patience=timedelta(seconds=settings.calls.ask_after_s) or ringing.under_way_for,
            rings_back=settings.calls.ring_back,
            bridges=bridge_ends.rules_of(settings),
        ),
        forms=forms.load(settings.config_dir),
        outage=outages.Rules(
            alarm=timedelta(seconds=limits.outage_alarm_s), patience=timedelta(seconds=limits.outage_patience_s)
        ),
    )


def settle() -> None:
    """What is loaded by now stays, and the collector does not look at it again.

    Called when a process has what it needs. A look at everything takes 150 ms, in which nobody on the telephone is
    answered and no answer of the provider is taken: https://docs.python.org/3/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()


def _holder() -> str:
    """This process's name among the workers."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def machine_time() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


# What the whole process takes for the time; a rehearsal may put another clock here.
time_of_day: Callable[[], datetime] = machine_time


def utc_now() -> datetime:
    """The time, for whoever does not get it handed in."""
    return time_of_day()
