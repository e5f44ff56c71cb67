"""What kind of answer a question asks for, and whether a sentence has such a thing.

Question words by language, nothing learned. Not here: the question's terms (``vectorstore/terms.py``), choosing sentences (``evidence.py``).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

from vectorstore.languages import normalise, stop_words, words

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["number", "date", "person", "place", "reason", "other"]

# The words that come first in the question decide ("Where was he when ..."), of two at one place the longer ("how long ago").
_ASKING: Mapping[str, tuple[tuple[Kind, str], ...]] = {
    "en": (
        ("reason", r"\bwhy\b|\bwhat (?:caused?|reasons?)\b|\bfor what (?:reason|purpose)\b|\bhow come\b"),
        ("number", r"\bhow (?:many|much|old|long|far|high|tall|large|big|fast|often|deep|wide|heavy)\b|\bwhat (?:percent|percentage|proportion|share|number|amount|price|sum|fraction)\b"),
        ("date", r"\bwhen\b|\b(?:what|which) (?:year|day|date|month|decade|century|time)\b|\bhow long ago\b|\buntil when\b|\bsince when\b"),
        ("place", r"\bwhere\b|\b(?:what|which) (?:city|country|town|place|state|region|continent)\b"),
        ("person", r"\bwho(?:m|se)?\b"),
    ),
    "de": (
        ("reason", r"\bwarum\b|\bweshalb\b|\bwieso\b|\bweswegen\b|\baus welche[mn] gr[uü]nd"),
        ("number", r"\bwie ?viele?[rn]?\b|\bwie (?:alt|hoch|lange?|weit|gro(?:ß|ss)|oft|schnell|tief|teuer|breit|schwer)\b|\bwelche[rn]? (?:anteil|prozent|zahl|anzahl|summe|preis|menge)|\bwas kostet"),
        ("date", r"\bwann\b|\b(?:welche[mnrs]?) (?:jahr|tag|datum|monat|jahrzehnt|jahrhundert|zeitpunkt)|\bseit wann\b|\bbis wann\b"),
        ("place", r"\bwo(?:her|hin)?\b|\b(?:welche[mnrs]?) (?:stadt|land|ort|staat|region|kontinent)"),
        ("person", r"\bwe[rmn]\b|\bwessen\b"),
    ),
    "fr": (
        ("reason", r"\bpourquoi\b|\bpour quelles? raisons?\b"),
        ("number", r"\bcombien\b|\bquel(?:le)?s? (?:est |sont |était |étaient )?(?:l[ea]s? |l['’])?(?:pourcentage|nombre|montant|part|proportion|somme|prix|age|âge)\b"),
        ("date", r"\bquand\b|\bquel(?:le)?s? (?:est |était )?(?:l[ea] |l['’])?(?:année|jour|date|mois|siècle|décennie|heure)\b"),
        ("place", r"\bo[uù] \b|\bd'où\b|\bquel(?:le)?s? (?:ville|pays|lieu|région|endroit)\b"),
        ("person", r"\bqui\b"),
    ),
    "es": (
        ("reason", r"\bpor qu[eé]\b|\bpor cu[aá]l raz[oó]n\b"),
        ("number", r"\bcu[aá]nt[oa]s?\b|\bqu[eé] (?:porcentaje|n[uú]mero|cantidad|suma|edad|precio)\b"),
        ("date", r"\bcu[aá]ndo\b|\ben qu[eé] (?:a[nñ]o|d[ií]a|fecha|mes|siglo|d[eé]cada)\b"),
        ("place", r"\bd[oó]nde\b|\bqu[eé] (?:ciudad|pa[ií]s|lugar|regi[oó]n)\b"),
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
_NUMBER_WORDS: Mapping[str, str] = {
    "en": "two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty fifty hundred thousand million billion dozen half third quarter percent",
    "de": "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn fünfzehn zwanzig dreißig vierzig fünfzig hundert tausend million millionen milliarde milliarden dutzend hälfte drittel viertel prozent zehntausende hunderte tausende",
    "fr": "deux trois quatre cinq six sept huit neuf dix onze douze quinze vingt trente quarante cinquante cent mille million millions milliard milliards moitié tiers quart dizaine centaine",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez once doce quince veinte treinta cuarenta cincuenta cien mil millón millones mitad tercio cuarto decena",
    "ru": "два две три четыре пять шесть семь восемь девять десять двадцать тридцать сто тысяч тысячи миллион миллионов миллиард половина треть процентов",
}  # fmt: skip
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
    return min(found, key=lambda place: place[:2])[2] if found else "other"


def has_kind(sentence: str, *, kind: Kind, language: str, asked: frozenset[str] = frozenset()) -> bool | None:
    """Whether ``sentence`` has something of that kind besides the words ``asked`` (normalised); None where it cannot be told."""
    listed = [word.text for word in words(sentence) if normalise(word.text) not in asked]
    normal = {normalise(word) for word in listed}
    if kind == "number":
        return _has_digit(listed) or bool(normal & _number_words(language))
    if kind == "date":
        return _has_digit(listed) or bool(normal & _time_words(language))
    if kind in {"person", "place"}:
        if not any(word[0].isupper() or word[0].islower() for word in listed):
            return None
        return any(word[0].isupper() and normalise(word) not in stop_words(language) for word in listed)
    return None


def _has_digit(listed: list[str]) -> bool:
    return any(any(char.isdigit() for char in word) for word in listed)


@cache
def _number_words(language: str) -> frozenset[str]:
    return frozenset(_NUMBER_WORDS.get(language, "").split())


@cache
def _time_words(language: str) -> frozenset[str]:
    return frozenset(_TIME_WORDS.get(language, "").split())


@cache
def _patterns(language: str) -> tuple[tuple[Kind, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(pattern)) for kind, pattern in _ASKING.get(language, ()))
