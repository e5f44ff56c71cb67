"""Whether a sentence is a line about the article, not of it: a byline, a time stamp, a dateline that stands alone.

Such a line is known by what is in it: by-words, offices, dates, times and the words around them are closed classes, and names are
taken only where a by-word, the article's own author or a dateline calls for one. One word besides these, a verb above all, and it
is a statement; in doubt it is one. Languages without word lists have only lines of dates and of the author's name.
Not here: marking what is no article at all (``ingest/clean.py``), reading dates (``ingest/dates.py``).
"""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from vectorstore.languages import normalise, stop_words
from vectorstore.names import is_name
from vectorstore.places import places

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vectorstore.types import Article

_MAX_CHARACTERS = 200
_NAME_WORDS = (2, 4)
"""Of a name behind a by-word: one word may be anything ("By train", "Von Experten")."""
_TITLE_CASE_NAME = 2
"""English headlines capitalise verbs: behind "By" two words leave no room for a subject and one ("By Dawn Rebels Fled")."""
_PLACE_WORDS = 3
_OFFICE_WORDS = 4
_NOTHING: frozenset[str] = frozenset()


def _sets(listed: Mapping[str, str]) -> dict[str, frozenset[str]]:
    return {language: frozenset(words.split()) for language, words in listed.items()}


# What opens a line about when the article appeared; a full sentence has another word first, or one that is in no list.
_STAMPS = _sets({
    "de": "stand veröffentlicht aktualisiert zuletzt letzte aktualisierung publiziert erschienen erstellt online datum lesezeit lesedauer",
    "en": "published updated posted last first modified issued date reading time read",
    "fr": "publié publiée mis mise jour ligne modifié paru parue date temps lecture",
    "es": "publicado publicada actualizado actualizada última actualización fecha tiempo lectura",
    "it": "pubblicato pubblicata aggiornato aggiornata ultimo aggiornamento data tempo lettura",
    "nl": "gepubliceerd geplaatst bijgewerkt laatst datum leestijd",
    "pt": "publicado publicada atualizado atualizada última atualização data tempo leitura",
    "ru": "опубликовано опубликована обновлено обновлена дата публикации обновления время чтения",
})  # fmt: skip
# What stands around dates and times, and units of time.
_AROUND = _sets({
    "de": "am um vom den uhr h min minute minuten seit",
    "en": "on at of am pm a.m p.m min mins minute minutes read ago h hrs",
    "fr": "le la à de en h min minute minutes heures",
    "es": "el a las la de del en h horas min minuto minutos",
    "it": "il alle ore di min minuti",
    "nl": "op om uur min minuten",
    "pt": "em às de do h min minutos",
    "ru": "в г года мск мин минут минуты минута",
})  # fmt: skip
# Units that make a number a time.
_UNITS = frozenset(
    "uhr h hrs min mins minute minutes minuten minuti minutos heures horas ore uur am pm a.m p.m мин минут минуты минута".split()
)
_ZONES = frozenset("utc gmt mez mesz cet cest bst est edt cst cdt pst pdt msk мск".split())
_BY = _sets({
    "de": "von text autor autorin autoren",
    "en": "by author authors text words",
    "fr": "par auteur autrice texte propos",
    "es": "por autor autora texto",
    "it": "di autore autrice testo",
    "nl": "door auteur tekst",
    "pt": "por autor autora texto",
    "ru": "автор авторы текст",
})  # fmt: skip
# Those that are prepositions too; the others need a colon.
_PREPOSITIONS = frozenset("von by par por di door".split())
_BEFORE_BY = frozenset("written reported reporting additional words edited editing".split())
_PARTICLES = frozenset("van von der den de del della di da dos du la le el al bin ibn zu zur ter ten".split())
_AND = frozenset("and und et y e en i и & with mit".split())
_OUR = _sets({
    "de": "von unserem unserer unseren",
    "en": "from by our",
    "fr": "de notre nos",
    "es": "de nuestro nuestra",
    "it": "dal dalla nostro nostra",
    "nl": "van onze",
    "pt": "do da nosso nossa",
    "ru": "от нашего нашей",
})  # fmt: skip
_OFFICE = re.compile(
    r"\w*(?:korrespondent(?:in|en)?|redakteur(?:in|e)?|reporter(?:in)?|berichterstatter(?:in)?)|\w*redaktion|chefredakteur(?:in)?"
    r"|correspondents?|editors?|reporters?|staff|writers?|columnists?|bureau|desk"
    r"|correspondante?s?|envoyée?s?|journalistes?|rédact(?:eur|rice)|rédaction|chef|cheffe|spéciale?s?|permanente?|service"
    r"|corresponsal(?:es)?|enviad[oa]|especial|redact(?:or|ora)|redacción|periodista|corrispondente|inviat[oa]|redazione|giornalista"
    r"|correspondent(?:e|en)?|redacteur|verslaggever|redação|repórter|корреспондент\w{0,3}|обозреватель|редакт(?:ор|ора)|журналист\w{0,2}"
    r"|dpa|afp|reuters|apa|sda|efe|tass|ansa|ap|pa|тасс"
)
_IN = _sets({
    "de": "in aus",
    "en": "in at",
    "fr": "à au aux en",
    "es": "en",
    "it": "a in da",
    "nl": "in",
    "pt": "em no na",
    "ru": "в из",
})  # fmt: skip

_TOKEN = re.compile(
    r"(?P<clock>(?<!\d)\d{1,2}(?:[:.]\d\d(?::\d\d)?|\s?h\s?\d\d)(?!\.?\d))"
    r"|(?P<date>(?:19|20)\d\d-\d\d-\d\d|\d{1,2}[./]\s?\d{1,2}[./]\s?(?:19|20)?\d\d)(?!\d)"
    r"|(?P<number>\d+(?:er|st|nd|rd|th|[.º°](?=\s))?(?!\w))"
    r"|(?P<word>[^\W\d_](?:[\w'’.-]*\w)?\.?)"
    r"|(?P<mark>\S)"
)
_SEPARATORS = frozenset(",|·•–—-/()*_:;.")
_ENDS = re.compile(r"[.!?…][\s»”\"'’)]*$")
_INITIAL = re.compile(r"\b\w\.$")
_LONE = re.compile(r"([^\W\d_][\w'’/-]*(?: [^\W\d_][\w'’/-]*){0,2})\s?\.")

# What asks for such a line; whoever asks so gets it.
_ASKS: Mapping[str, str] = {
    "de": r"\bautor(?:in|en)?\b|\bverfass|\bgeschrieben\b|\bschrieb|\bwer\b.*\bberichte|\bkorrespondent|\bveröffentlich|\berschien|\bpublizier|\baktualisier|\b(?:datum|stand|alt|von wann|von wem)\b.*\b(?:artikel|text|bericht|meldung)",
    "en": r"\bauthor|\bwrote\b|\bwritten\b|\bwriter|\bbyline|\bwho\b.*\breport|\breporter|\bcorrespondent|\bpublish|\bpublication\b|\bupdated\b|\bposted\b|\bappear(?:ed)?\b|\b(?:date|old|when)\b.*\b(?:article|text|report|story)",
    "fr": r"\bauteur|\bautrice|\bécri|\brédig|\bsigné|\bjournaliste|\bcorrespondant|\bpubli[éec]|\bparu|\bmise? à jour|\b(?:date|quand)\b.*\b(?:article|texte)",
    "es": r"\bautora?\b|\bescri[bt]|\bredact|\bfirma|\bperiodista|\bcorresponsal|\bpublic[aó]|\bactualiz|\b(?:fecha|cuándo)\b.*\b(?:artículo|texto|noticia)",
    "it": r"\bautore|\bautrice|\bscri[tv]|\bfirma|\bgiornalista|\bcorrispondente|\bpubblica|\baggiorna|\bdata\b.*\barticolo",
    "nl": r"\bauteur|\bschre|\bgeschreven|\bverslaggever|\bcorrespondent|\bgepubliceerd|\bverschen|\bbijgewerkt|\bdatum\b.*\bartikel",
    "pt": r"\bautora?\b|\bescre|\brepórter|\bjornalista|\bcorrespondente|\bpublica|\batualiza|\bdata\b.*\bartigo",
    "ru": r"\bавтор|\bнаписа|\bкорреспондент|\bжурналист|\bопубликов|\bобновл|\bвышл[аои]|\b(?:дата|когда)\b.*\b(?:стать[яию]|публикаци|текст)",
}  # fmt: skip


def asks_about_page(question: str, *, language: str) -> bool:
    """Whether ``question`` may ask who wrote an article or when it appeared; rather once too often than once too seldom."""
    folded = question.casefold()
    if language == "und":  # too short to tell: "Warum?"
        return any(re.search(pattern, folded) for pattern in _ASKS.values())
    return language not in _ASKS or bool(re.search(_ASKS[language], folded))


def is_page_line(sentence: str, *, article: Article) -> bool:
    """Whether ``sentence`` of ``article`` only says who wrote it, when and where, and so tells nothing of its matter."""
    if len(sentence) > _MAX_CHARACTERS:
        return False
    return _is_lone_name(sentence, article=article) or _Line(sentence, article=article).is_page_line()


def is_byline(sentence: str, *, article: Article) -> bool:
    """Whether such a line says by whom ``article`` is."""
    if not is_page_line(sentence, article=article):
        return False
    said = {_plain(token) for token in _TOKEN.finditer(sentence)}
    return bool(article.author and article.author in sentence) or not said.isdisjoint(_BY.get(article.language, _NOTHING))


def _is_lone_name(sentence: str, *, article: Article) -> bool:
    """Whether a place and a full stop are all of it, as in "Neu-Delhi." or "WEHLSDORF.".

    One that no table has is known by the article's naming it again, with a capital behind a small word. One word may be a whole
    statement ("Llueve."), but has no capital there.
    """
    language = article.language
    name = _LONE.fullmatch(sentence.strip(" *_"))
    if not name or not all(part[0].isupper() for part in name[1].split()):
        return False
    if [(place.start, place.end) for place in places(name[1], language=language)] == [(0, len(name[1]))]:
        return True
    shouted = name[1].isupper()
    if " " in name[1] or normalise(name[1]) in stop_words(language):
        return False
    known = name[1].title() if shouted else name[1]
    # German nouns have a capital everywhere.
    if language == "de" and not shouted and not is_name(known, first=False, any_capitals=True, language=language):
        return False
    again = re.finditer(rf"([^\W\d_]+)\s{re.escape(known)}(?!\w)", article.text)
    return any(found[1].islower() for found in again)


class _Line:
    """A sentence in tokens, read from the left: each must belong to something that such a line is made of."""

    def __init__(self, sentence: str, *, article: Article) -> None:
        self._text = sentence.strip()
        self._article = article
        self._language = language = article.language
        self._tokens = list(_TOKEN.finditer(self._text))
        self._plain = [_plain(token) for token in self._tokens]
        self._calendar = _calendar(language)
        self._source = [_plain(token) for token in _TOKEN.finditer(article.source)]
        self._author = self._read_author()
        self._stamps = _STAMPS.get(language, _NOTHING)
        self._around = _AROUND.get(language, _NOTHING)

    def is_page_line(self) -> bool:
        """Whether nothing is left over, and what was found says by whom or when."""
        at, signed, stamped, timed = 0, False, False, 0
        place = self._place(0)
        while at < len(self._tokens):
            if self._starts_with(self._author, at):
                at, signed = at + len(self._author), True
            elif (after := self._byline(at)) > at:
                at, signed = after, True
            elif self._starts_with(self._source, at):
                at += len(self._source)
            elif self._is_stamp(at):
                at, stamped = at + 1, True
            elif self._is_time(at):
                at, timed = at + 1, timed + 1
            elif self._is_around(at) or self._tokens[at][0] in _SEPARATORS:
                at += 1
            elif at == 0 < place:
                at = place
            else:
                return False
        dated = stamped and timed > 0
        own = timed > 1 and self._is_own_date()
        if _ENDS.search(self._text) and not _INITIAL.search(self._text):
            return dated or (own and place > 0 and not signed)  # "Barcelona, 1 de febrero de 2024."
        return signed or dated or own

    def _read_author(self) -> list[str]:
        """The author's name in plain tokens; none where what is stored as one is no name ("By Monday hundreds had fled")."""
        author = list(_TOKEN.finditer(self._article.author))
        names = all(
            token["mark"] or (token[0][0].isupper() and _plain(token) not in self._calendar) or _plain(token) in _PARTICLES | _AND
            for token in author
        )
        return [_plain(token) for token in author] if names else []

    def _is_own_date(self) -> bool:
        """Whether the date is the article's: another one may be a chronicle's, whose next line says what happened then."""
        published = self._article.published_at
        if not published:
            return False
        numbers = {int(number) for number in re.findall(r"\d+", self._text)}
        near = [published + timedelta(days=shift) for shift in (-1, 0, 1)]  # it is written in local time
        return any({day.year, day.day} <= numbers for day in near)

    def _starts_with(self, name: list[str], at: int) -> bool:
        return bool(name) and self._plain[at : at + len(name)] == name

    def _is_stamp(self, at: int) -> bool:
        """A stamp's word where a part of the line begins, or behind another one."""
        if self._plain[at] not in self._stamps:
            return False
        while at > 0 and self._plain[at - 1] in self._stamps | self._around:
            at -= 1
        return self._begins(at)

    def _begins(self, at: int) -> bool:
        return at == 0 or bool(self._tokens[at - 1]["mark"]) or self._is_time(at - 1) or self._plain[at - 1] in _UNITS

    def _is_time(self, at: int) -> bool:
        """A date, a clock time, a name of the calendar, a year; any other number only beside one of these."""
        token = self._tokens[at]
        if token["clock"] or token["date"] or self._plain[at] in self._calendar:
            return True
        digits = re.sub(r"\D", "", token["number"] or "")
        if len(digits) == 4:
            return digits[:2] in {"19", "20"}
        beside = [self._plain[other] for other in (at - 1, at + 1, at + 2) if 0 <= other < len(self._plain)]
        return 0 < len(digits) <= 2 and any(word in self._calendar or word in _UNITS for word in beside)

    def _is_around(self, at: int) -> bool:
        """A small word beside a date, a time or a stamp."""
        if self._plain[at] in _ZONES:
            return True
        if self._plain[at] not in self._around:
            return False
        before, after = at - 1, at + 1
        while before >= 0 and self._plain[before] in self._around:
            before -= 1
        while after < len(self._plain) and self._plain[after] in self._around:
            after += 1
        near = [other for other in (before, after) if 0 <= other < len(self._plain)]
        return any(self._plain[other] in self._stamps or self._is_time(other) for other in near)

    def _byline(self, at: int) -> int:
        """Where the byline ends that begins at a token; ``at`` if none does."""
        if not self._begins(at):
            return at
        by = self._skip(at, _BEFORE_BY)
        if self._at(by) not in _BY.get(self._language, _NOTHING):
            return self._our_office(at)
        names = self._skip(by + 1, {":"})
        if names == by + 1 and self._plain[by] not in _PREPOSITIONS:
            return at
        end = self._person(names, by=by)
        if end == names:
            return self._our_office(at)
        while self._at(end) in _AND and (after := self._person(end + 1, by=by)) > end + 1:
            end = after
        return self._behind(end)

    def _our_office(self, at: int) -> int:
        """Where an office without by-word ends: "De notre correspondante à Tachkent, Solène Abgrall"."""
        office = self._skip(at, _OUR.get(self._language, _NOTHING))
        end = self._office(office)
        if office < at + 2 or end == office:
            return at
        end = self._in_place(end)
        return self._person(end + 1, by=at) if self._at(end) == "," else end

    def _behind(self, end: int) -> int:
        """What may follow the names: an office, a place."""
        end = self._in_place(end)
        if end + 1 < len(self._tokens) and self._tokens[end]["mark"]:
            if (office := self._office(end + 1)) > end + 1:
                return self._in_place(office)
            if self._plain[end] == "," and (place := self._place(end + 1)) > end + 1:
                return place
        return end

    def _person(self, at: int, *, by: int) -> int:
        """Where a person's name ends: the author's, or a few capitalised words; ``at`` if there is none."""
        if self._starts_with(self._author, at):
            return at + len(self._author)
        if len(self._tokens[by][0]) > 1 and self._tokens[by][0].isupper():  # a headline in capitals has its verb in them too
            return at
        least, most = _NAME_WORDS
        end = self._name(at, most=_TITLE_CASE_NAME if self._language == "en" else most)
        counted = sum(word not in _PARTICLES for word in self._plain[at:end])
        return end if counted >= least else at

    def _office(self, at: int) -> int:
        """Where an office ends: "Diplomatic Correspondent", "envoyé spécial"."""
        last = at
        for end in range(at, min(len(self._plain), at + _OFFICE_WORDS)):
            if _OFFICE.fullmatch(self._plain[end]):
                last = end + 1
            elif not self._is_capitalised(end):
                break
        return last

    def _in_place(self, at: int) -> int:
        if self._at(at) not in _IN.get(self._language, _NOTHING):
            return at
        end = max(self._place(at + 1), self._name(at + 1, most=1))
        return end if end > at + 1 else at

    def _place(self, at: int) -> int:
        """Where the known place ends that begins at a token; ``at`` if there is none."""
        for end in range(min(len(self._tokens), at + _PLACE_WORDS), at, -1):
            piece = self._text[self._tokens[at].start() : self._tokens[end - 1].end()]
            if [(place.start, place.end) for place in places(piece, language=self._language)] == [(0, len(piece))]:
                return end
        return at

    def _name(self, at: int, *, most: int) -> int:
        """Where a run of at most ``most`` capitalised words ends, initials and particles not counted."""
        end, count = at, 0
        while end < len(self._tokens):
            behind = self._skip(end, _PARTICLES) if end > at else end
            if behind == len(self._tokens) or not self._is_capitalised(behind):
                break
            count += not self._is_initial(behind)
            if count > most:
                break
            end = behind + 1
        return end

    def _is_capitalised(self, at: int) -> bool:
        """Whether a token may be of a name: a capital, and neither a small word nor one of the calendar ("By Monday Hundreds")."""
        word, plain = self._tokens[at]["word"], self._plain[at]
        if not word or not word[0].isupper() or plain in self._calendar:
            return False
        return self._is_initial(at) or normalise(plain) not in stop_words(self._language)

    def _is_initial(self, at: int) -> bool:
        return len(self._plain[at]) == 1 and self._tokens[at][0].endswith(".")

    def _skip(self, at: int, words: Collection[str]) -> int:
        while self._at(at) in words:
            at += 1
        return at

    def _at(self, at: int) -> str:
        return self._plain[at] if at < len(self._plain) else ""


def _plain(token: re.Match[str]) -> str:
    return token[0].casefold().rstrip(".") or token[0]


@cache
def _calendar(language: str) -> frozenset[str]:
    """The names of months and weekdays, short ones too."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError):
        return _NOTHING
    tables = [names for kind in (*locale.months.values(), *locale.days.values()) for names in kind.values()]
    listed = {name.casefold().rstrip(".") for table in tables for name in table.values()}
    return frozenset(name for name in listed if len(name) > 1 and not name.isdigit()) | {"sept"}
