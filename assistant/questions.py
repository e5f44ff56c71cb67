"""What kind of answer a question asks for, and whether a sentence has such a thing.

Question words by language, nothing learned. Not here: the question's terms (``vectorstore/terms.py``), choosing sentences (``evidence.py``).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from assistant.numerals import words_of
from assistant.quantities import find_numbers
from vectorstore.languages import normalise, stop_words, words, zipf
from vectorstore.names import question_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assistant.quantities import Number

Kind = Literal[
    "money", "share", "duration", "count", "number", "year", "date", "name", "person", "country", "place", "reason", "other"
]
NUMERIC = frozenset({"money", "share", "duration", "count", "number"})
NEEDED = NUMERIC | {"name", "year"}
"""Kinds without which nothing answers a question for them."""

# The words that come first in the question decide ("Where was he when ..."), of two at one place the longer ("how long ago").
_ASKING: Mapping[str, tuple[tuple[Kind, str], ...]] = {
    "en": (
        ("reason", r"\bwhy\b|\bwhat (?:caused?|reasons?)\b|\bfor what (?:reason|purpose)\b|\bhow come\b"),
        ("number", r"\bhow (?:many|much|old|long|far|high|tall|large|big|fast|often|deep|wide|heavy)\b|\bwhat (?:percent|percentage|proportion|share|number|amount|price|sum|fraction)\b"),
        ("date", r"\bwhen\b|\b(?:what|which) (?:year|day|date|month|decade|century|time)\b|\bhow long ago\b|\buntil when\b|\bsince when\b"),
        ("place", r"\bwhere\b|\b(?:what|which) (?:city|country|town|place|state|region|continent)\b"),
        ("name", r"\bwhat(?: is|['’]s| was| are| were) (?:[\w'’]+ ){0,3}names?\b"),
        ("person", r"\bwho(?:m|se)?\b"),
    ),
    "de": (
        ("reason", r"\bwarum\b|\bweshalb\b|\bwieso\b|\bweswegen\b|\baus welche[mn] gr[uü]nd"),
        ("number", r"\bwie ?viele?[rn]?\b|\bwie (?:alt|hoch|lange?|weit|gro(?:ß|ss)|oft|schnell|tief|teuer|breit|schwer)\b|\bwelche[rn]? (?:anteil|prozent|zahl|anzahl|summe|preis|menge)|\bwas kostet"),
        ("date", r"\bwann\b|\b(?:welche[mnrs]?) (?:jahr|tag|datum|monat|jahrzehnt|jahrhundert|zeitpunkt)|\bseit wann\b|\bbis wann\b"),
        ("place", r"\bwo(?:her|hin)?\b|\b(?:welche[mnrs]?) (?:stadt|land|ort|staat|region|kontinent)"),
        ("name", r"\bwie (?:hei(?:ß|ss)(?:t|en)|hie(?:ß|ss)(?:en)?)\b|\bwie lautete? der name\b|\bwelchen namen\b"),
        ("person", r"\bwe[rmn]\b|\bwessen\b"),
    ),
    "fr": (
        ("reason", r"\bpourquoi\b|\bpour quelles? raisons?\b"),
        ("number", r"\bcombien\b|\bquel(?:le)?s? (?:est |sont |était |étaient )?(?:l[ea]s? |l['’])?(?:pourcentage|nombre|montant|part|proportion|somme|prix|age|âge)\b"),
        ("date", r"\bquand\b|\bquel(?:le)?s? (?:est |était )?(?:l[ea] |l['’])?(?:année|jour|date|mois|siècle|décennie|heure)\b"),
        ("place", r"\bo[uù] \b|\bd'où\b|\bquel(?:le)?s? (?:ville|pays|lieu|région|endroit)\b"),
        ("name", r"\bcomment (?:\w+ )?s['’]appel\w+|\bquel(?:s|le|les)? (?:est |était |sont |étaient )?(?:le |les )?noms?\b"),
        ("person", r"\bqui\b"),
    ),
    "es": (
        ("reason", r"\bpor qu[eé]\b|\bpor cu[aá]l raz[oó]n\b"),
        ("number", r"\bcu[aá]nt[oa]s?\b|\bqu[eé] (?:porcentaje|n[uú]mero|cantidad|suma|edad|precio)\b"),
        ("date", r"\bcu[aá]ndo\b|\ben qu[eé] (?:a[nñ]o|d[ií]a|fecha|mes|siglo|d[eé]cada)\b"),
        ("place", r"\bd[oó]nde\b|\bqu[eé] (?:ciudad|pa[ií]s|lugar|regi[oó]n)\b"),
        ("name", r"\bc[oó]mo se llam\w+|\bcu[aá]l(?:es)? (?:es|era|son|eran) (?:el|los) nombres?\b"),
        ("person", r"\bqui[eé]n(?:es)?\b"),
    ),
    "it": (
        ("reason", r"\bperch[eé]\b|\bper quale motivo\b"),
        ("number", r"\bquant[oaie]\b|\bquale (?:percentuale|numero|somma)\b"),
        ("date", r"\bquando\b|\bin (?:che|quale) (?:anno|giorno|data|mese|secolo)\b"),
        ("place", r"\bdov(?:e|'è)\b|\b(?:quale|che) (?:citt[aà]|paese|luogo)\b"),
        ("person", r"\bchi\b"),
    ),
    "pt": (
        ("reason", r"\bpor ?qu[eê]\b"),
        ("number", r"\bquant[oa]s?\b|\bqual (?:percentagem|porcentagem|n[uú]mero|quantia)\b"),
        ("date", r"\bquando\b|\bem que (?:ano|dia|data|m[eê]s)\b"),
        ("place", r"\b[ao]?onde\b|\bque (?:cidade|pa[ií]s|lugar)\b"),
        ("person", r"\bquem\b"),
    ),
    "nl": (
        ("reason", r"\bwaarom\b"),
        ("number", r"\bhoeveel\b|\bhoe (?:oud|hoog|lang|ver|groot|vaak|snel)\b|\bwelk (?:percentage|aantal|bedrag)\b"),
        ("date", r"\bwanneer\b|\bwelke? (?:jaar|dag|datum|maand)\b"),
        ("place", r"\bwaar(?:heen|vandaan)?\b|\bwelke? (?:stad|land|plaats)\b"),
        ("person", r"\bwie\b|\bwiens\b"),
    ),
    "ru": (
        ("reason", r"\bпочему\b|\bзачем\b|\bпо какой причине\b|\bотчего\b"),
        ("number", r"\bсколько\b|\bкакой (?:процент|возраст|сумм)|\bкакая (?:доля|сумма|часть)|\bкакое (?:число|количество)"),
        ("date", r"\bкогда\b|\bв как(?:ом|ой) (?:году|день|месяце|веке)|\bкакого числа\b"),
        ("place", r"\bгде\b|\bкуда\b|\bоткуда\b|\bв как(?:ом|ой) (?:городе|стране|месте|регионе)"),
        ("name", r"\bкак (?:\w+ )?(?:зовут|звали|называ\w+)"),
        ("person", r"\bкто\b|\bкого\b|\bкому\b|\bкем\b"),
    ),
    "uk": (
        ("reason", r"\bчому\b|\bнавіщо\b"),
        ("number", r"\bскільки\b"),
        ("date", r"\bколи\b|\bв якому році\b"),
        ("place", r"\bде\b|\bкуди\b|\bзвідки\b"),
        ("person", r"\bхто\b|\bкого\b|\bкому\b|\bким\b"),
    ),
    "pl": (
        ("reason", r"\bdlaczego\b|\bczemu\b"),
        ("number", r"\bile\b|\bilu\b|\bjaki (?:procent|odsetek)\b"),
        ("date", r"\bkiedy\b|\bw którym roku\b"),
        ("place", r"\bgdzie\b|\bdokąd\b|\bskąd\b"),
        ("person", r"\bkto\b|\bkogo\b|\bkomu\b|\bkim\b"),
    ),
    "tr": (
        ("reason", r"\bneden\b|\bniçin\b|\bniye\b"),
        ("number", r"\bkaç\b|\bne kadar\b"),
        ("date", r"\bne zaman\b|\bhangi (?:yıl|gün|tarih|ay)"),
        ("place", r"\bnere(?:de|ye|den)\b|\bhangi (?:şehir|ülke)"),
        ("person", r"\bkim(?:in|i|e|ler)?\b"),
    ),
    "ar": (
        ("reason", r"لماذا|لم\b"),
        ("number", r"\bكم\b"),
        ("date", r"\bمتى\b|في أي (?:عام|يوم|سنة|شهر)"),
        ("place", r"\bأين\b"),
        ("person", r"\bمن (?:هو|هي|الذي|التي)\b|^من\b"),
    ),
}  # fmt: skip
# What a question for a number, date or place asks for more exactly, and what asks for a sum without "how much".
_EXACTLY: Mapping[str, tuple[tuple[Kind, str], ...]] = {
    "en": (
        ("money", r"\bhow much\b.*\b(?:costs?|pays?|paid|earn\w*|spend|spent|raised?|donat\w+|invest\w*|worth|fined?|owed?|charged?|money|aid|sav(?:e|es|ed|ing)|los(?:e|es|t)|sold for)\b|\bin (?:euros?|dollars?|pounds?)\b|\b(?:what|which) (?:(?:is|was|are|were|will be) (?:the |its |his |her |their )?)?(?:\w+ ){0,2}(?:ransom|price|fine|fee|salary|budget|compensation|market value|cost|costs|revenue|turnover)\b"),
        ("share", r"\bwhat (?:percent|percentage|proportion|share|fraction)\b|\bhow many percent\b"),
        ("duration", r"\bhow long (?:did|do|does|will|has|have|had|after|before|would|can|could|must)\b|\bhow many (?:years|months|weeks|days|hours|minutes)\b"),
        ("count", r"\bhow many\b"),
        ("year", r"\b(?:what|which) year\b"),
        ("country", r"\b(?:what|which) (?:country|countries|nation)\b"),
    ),
    "de": (
        ("money", r"\bwie ?viel\b.*\b(?:(?:ge)?koste\w*|(?:be|ge)?zahl\w*|verdien\w*|wert|ausgegeben|geld|gespendet|spendet\w*|(?:ein)?(?:ge)?spar\w*|investier\w*)\b|\bwas koste\w*\b|\b(?:welche[nrs]?|wie hoch (?:ist|war|sind|waren|fällt|fiel)) (?:\w+ ){0,2}\w*(?:lösegeld|preise?|geldstrafen?|bu(?:ß|ss)geld(?:er)?|kosten|gehalt|gehälter|umsatz|umsätze|gewinne?|verluste?|marktwert|entschädigung(?:en)?|abfindung|budget|schaden|schäden|mieten?)\b"),
        ("share", r"\bwie ?viel prozent\b|\bwelche[rn]? (?:anteil|prozent\w*)\b|\bwie hoch (?:ist|war) (?:der|die) (?:\w+ )?(?:anteil|prozentsatz|quote)\b"),
        ("duration", r"\bwie lange\b|\bwie ?viele (?:jahre|monate|wochen|tage|stunden|minuten)\b"),
        ("count", r"\bwie ?viele[rn]?\b"),
        ("year", r"\bwelche[mns] jahr\b"),
        ("country", r"\bwelche[mnrs]? (?:land|landes|ländern?|staat|staaten)\b"),
    ),
    "fr": (
        ("money", r"\bcombien (?:co[uû]t\w*|vaut|valait|gagn\w+|d['’]argent)|\bquel(?:le)? (?:est |était |sera )?(?:le |la )?(?:prix|rançon|amende|salaire|budget|coût)\b"),
        ("share", r"\bquel(?:le)?s? (?:est |était )?(?:la |le )?(?:pourcentage|part|proportion)\b"),
        ("duration", r"\bcombien de temps\b|\bcombien d['’e] ?(?:ans|années|mois|semaines|jours|heures|minutes)\b"),
        ("count", r"\bcombien d(?:e\b|['’])"),
        ("year", r"\bquelle année\b"),
        ("country", r"\bquels? pays\b"),
    ),
    "es": (
        ("money", r"\bcu[aá]nto (?:cuesta|cost[oó]|vale|val[ií]a|gana|gan[oó]|pag\w+|dinero)\b"),
        ("share", r"\bqu[eé] porcentaje\b"),
        ("duration", r"\bcu[aá]nto tiempo\b|\bcu[aá]nt[oa]s (?:años|meses|semanas|d[ií]as|horas|minutos)\b"),
        ("count", r"\bcu[aá]nt[oa]s\b"),
        ("year", r"\bqu[eé] año\b"),
        ("country", r"\bqu[eé] pa[ií]s(?:es)?\b"),
    ),
    "ru": (
        ("money", r"\bсколько (?:стоит|стоил\w*|заплат\w*|денег)\b"),
        ("share", r"\bкакой процент\b|\bкакая доля\b"),
        ("duration", r"\bкак долго\b|\bсколько (?:времени|лет|месяцев|недель|дней|часов|минут)\b"),
        ("count", r"\bсколько\b"),
        ("year", r"\bв каком году\b"),
        ("country", r"\bкак(?:ой|ую|ая) стран|\bв какой стране\b"),
    ),
}  # fmt: skip
_COUNTED: Mapping[str, str] = {
    "en": r"\bhow many (?:other |more |of the |of his |of her |of their )?",
    "de": r"\bwie ?viele[rn]? (?:weitere[rn]? |andere[rn]? |der |von den )?",
    "fr": r"\bcombien d(?:e |['’])(?:autres )?",
    "es": r"\bcu[aá]nt[oa]s (?:otr[oa]s )?",
    "ru": r"\bсколько (?:всего |других )?",
}
_ANYONE = frozenset(
    "people persons men women menschen personen leute personnes gens personas gente человек людей times mal fois veces раз".split()
)
"""Counted without being named: "19 dead", "three of them"."""
_TIME_UNIT = re.compile(
    r"(?:second|minute|hour|day|night|week|month|year|decade|centur|sekunde|stunde|tag|nacht|nächte|woche|monat|jahr|jahrzehnt|jahrhundert"
    r"|seconde|heure|jour|nuit|semaine|mois|ans?\b|année|siècle|segundo|minuto|hora|d[ií]a|noche|mes(?:es)?\b|año|siglo|секунд|минут|час|ден|дн"
    r"|сут|недел|месяц|год|лет\b|век)",
    re.IGNORECASE,
)
_RARE_NAME = 3.6
"""Zipf scale (log10 per thousand million words)."""
_NAMING = re.compile(
    r"[\"“”„«»]\s?\w|\b(?:called|known|named?|names|hei(?:ß|ss)(?:t|en|e)|hie(?:ß|ss)(?:en)?|namens|genannt|bekannt|bezeichnet|nommée?|appelée?|s['’]appelle|nom|llama\w*|nombre|зовут|звали|назыв\w+|названи\w+)\b",
    re.IGNORECASE,
)
"""What gives a name: quotation marks, or a word for naming."""
_YEAR = re.compile(r"(?<!\d)(?:1\d|20)\d\d(?!\d)")
_TIME_WORDS: Mapping[str, str] = {
    "en": "january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday today yesterday tomorrow week month year decade century morning evening spring summer autumn winter",
    "de": "januar februar märz april mai juni juli august september oktober november dezember montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag heute gestern morgen vorgestern woche wochen monat jahr jahres jahren jahrhundert abend frühjahr sommer herbst winter",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre lundi mardi mercredi jeudi vendredi samedi dimanche hier demain aujourd semaine mois année siècle soir matin printemps été automne hiver",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre lunes martes miércoles jueves viernes sábado domingo hoy ayer mañana semana mes año siglo primavera verano otoño invierno",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря понедельник вторник среду среда четверг пятницу пятница субботу воскресенье сегодня вчера завтра неделе месяце году года утром вечером",
}  # fmt: skip


def answer_kind(question: str, *, language: str) -> Kind:
    """The kind of thing that would answer ``question``: ``"other"`` where its words do not say."""
    folded = question.casefold()
    found = [(match.start(), -len(match[0]), kind) for kind, pattern in _patterns(language) if (match := pattern.search(folded))]
    kind: Kind = min(found, key=lambda place: place[:2])[2] if found else "other"
    if kind in {"number", "date", "place", "other"}:
        exactly = next((exact for exact, pattern in _exact_patterns(language) if pattern.search(folded)), kind)
        return exactly if kind != "other" or exactly == "money" else kind
    return kind


def counted_word(question: str, *, language: str) -> str | None:
    """What a question for a count counts ("refugees"), as it is written; None where it is people or nothing in particular."""
    match = re.search(_COUNTED[language], question, re.IGNORECASE) if language in _COUNTED else None
    behind = words(question[match.end() :]) if match else []
    return behind[0].text if behind and normalise(behind[0].text) not in _ANYONE else None


def has_kind(
    sentence: str, *, kind: Kind, language: str, asked: frozenset[str] = frozenset(), counted: bool = True
) -> bool | None:
    """Whether ``sentence`` has something of that kind besides the words ``asked`` (normalised); None where it cannot be told.

    ``counted`` says whether it has what the question counts: a number of something else is only perhaps the answer.
    """
    if kind in NUMERIC:
        return _has_number(sentence, kind=kind, language=language, asked=asked, counted=counted)
    listed = [word.text for word in words(sentence) if normalise(word.text) not in asked]
    if kind == "year" and _YEAR.search(" ".join(listed)):
        return True
    if kind in {"year", "date"}:
        dated = _has_digit(listed) or bool({normalise(word) for word in listed} & _time_words(language))
        return (None if kind == "year" else True) if dated else False
    if kind == "name" and language in _EXACTLY:
        return bool(_NAMING.search(sentence)) or _has_name(sentence, language=language, asked=asked)
    if kind in {"name", "person", "place", "country"}:
        if not any(word[0].isupper() or word[0].islower() for word in listed):
            return None
        return any(word[0].isupper() and normalise(word) not in stop_words(language) for word in listed)
    return None


def _has_name(sentence: str, *, language: str, asked: frozenset[str]) -> bool:
    """Whether there is a name besides those asked about: a rare one, or two in a row (common words look like names in German)."""
    names = [name for name in question_names(sentence, language=language) if normalise(name.text) not in asked]
    rare = any(zipf(normalise(name.text), language=language) < _RARE_NAME for name in names)
    return rare or any(sentence[one.end : other.start].isspace() for one, other in pairwise(names))


def _has_number(sentence: str, *, kind: Kind, language: str, asked: frozenset[str], counted: bool) -> bool | None:
    found = [
        number
        for number in _numbers(sentence, language)
        if normalise(number.text) not in asked and (kind == "number" or (kind == "count" and counted) or not number.is_year)
    ]
    if not found:  # where words for numbers are not known, it may be written in one
        return False if words_of(language) else None
    if language not in _EXACTLY:  # nor are its words for units known
        return True
    if kind == "money":
        return any(number.unit.isupper() or number.unit == "crowns" for number in found)
    if kind == "share":
        return any(number.unit in {"%", "share", "times"} for number in found)
    if kind == "duration":
        return bool(_TIME_UNIT.search(sentence)) or None
    return True if kind == "number" or counted else None


@lru_cache(maxsize=4_096)
def _numbers(sentence: str, language: str) -> tuple[Number, ...]:
    return find_numbers(sentence, language=language)


def _has_digit(listed: list[str]) -> bool:
    return any(any(char.isdigit() for char in word) for word in listed)


@cache
def _time_words(language: str) -> frozenset[str]:
    return frozenset(_TIME_WORDS.get(language, "").split())


@cache
def _patterns(language: str) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in _ASKING.get(language, ()))


@cache
def _exact_patterns(language: str) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in _EXACTLY.get(language, ()))
