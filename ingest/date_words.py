"""How languages say when: names of days and months, "yesterday", "last", "ago", and the words that tell past from future.

Tables and the patterns made of them, nothing else: what a pattern means on a given day is decided in ``relative_dates.py``. The names of a
pattern's groups say what it found: ``weekday``, ``month``, ``day``, ``year``, ``unit``, ``count``, ``offset`` (a word like "yesterday"), ``which``
("last"), ``whichweek`` ("on Tuesday of *last* week"), ``whichyear``, ``part`` ("early"), ``anchor`` ("since": what follows has begun).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Which = Literal["past", "last", "this", "next", "coming"]
Part = Literal["early", "mid", "late"]
Unit = Literal["day", "week", "weekend", "month", "year"]
Tense = Literal["past", "future"]

# Not before a year, nor before a word that makes it a name or a habit.
_NO_YEAR = r"(?!\s*,?\s*(?:of|de|del|des\s+Jahres|anno)?\s*,?\s*(?:1[5-9]|20)\d\d)"


@dataclass(frozen=True, slots=True)
class DateWords:
    """A language's words for times. Keys are regular expressions for a whole word, matched without regard to case.

    ``past`` and ``future`` are what tells that a clause is about what has happened or is planned, ``unclear`` what sounds like either;
    ``breaks`` is where clauses end; ``reports`` are verbs whose own tense says nothing about what is reported. They are None where the tense is not told, and then a bare weekday is not resolved.
    """

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    offsets: Mapping[str, int]
    which: Mapping[str, Which]
    units: Mapping[str, Unit]
    parts: Mapping[str, Part]
    counts: tuple[str, ...]
    expressions: tuple[str, ...]
    past: re.Pattern[str] | None = None
    future: re.Pattern[str] | None = None
    unclear: re.Pattern[str] | None = None
    breaks: re.Pattern[str] | None = None
    reports: re.Pattern[str] | None = None

    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """The expressions with the names filled in, in the order in which they are tried: longer ones first."""
        names = {
            "WEEKDAY": "|".join(self.weekdays),
            "MONTH": "|".join(self.months),
            "OFFSET": "|".join(self.offsets),
            "WHICH": "|".join(self.which),
            "UNIT": "|".join(self.units),
            "PART": "|".join(self.parts),
            "COUNT": "|".join((*self.counts, r"\d{1,2}")),
            "NOYEAR": _NO_YEAR,
        }
        filled = []
        for expression in self.expressions:
            pattern = expression
            for name, listed in names.items():
                pattern = pattern.replace(f"<{name}>", listed if name == "NOYEAR" else f"(?:{listed})")
            filled.append(re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.IGNORECASE))
        return tuple(filled)


_ENGLISH = DateWords(
    weekdays=("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    months=(
        r"jan(?:uary|\.)", r"feb(?:ruary|\.)", r"mar(?:ch|\.)", r"apr(?:il|\.)", "may", r"june?", r"july?", r"aug(?:ust|\.)",
        r"sep(?:tember|t\.|\.)", r"oct(?:ober|\.)", r"nov(?:ember|\.)", r"dec(?:ember|\.)",
    ),
    offsets={
        r"(?:the )?day before yesterday": -2, "yesterday": -1, "today": 0, "tonight": 0, r"this (?:morning|afternoon|evening)": 0,
        r"last night": -1, r"(?:the )?day after tomorrow": 2, "tomorrow": 1,
    },
    which={r"this past": "past", "last": "last", "this": "this", "next": "next", "this coming|coming": "coming"},
    units={"days?": "day", "weekend": "weekend", "weeks?": "week", "months?": "month", "years?": "year"},
    parts={"early(?: in)?|(?:at )?the (?:start|beginning) of": "early", "mid(?: |-)|(?:in )?the middle of": "mid", "late(?: in)?|(?:at )?the end of": "late"},
    counts=("an?|one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    expressions=(
        r"(?P<weekday><WEEKDAY>),? (?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)? (?:of )?(?P<month><MONTH>)<NOYEAR>",
        r"(?P<weekday><WEEKDAY>),? (?P<month><MONTH>) (?P<day>\d{1,2})(?:st|nd|rd|th)?<NOYEAR>",
        r"(?<!\d )(?<!\d)(?:the )?(?P<day>\d{1,2})(?:st|nd|rd|th)? (?:of )?(?P<month><MONTH>)<NOYEAR>",
        r"(?P<month><MONTH>) (?P<day>\d{1,2})(?:st|nd|rd|th)?<NOYEAR>(?!\d| ?[%:–-]\d)",
        r"(?P<weekday><WEEKDAY>)(?: (?:morning|afternoon|evening|night))? (?:of )?(?P<whichweek><WHICH>) week",
        r"(?P<which><WHICH>) (?P<weekday><WEEKDAY>)",
        (
            r"(?:(?P<anchor>since) )?(?<!good )(?<!black )(?<!super )(?<!ash )(?<!palm )(?<!holy )(?<!easter )(?<!cyber )(?<!bloody )(?<!maundy )(?<!every )(?<!shrove )(?<!each )(?!(?<=\bthe )\w+ (?-i:[A-Z]))"
            r"(?P<weekday><WEEKDAY>)(?!,? (?:the )?\d|,? <MONTH>|s| week\b| (?:at|last|next)\b.{0,6}week| (?:times|review|post|mail|magazine|paper)\b)"
        ),
        r"(?P<part><PART>) ?(?P<month><MONTH>)(?! \d)<NOYEAR>",
        r"(?:in )?(?P<month><MONTH>) (?:of )?(?P<whichyear><WHICH>) year",
        r"(?P<which>last|next|this) (?P<month><MONTH>)(?! \d)<NOYEAR>",
        r"(?:in|during|(?P<anchor>since)|from|until|till|by) (?P<month><MONTH>)(?! \d| (?:and|or|to) )<NOYEAR>",
        r"(?<!more than )(?<!less than )(?<!over )(?<!nearly )(?<!almost )(?<!about )(?<!around )(?<!some )(?<!roughly )(?<!and )(?<!or )(?<!to )(?<!than )(?P<count><COUNT>) (?P<unit>days?|weeks?|months?|years?) ago",
        r"(?<!the )(?P<which>last|this|next) (?P<unit>week|weekend|month|year)(?!['’]?s? (?:ago|old|of|long))",
        r"(?:at|over|on) the (?P<unit>weekend)",
        r"(?<!until )(?<!to )(?<!before )(?<!by )(?P<offset><OFFSET>)(?!['’]s)",
    ),
    past=re.compile(
        r"\b(?<!\bbe )(?<!\bto )(?<!\bwill )(?<!\bwould )(?<!\bcould )(?<!\bcan )(?<!\bmay )(?<!\bmight )(?<!\bshould )(?<!\bmust )(?<!\bnot )(?:was|were|had|did|has been|have been|said|told|met|won|lost|went|came|took|gave|made|began|begun|left|flew|flown|held|hit|put|cut|saw|seen|fell|fallen|rose|risen|struck|shot|sent"
        r"|became|found|spoke|spoken|wrote|written|led|brought|broke|broken|drew|drove|kept|killed|laid|paid|sold|stood|sank|sued|swore|thought|fought|fled|felt|built|bought|died|grew|got|"
        r"ran|set(?! (?:to|for))|threw|understood|quit|shut|has|(?!need|seed|speed|feed|breed|indeed|hundred|bed|red|planned for|scheduled|expected|slated|embed)[a-z]+ed)\b"
    ),
    future=re.compile(
        r"\b(?:will|shall|won['’]t|is to|are to|(?:is|are) (?:due|set|expected|scheduled|likely|slated|planning|going|preparing) (?:to|for)|plans? to|intends? to|aims? to|hopes? to|wants? to|heads? (?:to|for)"
        r"|expects? to|(?:is|are) (?:due|scheduled|planned|expected|slated)|(?:planning|preparing|planned|vowed|promised) to|planned for|scheduled (?:for|to)|expected (?:to|on|for)|due to (?:be|meet|start|begin|end|open|speak|vote|arrive|travel|take)|would(?! have)|starting|meets?|begins?|starts?|opens?|takes effect|can|could)\b"
        r"|['’]ll\b"
    ),
    unclear=re.compile(
        r"\b(?:(?:was|were|had been) (?:due|set|to|expected|scheduled|likely|slated|planned|supposed|going)\b|had (?:planned|intended|hoped|wanted|expected)|would have|should have|[Ii]f)\b"
    ),
    breaks=re.compile(r"[,;:()–—]| - |\b(?:and|but|while|after|before|when|which|who|because|although|though)\b"),
    reports=re.compile(r"\b(?:said|told|announced|added|warned|argued|claimed|confirmed|that)\b"),
)  # fmt: skip

_GERMAN = DateWords(
    weekdays=("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "(?:samstag|sonnabend)", "sonntag"),
    months=(
        r"(?:januar|jänner|jan\.)", r"(?:februar|feber|feb\.)", "märz", r"(?:april|apr\.)", "mai", r"(?:juni|jun\.)", r"(?:juli|jul\.)", r"(?:august|aug\.)",
        r"(?:september|sept?\.)", r"(?:oktober|okt\.)", r"(?:november|nov\.)", r"(?:dezember|dez\.)",
    ),
    offsets={"vorgestern": -2, "gestern": -1, "heute": 0, "übermorgen": 2, r"(?-i:morgen)": 1},
    which={
        r"vergangene[nmrs]?": "past", r"(?:letzt|vorig)e[nmrs]?": "last", r"diese[nmrs]?": "this", r"nächste[nmrs]?": "next", r"kommende[nmrs]?": "coming",
    },
    units={"tag(?:en?)?": "day", "wochenendes?": "weekend", "wochen?": "week", "monat(?:en?|s)?": "month", "jahr(?:en?|e?s)?": "year"},
    parts={"anfang": "early", "mitte": "mid", "ende": "late"},
    counts=("eine[mnrs]?", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"),
    expressions=(
        r"(?P<weekday><WEEKDAY>)(?:,? (?:dem|den|der)| ?,|) (?P<day>\d{1,2})\. ?(?P<month><MONTH>)<NOYEAR>",
        r"(?<![\d.]\.)(?<!\d)(?<!\d\. )(?P<day>\d{1,2})\. ?(?P<month><MONTH>)<NOYEAR>(?! (?P<x>vergangenen|vorigen|kommenden|nächsten) )",
        r"(?P<weekday><WEEKDAY>)(?:früh|morgen|vormittag|mittag|nachmittag|abend|nacht)? (?:(?:in )?der )?(?P<whichweek><WHICH>) woche",
        r"(?P<whichweek><WHICH>) woche (?:am )?(?P<weekday><WEEKDAY>)",
        r"(?P<which><WHICH>) (?P<weekday><WEEKDAY>)(?:früh|morgen|vormittag|mittag|nachmittag|abend|nacht)?",
        r"(?:(?P<anchor>seit) )?(?<!jeden )(?<!jedem )(?<!jeder )(?<!welchem )(?<!einem )(?<!einen )(?<!ein )(?<!\bab )(?P<weekday><WEEKDAY>)(?:früh|morgen|vormittag|mittag|nachmittag|abend|nacht)?(?!,? (?:dem |den |der )?\d)",
        r"(?P<part><PART>) (?:des )?(?P<month><MONTH>)<NOYEAR>",
        r"(?:im )?(?P<month><MONTH>) (?:des )?(?P<whichyear><WHICH>) jahres",
        r"(?P<which><WHICH>) (?P<month><MONTH>)<NOYEAR>",
        r"(?:im|(?P<anchor>seit)|bis|ab) (?P<month><MONTH>)(?! (?:und|oder|bis) )<NOYEAR>",
        r"vor (?P<count><COUNT>) (?P<unit>tag(?:en)?|wochen?|monat(?:en)?|jahr(?:en)?)",
        r"(?<!in den )(?<!die )(?P<which><WHICH>) (?P<unit>woche|wochenendes?|monats?|jahr(?:es)?)(?! (?:am|dienstag|montag))",
        r"(?:am) (?P<unit>wochenende)",
        r"(?<!bis )(?<!von )(?<!auf )(?<!am )(?<!heute )(?<!gestern )(?<!jeden )(?<!ab )(?P<offset><OFFSET>)(?! (?:noch immer|auf morgen))",
    ),
    past=re.compile(
        r"\b(?:(?:\w*ge\w{2,}|(?:be|er|ver|zer|ent|emp|unter|über)[a-zäöüß]{2,}|[a-zäöüß]+ier)(?:te|ene)[nrms]|war|waren|hatten?|wurden?|kam(?:en)?|ging(?:en)?|gab(?:en)?|nahm(?:en)?|fand(?:en)?|stand(?:en)?|begann(?:en)?|griff(?:en)?|traf(?:en)?|fuhr(?:en)?|flog(?:en)?|starb(?:en)?"
        r"|schloss(?:en)?|sprach(?:en)?|ließ(?:en)?|hielt(?:en)?|blieb(?:en)?|lag(?:en)?|lief(?:en)?|rief(?:en)?|verlor(?:en)?|gewann(?:en)?|stieg(?:en)?|fiel(?:en)?|zog(?:en)?|wies(?:en)?|bat(?:en)?"
        r"|trat(?:en)?|schrieb(?:en)?|brach(?:en)?|brannten?|riss(?:en)?|trug(?:en)?|warf(?:en)?|schlug(?:en)?|bot(?:en)?|erschien(?:en)?|beschloss(?:en)?|unterschrieb(?:en)?|geworden|worden|gewesen"
        r"|(?:hat|haben|habe|ist|sind|sei|seien)\b(?=[^.;:]*\b(?:ge[a-zäöüß]{2,}(?:t|en)|[a-zäöüß]{2,}(?:ge)[a-zäöüß]{2,}(?:t|en)|[a-zäöüß]+iert|(?:be|er|ver|zer|ent|emp|unter|über|hinter|miss|wider)[a-zäöüß]{3,}(?:t|en))\b)"
        r"|(?!heute|leute|letzte|erste|zweite|dritte|vierte|fünfte|sechste|rechte|beste|nächste|weite|breite|späte|alte|sollte|könnte|müsste|dürfte|möchte|konnte|würde|bitte|hätte|gute|bereite|heutige|meiste"
        r"|älteste|größte|kleinste|höchste|echte|bunte|harte|kalte|feste|bekannte|sogenannte|gesamte|geplante|verletzte|neueste|jüngste)[a-zäöüß]{2,}te"
        r"|(?!heuten|guten|letzten|ersten|zweiten|dritten|vierten|fünften|sechsten|rechten|besten|nächsten|weiten|breiten|späten|alten|sollten|könnten|müssten|dürften|möchten|unten|mitten|hätten|echten|harten|kalten"
        r"|festen|bekannten|sogenannten|gesamten|geplanten|meisten|ältesten|größten|höchsten|neuesten|jüngsten|arbeiten|halten|erhalten|enthalten|treten|bieten|bitten|leisten|starten|warten|vertreten|beraten|gelten|kosten|antworten|betreten|bereiten|leiten)[a-zäöüß]{2,}[aeiouäöürlnmstkphdgbfw]ten)\b"
    ),
    future=re.compile(
        r"\b(?:wird|werden|werde|soll|sollen|will|wollen|wolle|könnte|könnten|dürfte|dürften|geplant|vorgesehen|angesetzt|angekündigt|erwartet|reist|fliegt|trifft|beginnt|startet|endet|findet|finden|tagt|kommt|kommen|fährt|fahren"
        r"|tritt|stimmt|entscheidet|folgt|spielt|empfängt|nimmt|jährt|öffnet|schließt|läuft|geht|steht|muss|müssen|kann|können|spricht|hält|wählt|wählen)\b"
    ),
    unclear=re.compile(r"\b(?:sollte|sollten|wollte|wollten|hätte|hätten|wäre|wären|wurde erwartet|war(?:en)? (?:\w+ )?(?:geplant|vorgesehen|angesetzt)|[Ff]alls|[Ww]enn)\b"),
    breaks=re.compile(r"[,;:()–—]| - |\b(?:und|aber|sondern|während|nachdem|bevor|als|weil|obwohl)\b"),
    reports=re.compile(r"\b(?:sagte|sagten|erklärte|erklärten|teilte|teilten|betonte|kündigte|forderte|warnte|hieß|dass|ob)\b"),
)  # fmt: skip

_FRENCH = DateWords(
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    offsets={"avant-hier": -2, r"hier": -1, "aujourd['’]hui": 0, "après-demain": 2, "demain": 1},
    which={r"derni(?:er|ère)|pass[ée]e?": "past", r"ce(?:tte|t)?": "this", r"prochaine?": "coming"},
    units={"jours?": "day", "semaines?": "week", "mois": "month", r"an(?:s|née)?": "year", "week-end": "weekend"},
    parts={"(?:au )?début": "early", "(?:à la )?mi-": "mid", "(?:à la )?fin": "late"},
    counts=("une?", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"),
    expressions=(
        r"(?P<weekday><WEEKDAY>) (?P<day>\d{1,2})(?:er)? (?P<month><MONTH>)<NOYEAR>",
        r"(?:le )?(?<!\d)(?P<day>\d{1,2})(?:er)? (?P<month><MONTH>)<NOYEAR>",
        r"(?P<weekday><WEEKDAY>) (?P<which>dernier|prochain)",
        r"(?P<which>ce) (?P<weekday><WEEKDAY>)",
        r"il y a (?P<count><COUNT>) (?P<unit>jours?|semaines?|mois|ans?)",
        r"(?:la |le |l['’])?(?P<unit>semaine|mois|année|an) (?P<which><WHICH>)",
        r"(?P<which>cette|ce) (?P<unit>semaine|mois|année)",
        r"(?<!d['’])(?<!de )(?P<offset><OFFSET>)",
    ),
)  # fmt: skip
_SPANISH = DateWords(
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    months=("enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "sep?tiembre", "octubre", "noviembre", "diciembre"),
    offsets={"anteayer": -2, "ayer": -1, "pasado mañana": 2},
    which={r"pasad[oa]": "past", r"est[ea]": "this", r"próxim[oa]|que viene": "coming"},
    units={"días?": "day", "semanas?": "week", "mes(?:es)?": "month", "años?": "year"},
    parts={"a principios de": "early", "a mediados de": "mid", "a finales de": "late"},
    counts=("una?", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"),
    expressions=(
        r"(?P<weekday><WEEKDAY>),? (?P<day>\d{1,2}) de (?P<month><MONTH>)<NOYEAR>",
        r"(?<!\d)(?P<day>\d{1,2}) de (?P<month><MONTH>)<NOYEAR>",
        r"(?P<weekday><WEEKDAY>) (?P<which>pasado|que viene)",
        r"(?P<which>pasado|próximo|este) (?P<weekday><WEEKDAY>)",
        r"hace (?P<count><COUNT>) (?P<unit>días?|semanas?|mes(?:es)?|años?)",
        r"(?:la |el )?(?P<unit>semana|mes|año) (?P<which>pasad[oa]|próxim[oa]|que viene)",
        r"(?P<which>est[ea]|próxim[oa]|pasad[oa]) (?P<unit>semana|mes|año)",
        r"(?<!de )(?P<offset><OFFSET>)",
    ),
)  # fmt: skip
_RUSSIAN = DateWords(
    weekdays=("понедельник", "вторник", "сред[уа]", "четверг", "пятниц[уа]", "суббот[уа]", "воскресенье"),
    months=("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"),
    offsets={"позавчера": -2, "вчера": -1, "сегодня": 0, "послезавтра": 2, "завтра": 1},
    which={r"прошл(?:ый|ую|ом|ой|ое|ого)|минувш(?:ий|ую|ем|ей|ее)": "past", r"эт(?:от|у|ом|ой)": "this", r"следующ(?:ий|ую|ем|ей|ее)|будущ(?:ем|ей)": "coming"},
    units={"д(?:ня|ней|ень)": "day", "недел[юиье]": "week", "месяц(?:а|ев|е)?": "month", "год(?:а|у)?|лет": "year"},
    parts={"в начале": "early", "в середине": "mid", "в конце": "late"},
    counts=("один|одну", "два|две", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять"),
    expressions=(
        r"(?P<weekday><WEEKDAY>),? (?P<day>\d{1,2}) (?P<month><MONTH>)<NOYEAR>",
        r"(?<!\d)(?P<day>\d{1,2}) (?P<month><MONTH>)<NOYEAR>",
        r"(?P<which><WHICH>) (?P<weekday><WEEKDAY>)",
        r"(?P<count><COUNT>) (?P<unit>д(?:ня|ней|ень)|недел[юи]|недель|месяц(?:а|ев)?|год(?:а)?|лет) назад",
        r"(?P<which><WHICH>) (?P<unit>неделе|месяце|году)",
        r"(?P<offset><OFFSET>)",
    ),
)  # fmt: skip
LANGUAGES = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH, "ru": _RUSSIAN}


def date_words(language: str) -> DateWords | None:
    """The words of a language, None where they are not listed."""
    return LANGUAGES.get(language)


@cache
def date_patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """The patterns of a language, empty where it has none."""
    listed = LANGUAGES.get(language)
    return listed.patterns() if listed else ()
