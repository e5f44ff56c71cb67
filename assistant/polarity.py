"""Whether a clause denies, and which of two opposites it says: small tables for some languages, nothing learned.

A language without a table is never said to deny. Not here: which clauses are compared (``agreement.py``). Known limits: irony, double
negation across clauses, and opposites that are not in the table.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from assistant.phrase_tables import fold_in_place
from vectorstore.languages import fold_accents, normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

# What denies its clause; folded, as regular expressions over the folded text.
_DENIALS: Mapping[str, str] = {
    "en": r"not|no|never|nobody|none|nothing|neither|nor|nowhere|cannot|without|\w+n['’]t|barely|hardly|unlikely",
    "de": r"nicht|kein\w{0,2}|nie|niemals|niemand\w{0,2}|nichts|weder|nirgends?|ohne|keinerlei|keineswegs|kaum|unwahrscheinlich",
    "fr": r"pas|jamais|aucune?s?|personne ne|rien|ni|sans|nulle? part|ne (?:souffre|cesse|peut)|a peine",
    "es": r"no|nunca|jamas|ningun[oa]?|nadie|nada|ni|sin|tampoco|apenas",
    "ru": r"не|нет|ни|никогда|никто|ничего|без|нельзя|никак\w+|едва|вряд(?: ли)?",
    "it": r"non|mai|nessun[oa]?|nulla|niente|senza|ne",
    "pt": r"nao|nunca|jamais|nenhuma?|ninguem|nada|sem",
    "nl": r"niet|geen|nooit|niemand|niets|zonder|noch",
    "pl": r"nie|nigdy|nikt|zaden|zadnej|bez|nic",
    "uk": r"не|немає|ні|ніколи|ніхто|нічого|без",
    "sv": r"inte|ej|ingen|inget|inga|aldrig|utan",
}
_PARTICLES: Mapping[str, str] = {"fr": r"|ne|n['’]"}
"""What goes with a denial and denies nothing alone."""
_NO_ARTICLE = re.compile(r"kein\w{0,2}")
"""German: without its first letter it is the article that denies nothing."""
# Words of denial that deny nothing: "not only", "nicht mehr als", "ne ... que".
_HARMLESS: Mapping[str, str] = {
    "en": r"not (?:only|just|merely|least)|no (?:more|less|fewer|later|sooner|doubt|matter|longer than)|not (?:\w+ ){0,3}(?:more|less|fewer) than|not (?:to mention)|whether or not|without doubt|nothing but|no\. ?\d",
    "de": r"nicht (?:nur|allein|zuletzt|einmal mehr)|nicht (?:\w+ ){0,3}(?:mehr|weniger) als|nichts anderes als|ohne zweifel|ohne weiteres|kein zweifel",
    "fr": r"pas (?:seulement|moins de|plus de)|sans doute|ni plus ni moins|pas a pas",
    "es": r"no (?:solo|solamente|obstante)|no (?:\w+ ){0,3}(?:mas|menos) de|sin (?:embargo|duda)",
    "ru": r"а не|не (?:только|менее|более|позднее)|без сомнения",
    "nl": r"niet alleen",
}
# "The bridge and not the budget" denies nothing, "rebuilt and not reopened" does: only a noun tells, and in German the capital it ends with
# (a participle would follow). As written, for capitals count; Spanish "la", "lo" and their plurals may be objects of a verb, and are left out.
_CONTRASTS: Mapping[str, str] = {
    "en": r"(?i:and not)(?= (?:(?i:in|on|at|by|for|from|to|with|of) )?"
    r"(?:(?i:the|an?(?! single| soul| word)|his|her|its|their|our|my|your|this|these|those)\b|[A-Z\d]))",
    "de": r"(?i:und nicht)(?=(?: [a-zäöüß]\w*){0,3}(?: [A-ZÄÖÜ\d][\w.-]*){1,4}\s*(?:[^\w\s]|$))",
    "fr": r"(?i:et (?:non|pas))(?= (?:(?i:le|la|les|une?|des|du|de|au|aux|a|à|en|dans|par|pour|sur|ce|cette|ces|son|sa|ses|leurs?)\b|[ldLD]['’]|[A-ZÀÉ\d]))",
    "es": r"(?i:y no)(?= (?:(?i:el|una?|en|por|para|de|del|con|al?|su|sus|este|esta)\b|[A-ZÁÉ\d]))",
}
# What comes close to denying: it may stand on the other side for a word of the table above.
_NEARLY: Mapping[str, str] = {
    "en": r"refus\w+|reject\w*|den(?:y|ies|ied)|fail\w*|lack\w*|unclear|unknown|barely|hardly|unlikely|forbid\w*|prohibit\w*|bann?\w*|bars?|barred|"
    r"yet to|far short|free of|unless|ruled? out|avoid\w*|prevent\w*|stopped|absent|missing|un(?:able|necessary|justified|usual|threatened|affected|touched|harmed|hurt)|exempt\w*|spared|failed",
    "de": r"verweiger\w*|lehn\w+|abgelehnt\w*|ablehn\w*|scheiter\w*|fehl\w+|unklar\w*|unbekannt\w*|kaum|unwahrscheinlich|verbiet\w+|verboten\w*|untersag\w+|"
    r"bestr(?:eit|itt)\w*|noch aus|schliess\w+|ausgeschlossen|vermied\w*|vermeid\w*|verhinder\w*|vermisst|frei von|ausser|verschont\w*|bleibt aus|blieb aus",
    "fr": r"refus\w+|rejet\w+|nie(?:nt|r)?|faute de|a peine|interdi\w+|manqu\w+|evit\w+|inconnue?s?|renonc\w+|prive\w*",
    "es": r"rechaz\w+|neg(?:o|aron|ado)|falt\w+|apenas|prohibi\w+|renunci\w+|evit\w+|descart\w+|desconoc\w+",
    "ru": r"отказ\w+|отверг\w+|запре[тщ]\w+|едва|вряд|кроме|неясно|неизвестн\w+",
}
# One axis a line: what stands on either side is the other's opposite. Folded words; a tilde stands for any letters, a low line for a space.
_OPPOSITES: tuple[tuple[str, str], ...] = (
    (
        (
            "rose rise~ risen increas~ grow~ grew gain~ climb~ higher jump~ soar~ surg~ swell~ larger bigger rais~ "
            "stieg~ steig~ gestiegen~ wuchs~ wachs~ gewachsen~ zunahm~ zugenommen~ hoher erhoh~ kletter~ zuleg~ zulegte grosser "
            "augment~ hausse~ progress~ subi~ aument~ crec~ рос вырос~ увелич~ рост~ verdoppel~ verfunffach~ verdreifach~ doubl~ tripl~ fivefold~"
        ),
        (
            "fell fall falls falling fallen drop~ declin~ decreas~ shrank shrink~ lower lost smaller reduc~ cut cuts slump~ plung~ slid collaps~ "
            "sank~ sink~ gesunken~ fiel~ fallt gefallen~ abnahm~ abgenommen~ niedriger schrumpf~ geschrumpf~ eingebroch~ einbrech~ kleiner ruckgang~ senk~ gesenkt~ "
            "baiss~ recul~ chut~ diminu~ baj~ redu[cz]~ cay~ снизил~ упал~ сократ~ спад~ паден~"
        ),
    ),
    ("more mehr plus mas больше", "less fewer weniger moins menos меньше"),
    ("profit~ gewinn~ uberschuss benefic~ прибыл~", "loss losses verlust~ perte~ perdid~ убыт~"),
    (
        (
            "approv~ accept~ agree~ endors~ adopt~ zustimm~ zugestimmt~ gebilligt~ billig~ gutgeheiss~ angenommen~ beschloss~ beschliess~ dafur einverstand~ forder~ gefordert~ demand~ "
            "approuv~ accept~ aprob~ acept~ одобр~ соглас~"
        ),
        "reject~ refus~ oppos~ declin~ veto~ disapprov~ abgelehnt~ ablehn~ lehnte~ lehnt verweiger~ dagegen gescheitert~ refus~ rejet~ rechaz~ отказ~ отверг~",
    ),
    ("opens open opened reopen~ offen~ freigegeb~ geoffnet~ offnet~ eroffn~ ouvert~ ouvr~ abiert~ abri~ откры~", "clos~ shut~ geschloss~ schliess~ gesperrt~ sperr~ ferm~ cerr~ закры~"),
    ("before bevor vorher zuvor avant antes", "after nachdem danach apres despues после"),
    ("begin~ began start~ launch~ beginn~ begann~ begonnen~ startet~ commenc~ debut~ empez~ comenz~ empiez~ начал~ начин~", "end ends ended finish~ stop~ halt~ endet~ endete~ beendet~ eingestellt~ termin~ fini~ acab~ законч~ прекра~"),
    ("win wins won winning beat beats defeat~ gewann~ gewonnen~ siegt~ besiegt~ schlug gagn~ vainc~ gan[oóa]~ venci~ побед~ выигр~", "lose loses lost losing verlor~ verloren~ unterlag~ perd~ проигр~"),
    ("allow~ permit~ let lets admit~ erlaub~ gestatt~ darf durfen zugelass~ zulass~ autoris~ permit~ разреш~", "forbid~ forbade prohibit~ refus~ ban bans banned bar bars barred verweiger~ verbot~ verbiet~ untersag~ interdi~ prohib~ запре~"),
    ("right correct richtig~ korrekt~ juste", "wrong falsch~ unrecht~ faux"),
    ("already bereits schon deja уже", "noch yet still encore todavia aun"),
    ("strengthen~ verstark~ gestarkt~ starken starkt~ renforc~ refor[cz]~ fortal~ укреп~", "weaken~ abschwach~ geschwach~ schwacht~ schwachen affaibl~ debilit~ ослаб~"),
    ("arriv~ ankam~ ankomm~ eintraf~ eintreff~", "depart~ abreis~ abfuhr~ abfahr~ verlass~ verliess~"),
    ("buy buys bought kauf~ gekauft~ erwarb~ erworben~ achet~ compr~", "sell sells sold verkauf~ vend~"),
    ("import~ einfuhr~", "export~ ausfuhr~"),
    ("cheap~ billig~ gunstig~", "expensiv~ costl~ dear~ teuer~ teur~"),
    ("earliest fruhestens earlier fruher~ plus_tot раньше", "latest spatestens later spater~ plus_tard mas_tarde позже"),
    ("most majorit~ mehrheit~ meist~ plupart mayor~ больш~", "minorit~ minderheit~ wenigst~"),
    ("include~ einschliess~ einschliesslich", "exclude~ ausschliess~ ausgenommen"),
    ("clear klar geklart~ known bekannt~", "unclear unklar~ unknown unbekannt~ ungeklart~"),
    ("ally allies allied friend~ partner~ supporter~ verbundet~ freund~ anhanger~ allie~ aliad~ союзник~", "critic critics enem~ opponent~ rival~ adversar~ gegner~ feind~ kritiker~ ennemi~ enemig~ противник~ враг~"),
    ("stay stays stayed remain~ bleib~ blieb~ geblieb~ rest[eé]~ qued~ оста~", "leave leaves leaving withdr~ gehen ging~ abzieh~ abzog~ abgezog~ verlass~ verliess~ quitt~ parti~ ушл~"),
    ("neutral~ unparteiisch~ нейтрал~", "sided siding partei parteiisch~"),
    ("safe safely sicher unversehrt~ heil", "crash~ absturz~ abgesturzt~ zerschell~ разби~ estrell~ ecras~"),
)  # fmt: skip

ALREADY = next(axis for axis, (one, _) in enumerate(_OPPOSITES) if one.startswith("already"))
"""The axis of "already" and "yet"."""

_WEAKLY = re.compile(
    r"\b(?:only|sole|still|nur|erst|einzig\w*|noch|bislang|bisher|seul\w*|encore|ne|solo|unic\w*|aun|todavia|лишь|только|единствен\w*|пока)\b"
)


def denies(clause: str, *, language: str) -> bool:
    """Whether a clause has a word of denial that denies something."""
    pattern, harmless = _pattern(_DENIALS.get(language, "")), _pattern(_HARMLESS.get(language, ""))
    if contrast := _contrast(language):
        clause = contrast.sub(" ", clause)
    return bool(pattern and pattern.search(harmless.sub(" ", _plain(clause)) if harmless else _plain(clause)))


def undenied(text: str, *, language: str) -> str:
    """``text`` without the words that deny in it: what it would say if it did not ("no bridge" is "bridge", "keine Brücke" is "eine Brücke")."""
    pattern = _pattern(_DENIALS.get(language, "") + _PARTICLES.get(language, ""))
    kept, at = [], 0
    for match in pattern.finditer(fold_in_place(text)) if pattern else ():
        start, end = match.span()
        if match[0].endswith(("n't", "n’t")):
            start = end - len("n't")
        elif _NO_ARTICLE.fullmatch(match[0]):
            end = start + 1
        kept.append(text[at:start])
        at = end
    return " ".join("".join((*kept, text[at:])).split())


def nearly_denies(clause: str, *, language: str) -> bool:
    """Whether a clause has a word that another text may put as a denial ("refused", "unklar")."""
    pattern = _pattern(_NEARLY.get(language, ""))
    return bool(pattern and pattern.search(_plain(clause)))


def is_known(language: str) -> bool:
    """Whether there is a table of what denies in a language."""
    return language in _DENIALS


# "More than 100" is a bound, and "more than before" a comparison.
_COMPARED = re.compile(
    r"\b(?:(?:(?:more|less|fewer) than|mehr als|weniger als)(?=\W*\d| (?:an?|half|twice|double|(?:one|two|three|four|five|six|seven|eight|nine|ten|dozens?|"
    r"hundreds?|thousands?|millions?|\w+teen|(?:twen|thir|for|fif|six|seven|eigh|nine)ty|(?:ein|zwei|drei|vier|funf|sechs|sieb|acht|neun|zehn|elf|zwolf|"
    r"hundert|tausend|million|doppel|dutzend)\w*|d(?:ie|as|er) (?:halfte|halbe|doppelte|\w+fache)))\b)"
    r"|(?:plus|moins) (?:de|d)\b|(?:mas|menos) de|once more|no more|nicht mehr|ne .{1,20} plus)\b"
)


_REFUSES = re.compile(
    r"\b(?:refus\w+|reject\w*|declin(?:e|es|ed|ing) to|fail(?:s|ed|ing)? to|verweiger\w*|weiger\w+|geweigert|abgelehnt\w*|ablehn\w*|lehnte?n?|"
    r"rejet\w+|rechaz\w+|отказ\w+|отверг\w+)\b"
)


def refuses(clause: str) -> bool:
    """Whether a clause says that somebody does not do or want what it names."""
    return bool(_REFUSES.search(_plain(clause)))


def weakly_denies(clause: str) -> bool:
    """Whether a clause has a word of limits ("only", "noch"), which another text may put as a denial."""
    return bool(_WEAKLY.search(_plain(clause)))


def opposites(clause: str) -> frozenset[tuple[int, bool]]:
    """The sides of axes on which a clause's words stand; an axis with both its sides in the clause says nothing and is left out."""
    plain = _COMPARED.sub(" ", _plain(clause))
    found = {
        (axis, side) for axis, patterns in enumerate(_axes()) for side, pattern in enumerate(patterns) if pattern.search(plain)
    }
    return frozenset((axis, bool(side)) for axis, side in found if (axis, 1 - side) not in found)


@cache
def _axes() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    def either(listed: str) -> re.Pattern[str]:
        words = "|".join(listed.split()).replace("~", r"\w*").replace("_", " ")
        return re.compile(rf"\b(?:{words})\b")

    return tuple((either(one), either(other)) for one, other in _OPPOSITES)


@cache
def _pattern(listed: str) -> re.Pattern[str] | None:
    return re.compile(rf"\b(?:{listed})\b") if listed else None


@cache
def _contrast(language: str) -> re.Pattern[str] | None:
    return re.compile(rf"\b{_CONTRASTS[language]}") if language in _CONTRASTS else None


def _plain(clause: str) -> str:
    return fold_accents(normalise(clause))
