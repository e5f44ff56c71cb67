"""Words that point back to what was said before, by language: which kind of thing each means, and where it means nothing.

Closed word classes, nothing learned; a language that is not here has none, and its questions stand alone unless they are very short.
Not here: what is carried over (``conversation.py``), what a question asks for (``questions.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vectorstore.languages import normalise, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vectorstore.names import Name


@dataclass(frozen=True, slots=True)
class Pointers:
    """What in a question points back.

    ``kinds`` are those of the things meant (``"person"``, ``"place"``, ``"thing"``: also all that was said). ``faint`` is a word like "also",
    ``opens`` a first word that goes on from something ("And ..."), ``about`` a question like "what about ...?", ``definite`` whether anything is
    called by "the".
    """

    kinds: frozenset[str] = frozenset()
    faint: bool = False
    opens: bool = False
    about: bool = False
    definite: bool = False


@dataclass(frozen=True, slots=True)
class _Words:
    """A language's words. ``inside`` are those that may mean a name earlier in the same question ("Why did Baker say he ...")."""

    person: frozenset[str]
    place: frozenset[str]
    thing: frozenset[str]
    inside: frozenset[str]
    faint: frozenset[str]
    definite: frozenset[str]
    general: frozenset[str]
    opening: re.Pattern[str]
    about: re.Pattern[str]
    empty: re.Pattern[str]
    phrase: re.Pattern[str]
    clause: re.Pattern[str]


def _words(*, opening: str, about: str, empty: str, clause: str, phrase: str = r"(?!)", **listed: str) -> _Words:
    """A language's words from strings: ``listed`` are the sets, the rest patterns."""
    return _Words(
        opening=re.compile(rf"\W*(?:{opening})\b", re.IGNORECASE),
        about=re.compile(rf"\W*(?:(?:{opening})\W+)?(?:{about})\b", re.IGNORECASE),
        empty=re.compile(empty, re.IGNORECASE),
        phrase=re.compile(phrase, re.IGNORECASE),
        clause=re.compile(rf"\w.*\b(?:{clause})\b", re.IGNORECASE),
        **{name: frozenset(words_of_it.split()) for name, words_of_it in listed.items()},
    )


_POINTING: Mapping[str, _Words] = {
    "en": _words(
        person="he she him her his hers",
        place="there",
        thing="it its they them their theirs this these those one ones",
        inside="he she his her they their its",
        faint="also too else then same both other others another instead",
        definite="the",
        general="whom whose difference differences differ similar similarity similarities type types kind kinds sort sorts example examples describe explain tell know mean reason "
        "reasons cause causes caused effect effects role purpose fact facts pros cons advantages disadvantages happen happened don didn doesn",
        opening="and|but|so|or",
        about="what about|how about|what of",
        empty=r"\b(?:is|are|was|were|be|been) there\b|\bthere (?:is|are|was|were|be|been|will|has|have)\b|\bthis (?:week|month|year|morning|evening|time|season)\b"
        r"|\b(?:is|was) it (?:true|possible|likely|legal|safe|necessary|worth)\b|\b(?:does|did|will|would) it (?:take|cost) to\b|\bone of\b"
        r"|\b(?:no|any|some|every)[ -]?one\b|\bone (?:day|year|month|week)\b",
        phrase=r"\bthat(?=\W*$)|\b(?:for|of|about|by|to|with|is|was|after|before) that\b",
        clause=r"(?:and|or)\W+(?:what|why|how|when|where|who|is|are)",
    ),
    "de": _words(
        person="er sie ihn ihm ihr sein seine seinen seinem seiner seines ihre ihren ihrem ihrer ihres",
        place="dort dorthin dorther hin",
        thing="es ihnen das dies dieser diese dieses diesen diesem dazu daran darauf darüber davon dabei dafür dagegen damit dadurch darin daraus danach davor",
        inside="er sie ihr sein seine seinen seinem seiner seines ihre ihren ihrem ihrer ihres",
        faint="auch noch dann weiter sonst andere anderen beide beiden stattdessen",
        definite="der die das den dem des",
        general="wen wem wessen unterschied unterschiede beispiel beispiele art arten grund gründe ursache ursachen folge folgen rolle zweck vorteile nachteile passiert bedeutet",
        opening="und|aber|oder",
        about="was ist mit|was ist (?:in|bei)|wie (?:steht|sieht|ist) es (?:mit|in|bei)|wie sieht es",
        empty=r"\bgibt es\b|\bes gibt\b|\bgab es\b|\bes gab\b|\bgeht es (?:um|bei)\b|\bhandelt es sich\b|\bzu sein\b|\bsein(?=\W*$)"
        r"|\bdies(?:e|er|es|en|em) (?:woche|monat|jahr|jahres|tage|tagen|morgen|abend)\b"
        r"|\b(?-i:[dD]as) (?:\w+ )?(?-i:[A-ZÄÖÜ])"  # an article before a noun, that is, before a capital
        r"|(?<=\w)\W+(?-i:Sie|Ihr|Ihre|Ihren|Ihrem|Ihrer|Ihnen)\b",  # the polite form
        clause=r"(?:und|oder)\W+(?:was|warum|wie|wann|wo|wer|ist|sind)",
    ),
    "fr": _words(
        person="il elle lui",
        place="y là",
        thing="ils elles leur leurs en cela ça ce son sa ses celui celle",
        inside="il elle ils elles son sa ses leur leurs",
        faint="aussi ensuite autre autres",
        definite="le la les du",
        general="différence différences exemple exemples type types raison raisons cause causes effet effets rôle",
        opening="et|mais|ou",
        about="qu['’]en est-il|et pour",
        empty=r"\bil y a\b|\by a-t-il\b|\best-ce\b|\bqu['’]est-ce\b|\ben (?:\d|[A-ZÉ])|\bce(?:tte|t)? (?:semaine|mois|année|matin|soir)\b|(?<=\w \w)-t-(?:il|elle|ils|elles)\b",
        clause=r"(?:et|ou)\W+(?:pourquoi|comment|quand|où|qui)",
    ),
    "es": _words(
        person="él ella",
        place="allí ahí allá",
        thing="ellos ellas le les lo su sus eso esto ese esa esos esas",
        inside="él ella ellos ellas su sus",
        faint="también luego después otro otra otros",
        definite="el la los las del",
        general="diferencia diferencias ejemplo ejemplos tipo tipos razón razones causa causas efecto efectos papel",
        opening="y|e|pero|o",
        about="qué (?:hay|pasa) (?:de|con)|qué tal",
        empty=r"\blo que\b|\best[ae] (?:semana|mes|año|mañana|noche)\b",
        clause=r"(?:y|o)\W+(?:por qué|cómo|cuándo|dónde|quién)",
    ),
    "ru": _words(
        person="он она его её ее ему ей",
        place="там туда оттуда",
        thing="оно они их им это этот эта эти этого этой этом нём нем",
        inside="он она они его её ее их",
        faint="тоже также потом затем другой другие ещё еще",
        definite="",
        general="разница пример примеры вид виды причина причины роль",
        opening="а|и|но|или",
        about="как насч[её]т|что насч[её]т|что с",
        empty=r"\bв эт(?:ом|ой) (?:году|месяце|неделе)\b|\bна этой неделе\b",
        clause=r"(?:и|или)\W+(?:почему|как|когда|где|кто)",
    ),
}  # fmt: skip


def find_pointers(question: str, *, language: str, names: Sequence[Name]) -> Pointers:
    """What in ``question`` points back beyond the question itself: not at one of its own ``names`` or at what its first half introduced."""
    pointing = _POINTING.get(language)
    if pointing is None:
        return Pointers()
    kinds = {"thing"} if pointing.phrase.search(question) else set()
    listed = words(pointing.empty.sub(lambda empty: " " * len(empty[0]), question))
    for word in listed:
        normal = normalise(word.text)
        if normal in pointing.inside and any(name.end <= word.start for name in names):
            continue
        if pointing.clause.match(question[: word.start]):  # "What is anemia and why is it dangerous?"
            continue
        kinds.update(kind for kind in ("person", "place", "thing") if normal in getattr(pointing, kind))
    normals = {normalise(word.text) for word in listed}
    return Pointers(
        kinds=frozenset(kinds),
        faint=not pointing.faint.isdisjoint(normals),
        opens=bool(pointing.opening.match(question)),
        about=bool(pointing.about.match(question)),
        definite=not pointing.definite.isdisjoint(normals),
    )


def is_general(word: str, *, language: str) -> bool:
    """Whether a normalised word only says what is asked about a topic ("difference", "whose"), in any topic."""
    return language in _POINTING and word in _POINTING[language].general
