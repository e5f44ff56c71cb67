"""Words that stand for numbers, units and days in English, German, French, Spanish and Russian: tables, and how they add up.

Not here: finding them in a text (``quantities.py``).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vectorstore.languages import fold_accents, normalise, stem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UNITS: Mapping[str, str] = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
    "de": "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf",
    "es": "cero un dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve "
    "veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve",
    "ru": "ноль один два три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать "
    "шестнадцать семнадцать восемнадцать девятнадцать",
}  # fmt: skip
_TENS: Mapping[str, str] = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety",
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig",
    "fr": "vingt trente quarante cinquante soixante septante quatre-vingt nonante",
    "es": "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa",
    "ru": "двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто",
}
_OTHERS: Mapping[str, Mapping[str, float]] = {
    "en": {"dozen": 12, "hundred": 100},
    "de": {"eine": 1, "einen": 1, "eins": 1, "einer": 1, "dutzend": 12, "hundert": 100, "zwo": 2},
    "fr": {"une": 1, "vingts": 20, "quatre-vingts": 80, "cent": 100, "cents": 100, "douzaine": 12, "vingtaine": 20, "dizaine": 10, "quinzaine": 15},
    "es": {"uno": 1, "una": 1, "cien": 100, "ciento": 100, "doscientos": 200, "trescientos": 300, "quinientos": 500, "docena": 12},
    "ru": {
        "двух": 2, "двое": 2, "две": 2, "трех": 3, "трое": 3, "четырех": 4, "пяти": 5, "шести": 6, "семи": 7, "восьми": 8, "девяти": 9,
        "десяти": 10, "двадцати": 20, "тридцати": 30, "сорока": 40, "пятидесяти": 50, "сто": 100, "ста": 100, "двести": 200,
        "триста": 300, "четыреста": 400, "пятьсот": 500, "пятнадцати": 15, "двенадцати": 12,
    },
}  # fmt: skip
_SCALES: Mapping[str, Mapping[str, float]] = {
    "en": {"thousand": 1e3, "million": 1e6, "millions": 1e6, "mn": 1e6, "billion": 1e9, "billions": 1e9, "bn": 1e9, "trillion": 1e12},
    "de": {
        "tausend": 1e3, "tsd": 1e3, "million": 1e6, "millionen": 1e6, "mio": 1e6, "milliarde": 1e9, "milliarden": 1e9, "mrd": 1e9,
        "billion": 1e12, "billionen": 1e12,
    },
    "fr": {"mille": 1e3, "million": 1e6, "millions": 1e6, "milliard": 1e9, "milliards": 1e9, "billion": 1e12, "billions": 1e12},
    "es": {"mil": 1e3, "millon": 1e6, "millones": 1e6, "billon": 1e12, "billones": 1e12},
    "ru": {
        "тысяч": 1e3, "тысячи": 1e3, "тысяча": 1e3, "тысячу": 1e3, "тыс": 1e3, "миллион": 1e6, "миллиона": 1e6, "миллионов": 1e6, "млн": 1e6,
        "миллиард": 1e9, "миллиарда": 1e9, "миллиардов": 1e9, "млрд": 1e9, "триллион": 1e12, "триллионов": 1e12, "трлн": 1e12,
    },
}  # fmt: skip
# Directly behind the figures: "$25m", "€1.2bn", "40k".
_GLUED: Mapping[str, float] = {"bn": 1e9, "m": 1e6, "mn": 1e6, "k": 1e3}
_SHARES: Mapping[str, Mapping[str, float]] = {
    "en": {
        "half": 1 / 2,
        "third": 1 / 3,
        "thirds": 1 / 3,
        "quarters": 1 / 4,
        "fifths": 1 / 5,
        "quarter": 1 / 4,
        "fifth": 1 / 5,
        "tenth": 1 / 10,
    },
    "de": {"halfte": 1 / 2, "drittel": 1 / 3, "viertel": 1 / 4, "funftel": 1 / 5, "zehntel": 1 / 10},
    "fr": {"moitie": 1 / 2, "tiers": 1 / 3, "quart": 1 / 4, "cinquieme": 1 / 5, "dixieme": 1 / 10},
    "es": {"mitad": 1 / 2, "tercio": 1 / 3, "cuarta": 1 / 4, "cuarto": 1 / 4, "quinta": 1 / 5, "quinto": 1 / 5},
    "ru": {
        "половина": 1 / 2,
        "половину": 1 / 2,
        "половины": 1 / 2,
        "треть": 1 / 3,
        "трети": 1 / 3,
        "четверть": 1 / 4,
        "четверти": 1 / 4,
    },
}
CERTAIN_SHARES = frozenset("half halfte drittel moitie mitad tercio половина половину половины треть трети".split())
BEFORE_SHARES = frozenset("a one good gut ein eine einem un une le una der das около на".split())
_TIMES: Mapping[str, Mapping[str, float]] = {
    "en": {"doubled": 2, "doubling": 2, "twofold": 2, "twice": 2, "double": 2, "tripled": 3, "threefold": 3, "quadrupled": 4, "fourfold": 4, "fivefold": 5, "sixfold": 6, "tenfold": 10},
    "de": {"doppelt": 2, "doppelte": 2, "dreimal": 3, "viermal": 4, "funfmal": 5, "zehnmal": 10, "zweimal": 2},
    "fr": {"double": 2, "triple": 3, "quadruple": 4, "doubler": 2, "tripler": 3},
    "es": {"doble": 2, "duplicado": 2, "duplico": 2, "triple": 3, "triplicado": 3, "triplico": 3},
    "ru": {"вдвое": 2, "удвоился": 2, "удвоилась": 2, "втрое": 3, "вчетверо": 4, "впятеро": 5},
}  # fmt: skip
_GERMAN_TIMES = re.compile(r"(?:ver)?(doppel|drei|vier|funf|sechs|sieben|acht|neun|zehn)(?:fach)?(?:t|ten|te|n|ung)?")
# Rough amounts, by their order; "tens of thousands" is put together where it is found.
ORDERS: Mapping[str, Mapping[str, float]] = {
    "en": {"dozens": 10, "tens": 10, "hundreds": 100, "thousands": 1e3, "millions": 1e6, "billions": 1e9},
    "de": {
        "dutzende": 10, "dutzenden": 10, "hunderte": 100, "hunderten": 100, "tausende": 1e3, "tausenden": 1e3, "zehntausende": 1e4,
        "zehntausenden": 1e4, "hunderttausende": 1e5, "hunderttausenden": 1e5, "millionen": 1e6, "milliarden": 1e9,
    },
    "fr": {"dizaines": 10, "centaines": 100, "milliers": 1e3, "millions": 1e6, "milliards": 1e9},
    "es": {"decenas": 10, "docenas": 10, "cientos": 100, "centenares": 100, "miles": 1e3, "millones": 1e6},
    "ru": {"десятки": 10, "десятков": 10, "сотни": 100, "сотен": 100, "тысячи": 1e3, "тысяч": 1e3, "миллионы": 1e6, "миллионов": 1e6},
}  # fmt: skip
_ORDINALS: Mapping[str, str] = {
    "en": "first second third fourth fifth sixth seventh eighth ninth tenth",
    "de": "erst zweit dritt viert funft sechst siebt acht neunt zehnt",
    "fr": "premier deuxieme troisieme quatrieme cinquieme sixieme septieme huitieme neuvieme dixieme",
    "es": "primer segund tercer cuart quint sext septim octav noven decim",
    "ru": "перв втор трет четверт пят шест седьм восьм девят десят",
}
_ORDINAL_ENDINGS: Mapping[str, str] = {
    "en": r"", "de": r"(?:e|en|er|es|em|mals)", "fr": r"(?:e|es|s)?", "es": r"(?:o|a|os|as)?", "ru": r"(?:ый|ая|ое|ого|ой|ом|ую|ым|ые|ых|ий|ья|ье|ьего|ьей|ьем|ью)",
}  # fmt: skip
SIGNS = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₽": "RUB", "₹": "INR", "%": "%"}
_UNIT_WORDS = (
    (r"percent|per ?cent|prozent\w*|pour ?cent|por ?ciento|процент\w*|pct|procent|per ?cento|por ?cento", "%"),
    (r"euros?|eur|евро", "EUR"), (r"(?:us-?)?dollars?|usd|dollari|dolares|доллар\w*", "USD"), (r"pounds?|pfund|gbp|livres? sterling|libras?|фунт\w*", "GBP"),
    (r"rubel\w*|roubles?|rubles?|rublos?|рубл\w*", "RUB"), (r"rupien?|rupees?|roupies?|rupias?|рупи\w+", "INR"), (r"yen|йен\w*|иен\w*", "JPY"),
    (r"franken|francs?|francos?|франк\w*", "CHF"), (r"kronen|crowns|kronor|couronnes|coronas|крон\w*", "crowns"), (r"yuan|юан\w*", "CNY"),
    (r"zlotys?|zloty|злот\w*", "PLN"), (r"lira|lire|лир\w*", "TRY"),
)  # fmt: skip
# CLDR's name → what it measures, in which smallest unit, and how many of that it is.
_MEASURES: Mapping[str, tuple[str, float]] = {
    "duration-minute": ("minute", 1), "duration-hour": ("minute", 60), "duration-day": ("day", 1), "duration-week": ("day", 7),
    "duration-month": ("month", 1), "duration-year": ("month", 12), "length-meter": ("metre", 1), "length-kilometer": ("metre", 1000),
    "length-centimeter": ("metre", 0.01), "length-millimeter": ("metre", 0.001), "length-mile": ("metre", 1609.344), "length-yard": ("metre", 0.9144),
    "length-foot": ("metre", 0.3048), "length-inch": ("metre", 0.0254), "mass-kilogram": ("kilogram", 1), "mass-tonne": ("kilogram", 1000),
    "volume-liter": ("litre", 1), "area-hectare": ("hectare", 1),
}  # fmt: skip
_IMPERIAL = frozenset({"length-mile", "length-yard", "length-foot", "length-inch"})
_SHORT_MEASURES: Mapping[str, str] = {
    "km": "length-kilometer",
    "cm": "length-centimeter",
    "mm": "length-millimeter",
    "kg": "mass-kilogram",
    "км": "length-kilometer",
    "кг": "mass-kilogram",
}
RELATIVE: Mapping[str, Mapping[str, int]] = {
    "en": {"today": 0, "tonight": 0, "yesterday": -1, "tomorrow": 1},
    "de": {"heute": 0, "gestern": -1, "vorgestern": -2, "morgen": 1, "ubermorgen": 2},
    "fr": {"aujourd": 0, "hier": -1, "demain": 1},
    "es": {"hoy": 0, "ayer": -1, "manana": 1},
    "ru": {"сегодня": 0, "вчера": -1, "завтра": 1, "накануне": -1},
}
SEASONS: Mapping[str, Mapping[str, int]] = {
    "en": {"spring": 0, "summer": 1, "autumn": 2, "winter": 3},
    "de": {"fruhjahr": 0, "fruhling": 0, "sommer": 1, "herbst": 2, "winter": 3},
    "fr": {"printemps": 0, "ete": 1, "automne": 2, "hiver": 3},
    "es": {"primavera": 0, "verano": 1, "otono": 2, "invierno": 3},
    "ru": {"весн": 0, "весной": 0, "лет": 1, "летом": 1, "осен": 2, "осенью": 2, "зим": 3, "зимой": 3},
}
_LONG_SCALE = 4
_ALONE_IS_ARTICLE = frozenset("one ein eine einen einer eins un une uno una один".split())
_GERMAN_PART = re.compile("|".join(sorted(
    {*(fold_accents(normalise(word)) for word in (_UNITS["de"] + " " + _TENS["de"]).split()), "hundert", "tausend", "und", "eine"},
    key=len, reverse=True,
)))  # fmt: skip


def group_mark(language: str) -> str:
    """The sign between thousands in a language ("." in German), a comma where it is a space or not known."""
    from babel import Locale, UnknownLocaleError

    try:
        symbols = Locale.parse(language).number_symbols
    except (UnknownLocaleError, ValueError):
        return ","
    return str(symbols.get("latn", symbols).get("group", ","))


@cache
def words_of(language: str) -> Mapping[str, float]:
    """The number words of a language below its thousand, folded → value; empty where none are known."""
    units = {word: float(value) for value, word in enumerate(_UNITS.get(language, "").split())}
    tens = {word: 10.0 * value for value, word in enumerate(_TENS.get(language, "").split(), start=2)}
    listed = {**units, **tens, **_OTHERS.get(language, {})}
    return {fold_accents(normalise(word)): value for word, value in listed.items()}


def parts(word: str, *, language: str) -> list[float] | None:
    """The values that a word adds up from: "twenty-one" is 20 and 1, "zweihundertfünf" 2, 100 and 5; None if it is no number."""
    known, scales = words_of(language), _SCALES.get(language, {})
    form = fold_accents(normalise(word)).replace("‑", "-")
    if form in known or form in scales:
        return [known[form] if form in known else scales[form]]
    pieces = re.sub(r"quatre-vingts?", "quatrevingt", form).split("-") if language == "fr" else form.split("-")
    if len(pieces) == 1 and language == "de" and len(form) > 5:
        pieces = _GERMAN_PART.findall(form) if _GERMAN_PART.sub("", form) == "" else [form]
        return (
            _german_order([{"hundert": 100.0, "tausend": 1e3}.get(piece, known.get(piece)) for piece in pieces if piece != "und"])
            if len(pieces) > 1
            else None
        )
    values = [
        80.0 if piece == "quatrevingt" else known.get(piece, scales.get(piece))
        for piece in pieces
        if piece not in {"and", "et", "y"}
    ]
    if len(pieces) < 2 or any(value is None for value in values):
        return None
    return [value for value in values if value is not None]


def _german_order(values: Sequence[float | None]) -> list[float] | None:
    return None if any(value is None for value in values) else [value for value in values if value is not None]


def value(words: Sequence[str], *, language: str) -> float | None:
    """What a run of number words says; None for what is an article rather than a number ("one", "eine")."""
    if len(words) == 1 and fold_accents(normalise(words[0])) in _ALONE_IS_ARTICLE:
        return None
    listed = [number for word in words for number in parts(word, language=language) or ()]
    if len(words) > 1 and len(listed) > 1 and fold_accents(normalise(words[0])) in _ALONE_IS_ARTICLE and listed[1] < 100:
        listed = listed[1:]  # "une quinzaine", "ein Dutzend"
    total, current = 0.0, 0.0
    for number in listed:
        if number >= 1e3:
            if not current and not total and len(listed) == 1 and number > 1e3:
                return None  # "millions of families"
            if number > 1e3 and total and not current:
                total *= number  # "dos mil millones"
            else:
                total += max(1.0, current) * number
            current = 0.0
        elif number == 100 and current and current < 100:
            current *= 100
        elif number == 12 and current and current < 10:
            current *= 12
        else:
            current += number
    return total + current


def scale(word: str, *, language: str, glued: bool) -> float | None:
    """What a word behind figures multiplies them by ("Mio.", "thousand"; "m" and "bn" only directly behind them)."""
    form = fold_accents(normalise(word)).rstrip(".")
    if glued:
        return _GLUED.get(form)
    scales = _scales(language)
    if form in scales or language in _SCALES:
        return scales.get(form) or (_GLUED[form] if form in {"bn", "mn"} else None)
    # Of a language without a table CLDR has the bare word, which may have an ending: "milyondan".
    return next((scales[word] for word in scales if len(word) >= _LONG_SCALE and form.startswith(word)), None)


@cache
def _scales(language: str) -> Mapping[str, float]:
    """The words for thousand and more of a language, from the table or else from CLDR."""
    from babel import Locale, UnknownLocaleError

    if language in _SCALES:
        return _SCALES[language]
    try:
        patterns = Locale.parse(language).compact_decimal_formats["long"]
    except (UnknownLocaleError, ValueError, KeyError):
        return {}
    found = {}
    for forms in patterns.values():
        for power in (1e3, 1e6, 1e9, 1e12):
            pattern = forms.get(str(int(power)))
            word = re.sub(r"[0\s'.]+", "", str(getattr(pattern, "pattern", pattern or "")))
            if word.isalpha():
                found[fold_accents(normalise(word))] = power
    return found


def measure(word: str, *, language: str) -> tuple[str, float, bool] | None:
    """The measure that a word names, how many of its smallest unit it is, and whether it is imperial; in any ending, names by CLDR.

    "weeks" is ``("day", 7, False)``.
    """
    form = normalise(word)
    name = _SHORT_MEASURES.get(form) or _measures(language).get(stem(form, language=language))
    return (*_MEASURES[name], name in _IMPERIAL) if name else None


@cache
def _measures(language: str) -> Mapping[str, str]:
    from babel.core import UnknownLocaleError
    from babel.units import UnknownUnitError, format_unit

    found: dict[str, str] = {}
    for name in _MEASURES:
        for count in (1, 2, 5):
            try:
                written = format_unit(count, name, locale="en_GB" if language == "en" and count == 5 else language)
            except (UnknownLocaleError, UnknownUnitError, ValueError):
                continue
            word = re.sub(r"[\d\s]+", " ", written).strip()
            if word.isalpha():
                found.setdefault(stem(normalise(word), language=language), name)
    return found


def unit(word: str) -> str:
    """The unit that a word or sign names: ``"%"`` or a currency, else ``""``."""
    return SIGNS.get(word) or _unit_of(fold_accents(normalise(word)))


@cache
def _unit_of(form: str) -> str:
    return next((name for pattern, name in _UNIT_WORDS if re.fullmatch(pattern, form)), "")


def share(form: str, *, language: str) -> float | None:
    """The fraction that a folded word names."""
    return _SHARES.get(language, {}).get(form)


@cache
def ordinals(language: str) -> Mapping[str, float]:
    """The ordinals of a language, as beginnings of folded words → 1 to 10."""
    return {beginning: float(value) for value, beginning in enumerate(_ORDINALS.get(language, "").split(), start=1)}


def ordinal(form: str, *, language: str) -> float | None:
    """The place that a folded word names: "third", "dritten"."""
    endings = _ORDINAL_ENDINGS.get(language, "")
    for beginning, value in ordinals(language).items():
        if form.startswith(beginning) and re.fullmatch(endings, form[len(beginning) :]):
            return value
    return None


def times(form: str, *, language: str) -> float | None:
    """By how much a folded word multiplies ("doubled", "verfünffacht")."""
    found = _TIMES.get(language, {}).get(form)
    if found is None and language == "de" and form.startswith("ver") and (match := _GERMAN_TIMES.fullmatch(form)):
        return 2.0 if match[1] == "doppel" else words_of("de")[match[1]]
    return found
