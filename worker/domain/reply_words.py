"""Words of courtesy, of "all is well" and of command, parted by "|"; accents, case and apostrophes are free.

Adding a phrase to FINE or YES is a decision about safety: it must be plainly "all is well" on its own, and stay
so beside every other phrase of FINE, YES and POLITE. Negated wordings ("pas de souci") are left to a person.
"""

from worker.domain.reply_text import phrases

POLITE = phrases(
    "bonjour|bjr|bonsoir|bsr|salut|coucou|hello|bonjour à vous|bonjour à tous|bonjour à toutes",
    "bonjour à toute l'équipe",
    "madame|monsieur|mesdames|messieurs|mme|mr|madame monsieur|chère madame|cher monsieur|cher bailleur",
    "merci|merci beaucoup|merci bien|mille merci|mille mercis|grand merci|un grand merci|merci infiniment|mrc|mci",
    "merci à vous|merci à tous|merci à toutes|merci à toute l'équipe|merci pour tout|et merci|je vous remercie",
    "merci de votre message|merci pour votre message|merci de votre attention|merci pour votre attention",
    "merci de votre sollicitude|merci pour votre sollicitude|merci de votre gentillesse|merci pour votre gentillesse",
    "merci de prendre de mes nouvelles|merci de prendre de nos nouvelles|merci de prendre des nouvelles",
    "merci de demander|c'est gentil|cest gentil|c'est très gentil|très gentil|c'est gentil à vous|vous êtes gentil",
    "vous êtes gentils|vous êtes gentille|vous êtes très gentils|vous êtes très gentille|vous êtes bien gentils",
    "et vous|et vous ?|et vous-même|et vous même ?|et toi ?|vous aussi|à vous aussi|pareillement|de même",
    "cordialement|bien cordialement|très cordialement|cdt|cdlt|bien à vous|amicalement|salutations",
    "sincères salutations",
    "respectueusement|bises|bisous|bise|gros bisous|je vous embrasse|au revoir|à bientôt|à plus tard",
    "prenez soin de vous",
    "bonne journée|bonne soirée|bonne nuit|bonne fin de journée|bonne après-midi|bon après-midi|belle journée",
    "belle soirée|bon week-end|bon weekend|bon we|bon dimanche|bonne semaine|bonne continuation|bon courage|bon été",
    "et bonne journée|et bonne soirée|et bonne continuation|et bon courage|et bon week-end|excellente journée",
    "dieu merci|grâce à dieu|merci mon dieu",
    "thanks|thank you|thank you very much|many thanks|and you|and you ?|good morning|good evening|hi|dear sir",
    "dear madam",
    "have a good day|have a nice day|bye|regards|kind regards|best regards|gracias|muchas gracias|hola|obrigado",
    "obrigada",
    "grazie|grazie mille|ciao|buongiorno|buenos días|bom dia|danke|choukran|chokran|شكرا|السلام عليكم|salam",
    "🙏|❤|♥|💕|💐|🌹|🌸|🌷|🌻|🌞|☀|😊|🙂|😀|😃|😄|😁|😉|😘|🥰|😇|☺|🤗|💋",
)

# Plain statements that all is well, whatever they answer.
FINE = phrases(
    "1|le 1|numéro 1|n° 1|réponse 1|ma réponse est 1|ma réponse 1|je réponds 1|je répond 1|touche 1|choix 1|c'est 1",
    "cest 1",
    "je mets 1|je tape 1|réponse : le 1|c'est le 1",
    "tout va bien|tout vas bien|tout va très bien|tout vas très bien|tt va bien|tous va bien|tout va bien ici",
    "ici tout va bien|tout va bien chez moi|tout va bien chez nous|chez moi tout va bien|chez nous tout va bien",
    "tout va bien pour moi|tout va bien pour nous|pour moi tout va bien|pour nous tout va bien",
    "tout va bien à la maison",
    "tout va bien de mon côté|de mon côté tout va bien|tout va pour le mieux|tout se passe bien|tout est ok|tout ok",
    "tout est parfait|tout est nickel|tout roule|tout baigne|tout bien|tt bien|ras|r.a.s.",
    "ça va|ça vas|ca va|sa va|sa vas|cava|sava|ça va bien|sa va bien|ça vas bien|cava bien|ça va très bien",
    "sa va très bien|ça va super|ça va super bien|ça va impeccable|ça va nickel|ça roule|ça baigne|moi ça va",
    "pour moi ça va|pour nous ça va|ça va pour moi|ça va pour nous|nous ça va|ici ça va|ça va ici|moi ça va bien",
    "ça va bien pour moi|ça va bien pour nous|tout ça va bien",
    "je vais bien|je vais très bien|je vais super bien|j'vais bien|jvais bien|je vai bien|je vé bien|moi je vais bien",
    "moi je vais très bien|je vais parfaitement bien|je vais bien et vous|je me porte bien|je me porte très bien",
    "je me sens bien|je me sens très bien|je suis bien|je suis très bien|on va bien|on va très bien|on se porte bien",
    "nous allons bien|nous allons très bien|nous nous portons bien|on va bien tous les deux",
    "nous allons bien tous les deux",
    "tous les deux on va bien|tous les deux nous allons bien|je suis en forme|je suis en pleine forme|en pleine forme",
    "je suis en bonne forme|en forme|la forme|en bonne santé|je suis en bonne santé|au top",
    "bien merci|très bien merci|bien et vous|très bien et vous|bien je vous remercie|très bien je vous remercie",
    "je vous confirme que tout va bien|tout va bien je vous remercie",
    "i am fine|i'm fine|im fine|i am ok|i'm ok|im ok|i am well|i'm well|i am good|i'm good|we are fine|we're fine",
    "we are ok|we are well|all good|all is good|all is well|all fine|all ok|everything is fine|everything is ok",
    "everything is good|everything fine|fine thanks|fine thank you|very well thanks|very well thank you",
    "todo bien|todo va bien|todo esta bien|estoy bien|estoy muy bien|tudo bem|esta tudo bem|está tudo bem|estou bem",
    "tutto bene|sto bene|va tutto bene|بخير|انا بخير|أنا بخير|كل شيء بخير|👍|👌|✅|✔|☑|🆗",
)

# A yes. Enough when the text before asked whether all is well; no answer at all to "besoin d'aide ?".
YES = phrases("oui|ouais|ouai|ok|oki|okay|okey|oui bien|oui très bien|yes|yep")

# Fine only when nothing else is written: beside other words they turn into something else ("un peu", "bien sûr").
FINE_ALONE = phrases("un|one|bien|très bien|bien bien|fine|very well|muy bien|bene")

STOP = phrases(
    "stop|stop sms|sms stop|stop les sms|stop aux sms|stop ces sms|stop vos sms|stop messages|stop message|stop tout",
    "stop pub|stopsms|stopall|stop all|stopp|arrêt|arrêt sms|arrêts|arrêter|arrêtez|arrête|arrêtes|arrêter sms",
    "arrêtez sms|arrêter les sms|arrêtez les sms|arrêtez ces sms|arrêtez vos sms|arrêt des sms|arrêtez les messages",
    "arrêtez vos messages|arrêtez ces messages|veuillez arrêter|désabonner|désabonné|désabonnez|désabonnement",
    "me désabonner|se désabonner|désabonnez-moi|désabonne-moi|je me désabonne|je veux me désabonner",
    "je souhaite me désabonner|désinscrire|désinscription|désinscrivez-moi|me désinscrire|je veux me désinscrire",
    # The provider's own words: it blocks the number on them whatever we think.
    "unsubscribe|cancel|end|quit|revoke|optout|opt out",
    "قف|توقف|أوقف",
)

START = phrases(
    "démarrer|démarre|démarrez|start|unstop|reprendre|reprendre sms|reprendre les sms|je veux reprendre",
    "redémarrer|réabonner|réabonnement|me réabonner|réabonnez-moi|je veux me réabonner|réinscrire|me réinscrire",
)

# Operators ask every French short code to answer this word with the name and number of who writes.
CONTACT = phrases("contact|contacts")

# Courtesies that may stand around a command; "oui s'il vous plaît" is no "all is well", so they are not in POLITE.
PLEASE = phrases("svp|s'il vous plaît|s'il te plaît|sil vous plaît|sil vous plait|stp|please|por favor|per favore|pls")
