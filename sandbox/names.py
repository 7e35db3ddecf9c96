"""Names of invented people and places of the listing. Common French words; nobody in particular is meant."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

LAST = (
    *("LEFÈVRE", "GARCIA", "D'ARTIGUES", "DUPONT", "ROUX", "N'GUYEN", "BERGÉ", "MARTIN", "BERNARD", "PETIT", "ROBERT"),
    *("DURAND", "LEROY", "MOREAU", "SIMON", "LAURENT", "LEFEBVRE", "MICHEL", "BERTRAND", "FOURNIER", "GIRARD"),
    *("MARTINEZ", "LÓPEZ", "SÁNCHEZ", "FERREIRA", "DA SILVA", "BONNET", "FRANÇOIS", "MERCIER", "BLANC", "GUÉRIN"),
    *("BOYER", "GARNIER", "CHEVALIER", "LEGRAND", "GAUTHIER", "PERRIN", "MORIN", "DUMAS", "HÉBERT", "FABRE"),
    *("MATHIEU", "CLÉMENT", "GUILLAUME", "VIDAL", "CARON", "RIVIÈRE", "LACROIX", "BRUN", "ARNAUD", "NOËL", "BARBE"),
    *("CAZENAVE", "DELMAS", "ESCANDE", "LABORDE", "PUJOL", "SAINT-MARTIN", "DE LA TOUR", "LAFFORGUE", "MAÏGA"),
    *(
        "BENALI",
        "HADDAD",
        "KOWALSKI",
        "ROSSI",
        "PELISSIER",
        "SALVY",
        "TEYSSÈDRE",
        "VAYSSE",
        "ZAMORA",
        "DUPONT veuve ROUX",
    ),
)
FIRST = {
    "Mme": (
        *("Françoise", "Odette", "Yvette", "Zoé", "Marie-Thérèse", "Simone", "Jeannine", "Hélène", "Renée", "Andrée"),
        *("Josette", "Paulette", "Ginette", "Monique", "Denise", "Huguette", "Lucienne", "Colette", "Maria", "Fatima"),
        *("Raymonde", "Suzanne", "Geneviève", "Solange", "Arlette", "Éliane", "Danièle", "Michèle", "Inès", "Ana"),
    ),
    "M.": (
        *("Noël", "Benoît", "Jean", "Van Loc", "Pierre", "André", "René", "Marcel", "Roger", "Raymond", "Henri"),
        *("Jean-Claude", "Gérard", "Lucien", "Maurice", "Étienne", "François", "Joaquín", "Ahmed", "José", "Émile"),
        *("Robert", "Guy", "Fernand", "Gaston", "Serge", "Claude", "Aimé", "Célestin", "Georges"),
    ),
}

# agency, its name, département, postcode, commune, INSEE code, share of the dwellings out of 20
_TOWNS = (
    ("01", "Agence Nord", "31", "31500", "TOULOUSE", "31555", 5),
    ("01", "Agence Nord", "31", "31140", "AUCAMVILLE", "31022", 1),
    ("02", "Agence Ouest", "31", "31770", "COLOMIERS", "31149", 4),
    ("02", "Agence Ouest", "31", "31120", "PORTET-SUR-GARONNE", "31433", 2),
    ("03", "Agence Est", "82", "82000", "MONTAUBAN", "82121", 3),
    ("03", "Agence Est", "81", "81000", "ALBI", "81004", 2),
    ("04", "Agence Sud", "09", "09100", "PAMIERS", "09225", 2),
    ("04", "Agence Sud", "31", "31600", "MURET", "31395", 1),
)
_BY_SHARE = tuple(town for town in _TOWNS for _ in range(town[-1]))
_FLOWERS = ("TILLEULS", "LILAS", "GLYCINES", "ROSIERS", "CÈDRES", "ÉRABLES", "MIMOSAS", "CHÊNES", "SAULES", "PINS")
_STREETS = (
    "rue des Tilleuls",
    "allée du Lac",
    "av. de l'Europe",
    "cours Gambetta",
    "impasse des Lilas",
    "bd de l'Hôpital",
)
_SENIOR = ("DU LAC", "DES VIGNES", "SAINT-ROCH", "DU CANAL", "DES ARÈNES", "DU CHÂTEAU", "DE L'ÉTANG")
DWELLINGS_A_RESIDENCE = 40
SENIOR_EVERY = 50  # residences: seven or so in 15,000 dwellings


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block of dwellings stands. code: the beginning of its dwellings' codes."""

    code: str
    agency: str
    agency_name: str
    departement: str
    postcode: str
    commune: str
    insee: str
    residence: str
    street: str
    senior: bool


def place(number: int) -> Place:
    """The residence of the dwelling of that number."""
    return _residence(number // DWELLINGS_A_RESIDENCE)


@lru_cache(maxsize=4096)
def _residence(number: int) -> Place:
    town = _BY_SHARE[number * 7 % len(_BY_SHARE)]
    agency, agency_name, departement, postcode, commune, insee, _share = town
    senior = number % SENIOR_EVERY == 3
    flower = _FLOWERS[number % len(_FLOWERS)]
    own = _SENIOR[number // SENIOR_EVERY % len(_SENIOR)]
    name = f"CHALETS SENIORS {own}" if senior else f"LES {flower} {commune} {number}"
    street = _STREETS[number % len(_STREETS)]
    return Place(f"R{number:04}", agency, agency_name, departement, postcode, commune, insee, name, street, senior)


def without_accents(text: str) -> str:
    """A name as old software writes it."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
