"""Accounts: user add, list, disable, enable, password, name, role, code, token, tokens, revoke."""

import sys
from typing import Annotated, Any

import typer

from worker.bootstrap import utc_now
from worker.cli import parts
from worker.cli.terminal import local, out, print_json, table
from worker.domain.errors import Refused
from worker.domain.roles import Role
from worker.i18n import _
from worker.services import signing_in, staffing
from worker.services.staffing import TERMINAL
from worker.settings import Settings

Json = Annotated[bool, typer.Option("--json", help=_("Un objet JSON sur la sortie."))]
Login = Annotated[str, typer.Argument(help=_("Identifiant."), metavar="LOGIN")]
RoleOption = Annotated[Role, typer.Option("--role", help=_("Ce que la personne vient faire."))]
Agencies = Annotated[
    list[str] | None, typer.Option("--agency", help=_("Code d'une de ses agences ; sans cela, toutes."))
]
user_commands = typer.Typer(help=_("Les comptes des appelants et des opérateurs."), no_args_is_help=True)


@user_commands.command("add", help=_("Créer un compte ; le mot de passe est demandé, ou lu sur l'entrée."))
def add(login: Login, role: RoleOption, agency: Agencies = None) -> None:
    with parts.only_database() as (_settings, db):
        password = _new_password()
        staffing.add(db, login=login, password=password, role=role, agencies=agency or (), by=TERMINAL, now=utc_now())
    out().print(_("Compte « {login} » créé.").format(login=login), markup=False)


@user_commands.command("list", help=_("Tous les comptes."))
def list_users(as_json: Json = False) -> None:
    with parts.only_database() as (settings, db):
        found = staffing.listed(db, now=utc_now())
    if as_json:
        print_json({"users": [_described(user) for user in found]})
        return
    listed = table(
        _("Identifiant"),
        _("Rôle"),
        _("Agences"),
        _("Code"),
        _("Jetons"),
        _("Téléphone"),
        _("Vu"),
        _("État"),
        right=(4,),
    )
    for user in found:
        listed.add_row(
            user.login,
            user.role,
            ", ".join(user.agencies) or _("toutes"),
            _("oui") if user.asks_code else _("non"),
            str(user.tokens),
            _("oui") if user.has_phone else _("non"),
            local(user.seen_at, settings.timezone),
            _("désactivé") if user.disabled_at else _("actif"),
        )
    out().print(listed)


@user_commands.command("disable", help=_("Fermer un compte : ses sessions et ses jetons cessent aussitôt."))
def disable(login: Login) -> None:
    with parts.only_database() as (_settings, db):
        staffing.disable(db, login, by=TERMINAL, now=utc_now())
    out().print(_("Compte « {login} » désactivé.").format(login=login), markup=False)


@user_commands.command("enable", help=_("Rouvrir un compte."))
def enable(login: Login) -> None:
    with parts.only_database() as (_settings, db):
        staffing.enable(db, login, by=TERMINAL, now=utc_now())
    out().print(_("Compte « {login} » de nouveau actif.").format(login=login), markup=False)


@user_commands.command("password", help=_("Changer le mot de passe, demandé ou lu sur l'entrée."))
def password(login: Login) -> None:
    with parts.only_database() as (_settings, db):
        staffing.set_password(db, login, _new_password(), by=TERMINAL, now=utc_now())
    out().print(_("Mot de passe changé ; les sessions ouvertes sont fermées."))


@user_commands.command("name", help=_("Le nom que la personne dit au téléphone."))
def name(login: Login, name: Annotated[str, typer.Argument(help=_("Prénom, ou prénom et nom."))]) -> None:
    with parts.only_database() as (_settings, db):
        staffing.set_name(db, login, name, by=TERMINAL, now=utc_now())
    out().print(_("Compte « {login} » modifié.").format(login=login), markup=False)


@user_commands.command("role", help=_("Changer le rôle et les agences."))
def role(login: Login, role: RoleOption, agency: Agencies = None) -> None:
    with parts.only_database() as (_settings, db):
        staffing.set_role(db, login, role, agency or (), by=TERMINAL, now=utc_now())
    out().print(_("Compte « {login} » modifié.").format(login=login), markup=False)


@user_commands.command("code", help=_("Demander un code à six chiffres en plus du mot de passe."))
def code(
    login: Login,
    off: Annotated[bool, typer.Option("--off", help=_("Ne plus en demander : téléphone perdu."))] = False,
) -> None:
    with parts.only_database() as (settings, db):
        if off:
            staffing.stop_codes(db, login, by=TERMINAL, now=utc_now())
            out().print(_("Plus de code demandé."))
            return
        rules, issuer = _rules(settings), f"Courtoisie {settings.landlord.name}"
        made = staffing.start_codes(db, login, rules=rules, issuer=issuer, by=TERMINAL, now=utc_now())
        out().print(_("À entrer dans l'application d'authentification : {secret}").format(secret=made.secret))
        out().print(made.address, markup=False, soft_wrap=True)
        staffing.confirm_codes(db, login, typer.prompt(_("Code affiché")), rules=rules, now=utc_now())
    out().print(_("Le code sera demandé à chaque connexion."))


@user_commands.command(
    "phone", help=_("Le téléphone de la personne, pour les appels reliés ; demandé, ou lu sur l'entrée.")
)
def phone(
    login: Login,
    remove: Annotated[bool, typer.Option("--remove", help=_("Oublier son numéro."))] = False,
) -> None:
    with parts.only_database() as (_settings, db):
        staffing.set_phone(db, login, None if remove else _phone(), by=TERMINAL, now=utc_now())
    out().print(_("Numéro oublié.") if remove else _("Numéro gardé ; il n'est montré nulle part."))


@user_commands.command("token", help=_("Créer un jeton pour un programme ; il n'est montré qu'une fois."))
def token(
    login: Login,
    name: Annotated[str, typer.Option(help=_("À quoi sert ce jeton."))],
    role: Annotated[Role | None, typer.Option(help=_("Un rôle moindre que celui du compte."))] = None,
    days: Annotated[int, typer.Option(help=_("Durée de validité, en jours."))] = 90,
    as_json: Json = False,
) -> None:
    with parts.only_database() as (settings, db):
        made = staffing.issue_token(db, login, name=name, role=role, days=days, by=TERMINAL, now=utc_now())
    if as_json:
        print_json({"id": made.id, "token": made.token, "prefix": made.prefix, "expires_at": made.expires_at})
        return
    out().print(made.token, markup=False, soft_wrap=True)
    until = local(made.expires_at, settings.timezone)
    out().print(_("Jeton n° {id}, valable jusqu'au {until}. Il ne sera plus montré.").format(id=made.id, until=until))


@user_commands.command("tokens", help=_("Les jetons d'un compte, par leur début."))
def tokens(login: Login, as_json: Json = False) -> None:
    with parts.only_database() as (settings, db):
        found = staffing.tokens_of(db, login)
    if as_json:
        print_json({"tokens": [_described(one) for one in found]})
        return
    listed = table(_("N°"), _("Nom"), _("Rôle"), _("Début"), _("Expire"), _("Utilisé"), _("Révoqué"), right=(0,))
    for one in found:
        ends, used, revoked = (
            local(at, settings.timezone) for at in (one.expires_at, one.last_used_at, one.revoked_at)
        )
        listed.add_row(str(one.id), one.name, one.role, one.prefix + "…", ends, used, revoked)
    out().print(listed)


@user_commands.command("revoke", help=_("Révoquer un jeton : il ne vaut plus rien aussitôt."))
def revoke(login: Login, token: Annotated[int, typer.Argument(help=_("Numéro du jeton."), metavar="TOKEN")]) -> None:
    with parts.only_database() as (_settings, db):
        staffing.revoke_token(db, login, token, by=TERMINAL, now=utc_now())
    out().print(_("Jeton n° {id} révoqué.").format(id=token))


def _new_password() -> str:
    """Asked for twice at a terminal; else the first line of standard input. Never an argument, which others can see."""
    if sys.stdin.isatty():
        return str(typer.prompt(_("Mot de passe"), hide_input=True, confirmation_prompt=_("Encore une fois")))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Refused(_("Aucun mot de passe sur l'entrée."))
    return line


def _phone() -> str:
    """Asked for unseen at a terminal; else the first line of standard input. Never an argument."""
    if sys.stdin.isatty():
        return str(typer.prompt(_("Numéro de téléphone"), hide_input=True))
    return sys.stdin.readline().strip()


def _rules(settings: Settings) -> signing_in.Rules:
    return signing_in.Rules(settings.secret_key.get_secret_value())


def _described(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).__dataclass_fields__}


def register(cli: typer.Typer) -> None:
    cli.add_typer(user_commands, name="user")
