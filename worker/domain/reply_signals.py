"""Words that call for a person, or tell where somebody is. Found anywhere in a text, word by word.

To err here costs a caller some minutes; so these lists are generous, where those of "all is well" are strict.
"""

from worker.domain.reply_text import either, phrases

_CALL = ("appelez", "appeler", "appelé", "appelle", "faites", "faire", "fait", "composé", "composer")
_EMERGENCY_NUMBERS = ("15", "18", "112", "17", "114")

EMERGENCY = phrases(
    "malaise|malaises|malaisse|malaize|secours|secour|sos|samu|pompier|pompiers|ambulance|ambulence",
    "tombé|tombée|tombés|tombées|tomber|chute|chutes|chuté|chutée|chuter|suis par terre|est par terre|suis au sol",
    "est au sol|allongé par terre|allongée par terre|reste par terre|peux plus me relever|peux pas me relever",
    "urgence|urgences|urgense|urgance|urgent|urgente|urgemment|urgentissime",
    "étouffe|étouffes|étouffer|étouffé|étouffée|suffoque|suffoquer|asphyxie|asphyxié|asphyxiée|manque d'air|plus d'air",
    "plus de souffle|à bout de souffle|souffle court|détresse respiratoire|inconscient|inconsciente|sans connaissance",
    "perdu connaissance|perte de connaissance|perd connaissance|évanoui|évanouie|évanouis|évanouir|évanouissement",
    "se réveille pas|se réveille plus|ne bouge plus|ne répond plus|paralysé|paralysée|avc|infarctus|crise cardiaque",
    "arrêt cardiaque|malaise cardiaque|mal à la poitrine|mal dans la poitrine|mal poitrine|mal au coeur très fort",
    "douleur poitrine|douleur à la poitrine|douleurs à la poitrine|douleurs poitrine|douleur dans la poitrine",
    "douleurs dans la poitrine|douleur thoracique|douleurs thoraciques|coup de chaleur|insolation|hémorragie",
    "saigne|saigner|saignement|saignements|perds du sang|perd du sang|beaucoup de sang|convulsion|convulsions|convulse",
    "je meurs|je vais mourir|en train de mourir|envie de mourir|veux mourir|mourant|mourante|suicide|suicider",
    "en finir|me tuer|incendie|il y a le feu|au feu|ça brûle|fuite de gaz|odeur de gaz|sent le gaz|agressé|agressée",
    "agression|cambrioleur|cambrioleurs|appelez la police|bloqué dans l'ascenseur|bloquée dans l'ascenseur",
    "coincé dans l'ascenseur|coincée dans l'ascenseur|besoin du 15|besoin du 18",
    *(f"{verb} le {number}" for verb in _CALL for number in _EMERGENCY_NUMBERS),
    "emergency|unconscious|heart attack|i fell|have fallen|fallen|dying|socorro|emergencia|emergência|urgencia",
    "urgência",
    "emergenza|soccorso|ambulancia|ambulância|ambulanza|me he caído|caduta|النجدة|طوارئ|إسعاف|اسعاف|🆘|🚑|🚨",
)

# The whole text: an emergency number, or the cry for help. "Je rentre le 15" is neither.
EMERGENCY_ALONE = phrases("15|le 15|112|le 112|18|le 18|17|le 17|114|le 114|911|999|à l'aide|à l'aide aidez-moi")

# Two words that together are an emergency, wherever they stand: "je ne respire vraiment pas bien".
BREATH = phrases("respire|respires|respirer|respiré|respiration|breathe|breathing|respirar|respirare")
TROUBLE = phrases(
    "mal|plus|pas|difficile|difficiles|difficilement|difficulté|difficultés|peine|coupe|coupée|courte|arrive|peux|dur",
    "gêne|gênée|bloquée|difficulty|trouble|not|can't|cant|cannot|no|non|nao",
)

# Look like an emergency by a word, and are none. What is left of the text is still read by a person.
NO_EMERGENCY = phrases(
    "pas d'urgence|rien d'urgent|n'est pas urgent|c'est pas urgent|cest pas urgent|pas une urgence|aucune urgence",
    "tombe en panne|tombée en panne|tombé en panne|ça tombe bien|la nuit tombe|escalier de secours|porte de secours",
    "sortie de secours|issue de secours|issues de secours|secours populaire|secours catholique|chute de cheveux",
    "chute des températures|chute de température",
)

HELP = phrases(
    "aide|aider|aidé|aidez|aidez-moi|besoin|besoins|mal|mau|pas bien|va pas|vas pas|vais pas|allons pas|va plus",
    "vont pas",
    "pas très bien|pas trop bien|pas top|pas fort|pas la forme|pas en forme|pas terrible|plus la force|pas la force",
    "malade|malades|souffre|souffrant|souffrante|souffrir|souffrance|douleur|douleurs|douloureux|vertige|vertiges",
    "nausée|nausées|fièvre|crampe|crampes|tête tourne|tête qui tourne|déshydraté|déshydratée|déshydratation|épuisé",
    "épuisée|affaibli|affaiblie|tremble|tremblements|confus|confuse|cardiaque|détresse|angoisse|angoissé|angoissée",
    "panique|peur|venez vite|venez m'aider|venez me voir|me joindre|contactez|contacter|au bout du rouleau",
    "pas manger|rien à manger",
    "plus à manger|plus d'eau|pas d'eau|plus de médicaments|plus mes médicaments|on me téléphone",
    "help|help me|call me|call back|need|unwell|sick|ill|pain|not well|not good|not fine|not ok|dizzy",
    "ayuda|ayúdame|ayudenme|necesito|llámame|llámeme|llamen|enfermo|enferma|dolor|ajuda|preciso|doente|dor|ligue",
    "aiuto|bisogno|chiamatemi|malato|malata|hilfe|مساعدة|ساعدوني|عاوني|مريض|مريضة",
)
HELP_STEMS = ("appel", "rappel", "telephon", "vomi")

# The answer "2", alone or with courtesies; or first, with an explanation after it.
TWO = phrases(
    "2|deux|22|le 2|numéro 2|réponse 2|ma réponse est 2|je réponds 2|je répond 2|touche 2|choix 2|c'est 2|cest 2",
    "je mets 2|je tape 2|two",
)
COUNTED = phrases(
    "jour|jours|semaine|semaines|mois|an|ans|fois|heure|heures|h|minutes|personnes|enfants|pièces|étages|étage|er|e",
    "ème",
    "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
)

COUNTING = phrases(
    "le|au|du|les|tous|toutes|a|nous|vous|que|qu'|des|en|ou|et|plus|moins|fait|page|étage|appartement|porte"
)

# A call for help that outweighs what may be a wrong number.
PLEA = phrases(
    "aide|aidez|aidez-moi|besoin|mal|pas bien|va pas|vais pas|malade|souffre|douleur|douleurs|vertige|vertiges|fièvre",
    "appelez-moi|rappelez-moi|rappeler moi|appeler moi|appelez-nous|rappelez-nous|m'appeler|me rappeler|nous rappeler",
    "peur|seul|seule|épuisée|épuisé|détresse|angoisse|help|call me|ayuda|ajuda|aiuto",
)

# Sound like help, and say the contrary or something else. A person still reads the text.
NO_HELP = phrases(
    "pas mal|pas besoin|plus besoin|aucun besoin|besoin de rien|pas besoin d'aide|pas besoin de m'appeler|pas d'aide",
    "pas besoin d'appeler|pas besoin de rappeler|pas besoin d'être appelé|pas besoin d'être appelée",
    "pas nécessaire d'appeler",
    "pas besoin que vous m'appeliez|pas besoin que vous appeliez|pas besoin de me rappeler|pas besoin de me téléphoner",
    "pas la peine d'appeler|pas la peine de m'appeler|pas la peine de rappeler|pas la peine de me rappeler",
    "inutile d'appeler|inutile de m'appeler|inutile de rappeler|inutile de me rappeler|inutile de téléphoner",
    "ne m'appelez pas|ne m'appelez plus|ne me rappelez pas|ne me rappelez plus|n'appelez pas|n'appelez plus",
    "ne rappelez pas|ne rappelez plus|m'appelez pas|m'appelez plus|ne pas appeler|ne pas rappeler|ne plus appeler",
    "ne téléphonez pas|ne me téléphonez pas|ne me téléphonez plus|je m'appelle|s'appelle|aide à domicile|aide ménagère",
    "aide-soignante|aide soignant|n'ai besoin de rien|sans aide",
)

WRONG_NUMBER = phrases(
    "mauvais numéro|mauvais num|faux numéro|pas le bon numéro|numéro erroné|erreur de numéro|erreur numéro",
    "mauvaise personne",
    "pas la bonne personne|erreur de personne|erreur de destinataire|mauvais destinataire|pas le bon destinataire",
    "vous vous trompez|trompé de numéro|trompez de numéro|trompés de numéro|trompé de personne|trompez de personne",
    "tromper de numéro|vous faites erreur|pas mon bailleur|wrong number|número equivocado|numero errado",
    "numero sbagliato",
)

# Probably a wrong number; a plea in the same text goes first.
PERHAPS_WRONG = phrases(
    "erreur|qui est-ce|qui êtes-vous|qui est là|c'est qui|cest qui|qui c'est|qui c|qui me parle|à qui ai-je affaire",
    "qui est à l'appareil|connais pas|connaissons pas|ne vous connais|vous êtes qui",
    "who is this|who are you|don't know you|quién es|chi è|quem é",
)

_KIN = either(
    "fille|fils|filles|enfants|enfant|soeur|soeurs|frère|frères|nièce|neveu|cousine|cousin|amie|ami|amis|amies|petite-fille"
    "|petit-fils|petits-enfants|belle-fille|beau-fils|belle-soeur|beau-frère|famille|copine|copain|compagnon|compagne"
    "|parents|mère|père|tante|oncle|gendre|mari|femme"
)
_OTHERS = either("voisin|voisine|médecin|docteur|infirmière|infirmier|kiné|gardien|gardienne|concierge|pharmacien|aide")
_WHOSE = either("ma|mon|mes|des|une|un|nos|notre|leur|sa")
_OUT_OF_TOWN = either(
    "à la campagne|à la mer|à la montagne|à l'étranger|au pays|au bled|en bretagne|en espagne|au portugal|en italie"
    "|au maroc|en algérie|en tunisie"
)

AWAY = phrases(
    "absent|absente|absents|absentes|vacances|vacance|en congés|en congé|en voyage|en déplacement|parti en|partie en",
    "partis en|parti chez|partie chez|partis chez|on holiday|on holidays|on vacation|away until|i am away|i'm away",
    "suis pas chez moi|serai pas chez moi|sommes pas chez nous|serons pas chez nous|est pas chez nous|de vacaciones",
    "suis pas à la maison|serai pas à la maison|sommes pas à la maison|est pas à la maison",
    *(f"{verb} {place}" for verb in ("suis", "serai", "sommes", "serons", "pars", "partons") for place in _OUT_OF_TOWN),
    *(f"chez {whose} {kin}" for whose in _WHOSE for kin in _KIN),
)

# Being gone counts when the text says until when; "je suis partie faire les courses" does not.
GONE_UNTIL = phrases(
    "je pars|nous partons|on part|suis parti|suis partie|sommes partis|sommes parties|on est parti|on est partis",
    "je rentre|je rentrerai|nous rentrons|nous rentrerons|on rentre|on rentrera|je reviens|je reviendrai|on revient",
    "nous revenons|nous reviendrons|on reviendra|retour prévu|retour le|retour fin|retour lundi|retour mardi",
    "retour mercredi|retour jeudi|retour vendredi|retour samedi|retour dimanche|retour dans|retour en|serai de retour",
    "serons de retour|sera de retour|serai rentré|serai rentrée|serons rentrés|serai là|serons là|back on|returning",
)
GONE_UNTIL_FIRST = phrases("rentre|rentrons|reviens|revenons|retour|parti|partie|partis|back")

# "Pas là", when it is about being there and not the start of "pas la force".
_NOT_THERE = [f"{verb} pas là" for verb in ("suis", "est", "sommes", "serai", "serais", "serons", "sera", "étais")]
_NOT_THERE_NEXT = either(
    "en|avant|jusqu|jusque|pour|ce|cette|cet|aujourd'hui|demain|du|pendant|je|j|on|nous|merci|actuellement|cordialement"
    "|bonjour|mais|et|car|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|le|depuis|tout|toute"
)
NOT_THERE = phrases(*(f"{there} {following}" for there in _NOT_THERE for following in _NOT_THERE_NEXT))
NOT_THERE_LAST = phrases(*_NOT_THERE)
PAS_LA = ("pas", "la")

# An absence that is over, denied, wished for or somebody else's; or one that a person must look at.
NOT_AWAY = phrases(
    "pas absent|pas absente|pas absents|plus absent|plus absente|pas en vacances|plus en vacances|pas de vacances",
    "jamais en vacances|jamais de vacances|bonnes vacances|bonne vacances|fini les vacances|vacances scolaires",
    "aimerais|voudrais|pas parti|pas partie|pas partis|pars pas|partons pas|hôpital|hosto|hospitalisé|hospitalisée",
    "hospitalisation|clinique|opéré|opérée|opération|ehpad|maison de retraite|soins|maison de repos|convalescence",
    "rééducation|réanimation|seul|seule|isolé|isolée|décédé|décédée|décès|mort|morte|enterrement|obsèques",
    "est absent|est absente|sont absents|est en vacances|sont en vacances|part en vacances|partent en vacances",
    "est en voyage|est en congés|est en congé|est en déplacement|sont en congés|est parti|est partie|sont partis",
    "sont parties",
    "s'absente|en son absence|en leur absence|votre absence|il est absent|elle est absente",
    *(
        f"{other} {state}"
        for other in (*_KIN, *_OTHERS)
        for state in ("en vacances", "absent", "absente", "absents", "parti")
    ),
)
OUR_OWN = phrases("on est", "moi et mon mari est")

BACK = phrases(
    "suis de retour|sommes de retour|est de retour|on est de retour|suis rentré|suis rentrée|sommes rentrés",
    "sommes rentrées",
    "est rentré|est rentrée|est rentrés|bien rentré|bien rentrée|bien rentrés|suis revenu|suis revenue|sommes revenus",
    "suis revenus|est revenu|est revenus|suis rentrer|retour de vacances|rentré de vacances|rentrée de vacances",
    "rentrés de vacances|revenu de vacances|revenue de vacances|revenus de vacances|de retour à la maison|i am back",
    "i'm back",
    "we are back|retour à la maison|retour chez moi",
)
BACK_ALONE = phrases("retour|de retour|retours|retoure|rentré|rentrée|rentrés|back")
