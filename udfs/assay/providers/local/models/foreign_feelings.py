"""What words of feeling in six other languages are in English, for VADER.

German, French, Spanish, Dutch, Polish and Italian; with what denies, strengthens and turns them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .glossary import Glossary

_BEGINNINGS = {
    "good": (
        "gut$ gute$ guter$ gutes$ guten$ gutem$ bon$ bonne$ bons$ bonnes$ bien$ buen$ bueno$ "
        "buena$ buenos$ buenas$ goed$ goede$ dobry dobra$ dobre dobrze$ buono buona buoni$ "
        "bene$ fijn$ fijne$ ok$ okay$"
    ),
    "great": (
        "toll$ tolle$ toller$ tolles$ großartig klasse$ super$ top$ génial géniale "
        "superbe formidable genial estupend fenomenal geweldig prachtig świetn super$ ottim$ "
        "ottimo ottima fantastic$ grandios bombastisch magnifi mitic$ chapeau$"
    ),
    "excellent": (
        "ausgezeichnet hervorragend exzellent erstklassig spitze$ spitzen excellent parfait "
        "impeccable nickel$ excelent perfect uitstekend doskonał znakomit eccellent perfett "
        "perfekt tadellos einwandfrei impecable idealn ideal"
    ),
    "wonderful": "wunderbar wunderschön merveill maravill prachtig cudown meraviglios fantast",
    "love": (
        "liebe$ lieben$ liebt$ verliebt adore adoré aime$ aimons$ encanta encanto$ amo$ hou$ "
        "houdt$ kocham uwielbiam adoro$ amore$"
    ),
    "like": "gefällt gefallen mag$ plaît plait$ gusta$ gustó$ gustan$ leuk podoba piace$ piaciut",
    "happy": (
        "glücklich zufrieden begeistert froh$ freue$ freut$ content contents$ contente "
        "satisfait ravi$ ravie$ heureu satisfech feliz encantad tevreden blij$ enthousiast "
        "zadowolon szczęśliw soddisfatt felice content$"
    ),
    "recommend": "empfehl recommand recomiend recomend aanrad polecam polecić consigl raccomand",
    "thanks": (
        "danke$ dankeschön vielen$ merci$ gracias$ bedankt dank$ dankjewel dziękuj dzięki$ "
        "grazie$ obrigad"
    ),
    "friendly": (
        "freundlich nett$ nette$ netter$ aimable gentil sympa amable simpátic vriendelijk "
        "aardig miły$ miła$ miłe$ miło$ uprzejm gentile$ cordial cortes"
    ),
    "helpful": "hilfsbereit hilfreich kompetent serviable utile útil behulpzaam pomocn disponibil",
    "comfortable": "bequem gemütlich confort cómod comod comfortabel wygodn",
    "nice": "schön$ schöne$ schöner$ schönes$ joli bonit mooi ładn belli$ bello$ bella$ hübsch",
    "reliable": "zuverlässig fiable confiable betrouwbaar niezawodn affidabil solid stabil robust",
    "easy": "einfach$ facile fácil gemakkelijk makkelijk łatw problemlos",
    "fast": "schnell$ schnelle rapid rápid snel$ snelle szybk veloc flott$",
    "enjoy": "genieß profit disfrut geniet cieszę divert",
    "best": "beste$ besten$ bester$ bestes$ meilleur mejor najlepsz miglior",
    "useful": "nützlich praktisch pratique práctic handig przydatn praktyczn pratic",
    "beautiful": "wunderhübsch beau$ belle$ hermos prachtig piękn splendid",
    "bad": (
        "schlecht mauvais malo$ mala$ malos$ malas$ slecht złe$ zły$ zła$ źle$ kiepsk "
        "cattiv male$ mies$ miese mieser mieses mangelhaft"
    ),
    "terrible": (
        "schrecklich furchtbar grauenhaft grausam katastroph terrible affreux horrible nul$ "
        "nulle$ fatal$ pésim horribl vreselijk verschrikkelijk straszn okropn fataln terribil "
        "pessim orribil unterirdisch"
    ),
    "worst": "schlechteste schlimmste pire$ peor$ slechtste najgorsz peggior$ peggiore",
    "disappointed": (
        "enttäusch déçu déçue déçus décev decepcion teleurgesteld teleurstell rozczarow delus"
    ),
    "angry": (
        "wütend ärger sauer$ verärgert frech$ unverschämt fâché colère enfadad cabread boos$ "
        "woedend zły$ wściekł arrabbiat frustr genervt nervt$ skandal scandal schande"
    ),
    "broken": (
        "kaputt defekt gebrochen gerissen zerrissen zerbrochen abgebrochen cassé casse$ déchir "
        "rompió roto$ rota$ rotos$ rompe$ kapot stuk$ gescheurd zepsut zepsuł pękł pęknię "
        "złama rozdar podart rotto$ rotta$ rotti$ rompe strapp defectu defectueu difett"
    ),
    "useless": (
        "nutzlos unbrauchbar wertlos inutil inútil nutteloos waardeloos bezużyteczn inutile "
        "sinnlos"
    ),
    "rude": "unfreundlich unhöflich impoli malpoli grosero maleducad onbeleefd onvriendelijk "
    "niegrzeczn nieuprzejm scortes maleducat",
    "problem": "problem problème problema probleem kłopot inconvénient",
    "wrong": "falsch erreur erron equivocad incorrect verkeerd zła$ błęd sbagliat",
    "missing": "fehlt fehlen fehlte manque$ manquant falta$ faltaba ontbre brakuj manca$",
    "late": "verspät retard retras vertraag opóźn ritardo$",
    "waiting": "warte$ warten$ warteschleife attends$ attend$ esperando wacht$ czekam aspett",
    "leaks": "undicht leckt fuit fuite gotea lekt przecieka perde$",
    "expensive": "teuer$ teure überteuert cher$ chère caro$ cara$ caros$ caras$ duur$ drogi drogo",
    "dirty": "dreckig schmutzig sale$ suci$ sucio$ sucia$ vies$ brudn sporc",
    "uncomfortable": "unbequem inconfort incómod oncomfortabel niewygodn scomod drückt$ reibt$",
    "pain": "schmerz weh$ doul dolor$ pijn$ ból$ boli$ dolore",
    "annoying": "lästig nervig ärgerlich pénible agaçant énerv molest irritant vervelend irytuj "
    "fastidios blöd$ schade$ dommage$ lástima$ jammer$ szkoda$ peccato$",
    "never": "nie$ niemals$ jamais$ nunca$ jamás$ nooit$ nigdy$ mai$",
    "cheap": "billig$ billige schäbig camelote",
    "refuse": "weigert verweiger refus rechaza niega weiger odmaw rifiut",
    "not": (
        "nicht$ kein$ keine$ keinen$ keinem$ keiner$ pas$ no$ sin$ niet$ geen$ nie$ non$ "
        "ohne$ sans$ zonder$ bez$ senza$"
    ),
    "very": (
        "sehr$ wirklich$ total$ absolut$ extrem$ très$ vraiment$ trop$ muy$ realmente$ zeer$ "
        "heel$ erg$ echt$ bardzo$ naprawdę$ molto$ davvero$ super$ tan$ richtig$"
    ),
    "but": "aber$ jedoch$ leider$ mais$ pero$ maar$ helaas$ ale$ niestety$ però$ purtroppo$",
}
_GLOSSARY = Glossary(_BEGINNINGS)
_CLAUSES = re.compile(r"[,;:.!?\n\u2026]+")
_NO_FEELING = frozenset({"very", "but", "not"})


def english_feelings(text: str) -> str:
    """The English of the words of feeling in a text in lower case, clause by clause; blank where
    none is known."""
    clauses = [" ".join(_clause(part)) for part in _CLAUSES.split(text)]
    return ", ".join(clause for clause in clauses if clause)


def _clause(part: str) -> Iterator[str]:
    """The English of a clause; a denial at its end stands before what it denies."""
    found = _GLOSSARY.of_text(part)
    if found and found[-1] == "not" and found.count("not") == 1:
        found = ["not", *found[:-1]]
    if set(found) - _NO_FEELING:
        yield from found
