"""Who: agencies, residences, dwellings, households, tenants, phones, refusals and holds."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    Index,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from worker.domain.channels import Channel, PhoneKind, PhoneLabel
from worker.store.schema.base import at, id_, metadata, one_of, ref

# As somebody types a name in a hurry: no accents, no capitals. Plain letters, so that every locale agrees. Written as
# PostgreSQL writes it, for the comparison of migrations and tables.
FOLDED = (
    "lower(translate({}, 'ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäåçèéêëìíîïñòóôõöùúûüýÿ'::text, "
    "'AAAAAACEEEEIIIINOOOOOUUUUYaaaaaaceeeeiiiinooooouuuuyy'::text))"
)

agency = Table(
    "agency",
    metadata,
    id_(),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("phone", Text),
)

residence = Table(
    "residence",
    metadata,
    id_(),
    Column("name", Text, nullable=False),
    Column("folded_name", Text, nullable=False, unique=True),
    Column("senior", Boolean, nullable=False, server_default=text("false")),
)

dwelling = Table(
    "dwelling",
    metadata,
    id_(),
    Column("code", Text, nullable=False, unique=True),
    ref("agency_id", "agency.id"),
    ref("residence_id", "residence.id", nullable=True),
    Column("address", Text, nullable=False, server_default=""),
    Column("address_extra", Text, nullable=False, server_default=""),
    Column("postcode", Text, nullable=False, server_default=""),
    Column("commune", Text, nullable=False, server_default=""),
    Column("insee_code", Text),
    Column("departement", Text),
    Column("building", Text),
    Column("staircase", Text),
    Column("floor", Text),
    Column("adapted", Boolean, nullable=False, server_default=text("false")),
    Index("ix_dwelling_agency_id", "agency_id"),
)
_code = func.lower(dwelling.c.code).label("code")
Index("ix_dwelling_code", _code, postgresql_ops={"code": "text_pattern_ops"})

household = Table(
    "household",
    metadata,
    id_(),
    ref("dwelling_id", "dwelling.id"),
    Column("lives_alone", Text, nullable=False, server_default="unknown"),
    # 'caller': somebody asked; an import leaves it alone.
    Column("lives_alone_source", Text, nullable=False, server_default="import"),
    Column("fragile", Boolean, nullable=False, server_default=text("false")),
    at("created_at", nullable=False),
    at("gone_at"),
    # They told a caller that they want neither texts nor calls. Emergencies apart, nothing is owed to them.
    at("refused_at"),
    # What the household told us it would rather have; NULL: no wish. Local hours.
    Column("preferred_language", Text),
    Column("preferred_channel", Text),
    Column("preferred_from", Time),
    Column("preferred_until", Time),
    # Not tenants: staff on the list of guests, to whom a campaign's text is sent as a test.
    Column("guest", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("lives_alone IN ('yes', 'no', 'unknown')", name="lives_alone_known"),
    CheckConstraint("lives_alone_source IN ('import', 'caller')", name="lives_alone_source_known"),
    CheckConstraint("preferred_channel IN ('sms', 'call')", name="preferred_channel_known"),
    CheckConstraint("(preferred_from IS NULL) = (preferred_until IS NULL)", name="preferred_hours_complete"),
    CheckConstraint("preferred_from < preferred_until", name="preferred_hours_in_order"),
    # One present household per dwelling.
    Index("uq_household_present", "dwelling_id", unique=True, postgresql_where=text("gone_at IS NULL")),
)

tenant = Table(
    "tenant",
    metadata,
    id_(),
    ref("household_id", "household.id"),
    # identity_key: ERP number (or the dwelling, without one) + folded name + birth date.
    Column("identity_key", Text, nullable=False),
    Column("erp_id", Text),
    Column("contract", Text),
    Column("civility", Text, nullable=False, server_default=""),
    Column("last_name", Text, nullable=False),
    Column("first_name", Text, nullable=False, server_default=""),
    Column("birth_date", Date),
    Column("birth_precision", Text, nullable=False, server_default="unknown"),
    Column("role", Text, nullable=False, server_default="holder"),
    Column("language", Text, nullable=False, server_default="fr"),
    Column("email", Text),
    Column("entered_on", Date),
    Column("left_on", Date),
    Column("status", Text, nullable=False, server_default="active"),
    # 'caller': a listing that lags behind does not bring the person back.
    Column("status_source", Text, nullable=False, server_default="import"),
    # What a search compares with.
    Column("last_first", Text, Computed(FOLDED.format("last_name || ' '::text || first_name"), persisted=True)),
    Column("first_last", Text, Computed(FOLDED.format("first_name || ' '::text || last_name"), persisted=True)),
    CheckConstraint("birth_precision IN ('day', 'year', 'unknown')", name="birth_precision_known"),
    CheckConstraint("(birth_date IS NULL) = (birth_precision = 'unknown')", name="birth_date_matches_precision"),
    CheckConstraint("role IN ('holder', 'co_holder', 'spouse', 'occupant')", name="role_known"),
    CheckConstraint("status IN ('active', 'left', 'deceased')", name="status_known"),
    CheckConstraint("status_source IN ('import', 'caller')", name="status_source_known"),
    Index("uq_tenant_identity", "household_id", "identity_key", unique=True),
    Index("ix_tenant_active", "household_id", postgresql_where=text("status = 'active'")),
    *(
        Index(f"ix_tenant_{name}", name, postgresql_ops={name: "text_pattern_ops"}, postgresql_include=["household_id"])
        for name in ("last_first", "first_last")
    ),
)

phone = Table(
    "phone",
    metadata,
    id_(),
    ref("household_id", "household.id"),
    ref("tenant_id", "tenant.id", nullable=True),
    Column("e164", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False, server_default=PhoneLabel.SELF),
    Column("rank", SmallInteger, nullable=False, server_default=text("1")),
    # 'caller': a human corrected it; an import never overwrites or removes it.
    Column("source", Text, nullable=False, server_default="import"),
    at("bad_since"),
    Column("bad_reason", Text),
    at("removed_at"),
    # Of a person to warn, who agreed to it: the name, and the call in which it was said.
    Column("holder_name", Text),
    ref("told_in", "call_outcome.id", nullable=True),
    CheckConstraint("e164 ~ '^\\+[1-9][0-9]{6,14}$'", name="e164_shape"),
    one_of("kind", PhoneKind),
    one_of("label", PhoneLabel),
    CheckConstraint("source IN ('import', 'caller')", name="source_known"),
    UniqueConstraint("household_id", "e164"),
    Index("ix_phone_e164", "e164"),
    Index("ix_phone_bad_since", "bad_since", postgresql_where=text("bad_since IS NOT NULL")),
    Index("ix_phone_removed_at", "removed_at", postgresql_where=text("removed_at IS NOT NULL")),
    Index("ix_phone_told_in", "told_in", postgresql_where=text("told_in IS NOT NULL")),
)

# A standing refusal for a number, a channel and a purpose. It belongs to the number, not to the
# household, so that it survives re-imports and moves.
opt_out = Table(
    "opt_out",
    metadata,
    id_(),
    Column("e164", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("purpose", Text, nullable=False, server_default="all"),
    Column("source", Text, nullable=False),
    at("since_at", nullable=False),
    at("undone_at"),
    # The person who wrote it down, or took it back, where it was a person.
    Column("recorded_by", Text),
    Column("undone_by", Text),
    one_of("channel", [*Channel, "all"]),
    Index(
        "uq_opt_out_standing",
        "e164",
        "channel",
        "purpose",
        unique=True,
        postgresql_where=text("undone_at IS NULL"),
    ),
    Index("ix_opt_out_since_at", "since_at", postgresql_where=text("undone_at IS NULL")),
)

# No campaign text until a day: on holiday, in hospital.
hold = Table(
    "hold",
    metadata,
    id_(),
    ref("household_id", "household.id"),
    Column("reason", Text, nullable=False),
    Column("source", Text, nullable=False),
    at("from_at", nullable=False),
    at("until_at", nullable=False),
    at("ended_at"),
    CheckConstraint("until_at > from_at", name="ends_after_it_starts"),
    Index("ix_hold_running", "household_id", postgresql_where=text("ended_at IS NULL")),
)

listing_import = Table(
    "listing_import",
    metadata,
    id_(),
    Column("file_digest", Text, nullable=False),
    Column("counts", JSONB, nullable=False),
    at("applied_at", nullable=False),
)
