"""What people write back, by what it means; "|" and a new line part one text from the next."""

from worker.domain.replies import Intent

FINE = """
1|1.|1!|1 !|"1"|« 1 »|(1)|1)|1/|*1*|# 1|1️⃣|１|①|١|𝟏|1=|1 merci|1, merci|merci 1|Merci. 1.
1 Merci beaucoup|1 :)|1 ;-)|Bonjour 1|bonjour, 1 merci|1 bonne journée|1 oui|oui 1|ok 1|1 ok
1 tout va bien|1 = tout va bien|1 : tout va bien|le 1|numéro 1|Réponse 1|Je réponds 1
ma réponse est 1|C'est 1|1 cordialement|Mme 1|1merci|1 1|un|Un|UN|one|Oui|oui.|OUI !|ouiii|Oui oui
oui merci|Oui, merci beaucoup|Bonjour oui|ouais|Ok|OK|ok!|okkk|O.K.|o k|oki|Okay merci|ok merci|👍|👍🏻
👍🏿|👍👍👍|👌🏽|✅|✔️|🆗|ok 👍|1 👍|👍 merci|1 🙏|Merci 🙏 tout va bien|1 😊|tout va bien ☀️|Tout va bien
TOUT VA BIEN|tout vas bien|tt va bien|Tout va bien.|tout va bien !!!|Tout va très bien
tout va bien merci|Tout va bien, merci.|Merci, tout va bien
Bonjour, tout va bien, merci. Bonne journée|Bonjour Madame tout va bien|oui tout va bien
Oui, tout va bien merci|tout va bien pour moi|Tout va bien chez nous|Ici tout va bien|Ça va|ça va
ca va|CA VA|sa va|cava|Ça va bien|Ça va très bien merci|oui ça va|Oui ça va merci|ça va et vous ?
Oui ça va merci et vous ?|Je vais bien|je vais bien merci|Je vais très bien|j'vais bien|jvais bien
Je vais bien, merci de prendre de mes nouvelles|nous allons bien|Nous allons bien tous les deux
on va bien|On va bien merci|je me porte bien|je me sens bien|je suis en forme|en pleine forme|au top
bien|Bien.|Bien merci|bien, merci|Très bien|Très bien merci|très bien merci et vous|Oui très bien
oui bien merci
RAS|r.a.s. merci|tout va bien (merci)|r.a.s.|R A S|Tout va bien cordialement|Tout va bien Merci Bien à vous
tout va bien bonne soirée|Bonsoir tout va bien|bjr tout va bien mci|tout va bien, dieu merci
tout va bien c'est gentil|C'est très gentil, tout va bien|Tout va bien, vous êtes très gentils
t\u200bout va bien|tout va bien\u00a0!|Tout\u202fva\u00a0bien|tou\u00adt va bien
TOUT VA BIEN MERCI A VOUS|TOUT VA BIEN, MERCI À VOUS|I am fine|I'm fine thanks|fine|all good|Yes
yes thank you|everything is ok|I'm ok|very well thank you|Todo bien|estoy bien gracias
tudo bem obrigado|estou bem|tutto bene|sto bene grazie|بخير|أنا بخير شكرا
"""

UNCLEAR = """
erreur c'est 1|Erreur je voulais dire 1|erreur, le 2
|.|...|?|!|1 ?|1?|ok?|ok ?|Ça va ?|tout va bien ?|oui ?|bien ?|1 2|1 et 2|1 ou 2|1,2|1/2|12|11|111
1.5|1,5|1 sur 10|1/10|1%|1°|0|3|-1|+1|1+|½|1€|1 mais|1 mais il fait chaud|1 mais pas trop
1 pour l'instant|un peu|un peu fatiguée|un grand merci|merci|Merci bien|merci beaucoup|Bonjour
bonjour|Bonsoir madame|Bien cordialement|bien à vous|Bien reçu|bien sûr|d'accord|c'est bon
ok d'accord|compris|oui mais|oui mais non|oui et non|non|Non|NON|Non merci|non ça va
Non, tout va bien|nn|pas vraiment|plus de sms|plus de SMS merci|bof|couci couça|comme ci comme ça
moyen|ça peut aller|ça ira|on fait aller|on fait avec|je survis|pas de problème|pas de souci
aucun problème|rien à signaler|pas mal|pas mal merci|Pas mal et vous|ça va un peu|ça va à peu près
ça va mieux|ça va doucement|ça va moyennement|ça va quand même|ça va si on veut
tout va bien sauf la chaleur|tout va bien mais j'ai chaud|tout va bien mais seule
tout va bien pour le moment|tout va bien ?|tout va bien ou presque|presque tout va bien|rien ne va
si tout va bien|tout irait bien|Je voudrais que tout aille bien|tout va bien Paulette|1 Mme Durand
1 appartement 12|je suis fatiguée|il fait chaud|il fait trop chaud ici|34 degrés dans ma chambre
j'ai chaud|la clim est en panne|l'ascenseur est en panne|l'ascenseur est tombé en panne
les volets sont cassés|Je ne sais pas|je sais pas|comment ça marche|quoi|hein ?|pardon
qu'est-ce que c'est|c'est pour quoi|Je n'ai pas compris votre message|oui s'il vous plaît|Oui svp
ok svp|normalement ça va|malheureusement|c'est normal|formalités|je fais du parachute|animal
la chuteuse|👎|👎🏼|1 👎|😢|1 😢|ok 😭|😊|🙏|❤️|🤒|🥵|ok 🥵|:(|1 :(|1) (|ok :-(|ça va :(|ça va :/|ça va ((|o̶k̶|1⃠|�
1 �|tout va bien �|x|z|a|ui|wi|l|I|i|ll|asdf|okk1a|1x|1a|1er|2e|1 000|01|1 euro|le 1 mars|une
une fois|deux fois|2 fois par jour|tous les deux|stop 1|stop ok|stop tout va bien|stop à la chaleur
arrêt de bus|arrêt maladie|je ne veux plus de messages|fin|annuler|pas stop
je n'ai pas eu de retour pour ma fuite|sans retour de votre part|votre retour svp
je suis à l'hôpital|Hospitalisée depuis lundi|je suis rentrée de l'hôpital
je sors de la clinique lundi|je suis seule|ma fille est en vacances je suis seule
mon fils est absent|mon médecin est en vacances|Bonnes vacances !
les vacances scolaires font du bruit|je ne suis pas en vacances|je ne pars pas|mon mari est décédé
je ne suis plus locataire|j'ai déménagé|quand venez vous réparer|pas d'urgence|ce n'est pas urgent
rien d'urgent|escalier de secours|je n'ai besoin de rien|pas besoin d'aide|ne m'appelez pas
ne m'appelez plus|inutile de rappeler|je m'appelle Paulette|ok ok mais|non mais ok|ok non|ok pas
1 non|1 pas|oui pas|fine but hot|not really|no|nope|maybe|si|sí|não|لا
"""

HELP = """
2|2.|2!|2 !|2️⃣|２|٢|②|deux|Deux|DEUX|2 merci|2 svp|2 s'il vous plaît|Bonjour 2|bonjour, 2 merci
oui 2|ok 2|le 2|numéro 2|réponse 2|je réponds 2|22|2 je suis seule|je suis de retour 2|2 l'ascenseur est en panne
2 tout va bien|tout va bien 2|two|appelez-moi|Appelez moi|appelé moi|appeler moi svp|rappelez-moi
rappelé moi|Merci de me rappeler|pouvez-vous m'appeler|vous pouvez m appeler demain|oui appelez moi
1 appelez-moi|1=tout va bien, 2=appelez-moi|appellez moi|appellle moi|téléphonez-moi|rappel svp
je voudrais un appel|aide|aidez-moi|aidez moi svp|j'ai besoin d'aide|Besoin de courses
besoin de médicaments|besoin|j'ai mal|j'ai mal à la tête|mal|très mal|ça va mal|ça va pas|Ça va pas
CA VA PAS|ca va pas|sa va pas|ça ne va pas|ça va pas du tout|ça ne va plus|tout ne va pas
tout va mal|tout ne va pas si bien|rien ne va plus|je vais mal|Je ne vais pas bien|je vais pas bien
pas bien|pas bien du tout|pas très bien|pas trop bien|pas top|pas la forme|Je n'ai pas la force
je suis malade|malade depuis hier|j'ai des vertiges|la tête qui tourne|j'ai de la fièvre|je souffre
je suis épuisée|j'ai des crampes|nausées|je vomis|vomissements|je tremble|j'ai peur
je ne suis pas tranquille j'ai peur|je n'ai rien à manger|plus d'eau|on a pas d'eau|non ça va pas
oui ça va pas|1 ça va pas|tout va bien mais j'ai mal au dos|ok mais j'ai besoin de vous
je suis chez ma fille mais ça va pas|je suis en vacances rappelez-moi|je suis rentrée mais ça ne va pas
en vacances mais malade
erreur je voulais taper 2 appelez-moi|je suis là aidez-moi|pas mal de douleurs
Erreur, 2|erreur c'est 2|Erreur je voulais dire 2|2 erreur
ne m'appelez pas demain, appelez-moi maintenant|help|help me|call me please|I need help
I am not well|I'm sick|not good|ayuda|necesito ayuda|ajuda|preciso de ajuda|aiuto|ho bisogno|مساعدة
"""

EMERGENCY = """
malaise|Malaise !|j'ai fait un malaise|mon mari a eu des malaises|secours|au secours|AU SECOURS
secour|SOS
je suis de retour s.o.s|tout va bien S O S|s.o.s.|S O S|tombé|je suis tombée|Je suis tombee
je suis tombé dans la salle de bain
ma femme est tombée|chute|j'ai fait une chute|j'ai chuté|par suite d'une chute|je respire mal
Je respire très mal|il ne respire plus|elle respire pas|j'ai du mal à respirer
je n'arrive plus à respirer|difficulté à respirer|respiration difficile|J'étouffe|on étouffe ici
je suffoque|SAMU|appelez le samu|les pompiers|appelez les pompiers|ambulance|urgence|URGENT
c'est urgent|urgences|c'est urgent rappelez moi|2 urgent|15|15 !|Le 15|le 15 svp|faites le 15
appelez le 15|J'ai appelé le 15|112|18|le 18|inconscient|ma mère est inconsciente
il a perdu connaissance|évanouie|je me suis évanoui|arrêt cardiaque|arret cardiaque|crise cardiaque
AVC|infarctus|mal à la poitrine|douleur dans la poitrine|je saigne|je saigne beaucoup
coup de chaleur|insolation|je vais mourir|envie de mourir|je veux en finir|suicide|il y a le feu
fuite de gaz|ça sent le gaz|on m'a agressée|coincée dans l'ascenseur|à l'aide|à l'aide !
je suis par terre|1 je suis tombée|tout va bien mais je suis tombée ce matin|non urgence
stop j'étouffe|je suis chez ma fille et je suis tombée|je ne me relève pas suis par terre|emergency
I fell|I can't breathe|heart attack|socorro|es una emergencia|النجدة|🆘|je ne peux pas. urgent
n'attendez pas urgent
"""

STOP = """
STOP|stop|Stop.|STOP !|stop !!!|stoooop|S T O P|s.t.o.p|"stop"|Stop merci|STOP MERCI|stop svp
stop s'il vous plaît|Bonjour stop|merci stop|stop sms|STOP SMS|sms stop|stop aux sms|stop les sms
stopall|STOP ALL|unsubscribe|cancel|quit|end|arrêt|ARRET|Arrêt svp|arret merci|arrêter|arreter
arrêtez|arrêtez svp|arrete|arret sms|arrêtez les sms|désabonner|desabonner|désabonnement
me désabonner|désabonnez-moi merci|je veux me désabonner|désinscription|stop stop stop|ｓｔｏｐ
sto\u200bp
"""

START = "DEMARRER|démarrer|Démarrer merci|start|START|unstop|reprendre|démarrez svp|reprendre les sms|réabonnement"

CONTACT = "CONTACT|contact|Contact.|contact svp|CONTACT MERCI|Bonjour contact"

WRONG_NUMBER = """
mauvais numéro|Mauvais numero|vous avez un mauvais numéro|faux numéro|erreur|Erreur de numéro
C'est une erreur|vous faites erreur|wrong number|qui est-ce ?|Qui est ce|qui êtes-vous ?|c'est qui ?
c'est qui|connais pas|je ne vous connais pas|Je connais pas cette personne|vous vous trompez
vous vous êtes trompé de numéro|pas le bon numéro|mauvaise personne
mauvais numéro, ne m'appelez plus|who is this?|número equivocado
"""

ABSENT = """
absent|Absente|je suis absente|Nous sommes absents|en vacances|je suis en vacances|vacances merci
on est en vacances|pas là|Je ne suis pas là|je suis pas la|je ne suis pas là en ce moment
on n'est pas là ce week-end|nous ne sommes pas là avant lundi|Je ne serai pas là demain
chez ma fille|Je suis chez ma fille|je suis chez mon fils à Albi|chez mes enfants|chez une amie
je ne suis pas là merci|tout va bien je suis chez ma fille|1 je suis en vacances|je suis en voyage
en déplacement|je suis à la mer|je pars demain|je rentre le 15 août|retour le 20|Rentre lundi
je suis en vacances pas besoin d'appeler|je suis en vacances ne m'appelez pas
je suis parti jusqu'à dimanche|on rentre dimanche
I am away until monday|on holiday
"""

RETURN = """
RETOUR|retour|Retour.|retour merci|Bonjour, retour|de retour|je suis de retour|Nous sommes de retour
Je suis rentrée|je suis rentré de vacances|nous sommes rentrés tout va bien|retour de vacances
bien rentrée merci|on est rentrés de vacances|I am back|retour tout va bien
"""


def _cases(**tables: str) -> list[tuple[str, Intent]]:
    return [
        (text, Intent(name))
        for name, table in tables.items()
        for line in table.strip("\n").split("\n")
        for text in line.split("|")
    ]


CASES = _cases(
    ok=FINE,
    unclear=UNCLEAR,
    help=HELP,
    emergency=EMERGENCY,
    stop=STOP,
    start=START,
    contact=CONTACT,
    wrong_number=WRONG_NUMBER,
    absent=ABSENT,
    **{"return": RETURN},
)
