"""The words of a foreign quote for somebody who does not know its language: dictionary entries, and names in the reader's spelling.

Word by word, as a dictionary shows them; never strung into a sentence. Not here: the dictionaries (``vectorstore.dictionary``), which spelling is
whose (``vectorstore.respelling``), a translation (``translation``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vectorstore.languages import lemma, normalise, stop_words
from vectorstore.languages import words as words_of
from vectorstore.names import is_name
from vectorstore.places import folded, places
from vectorstore.respelling import person_name, place_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vectorstore.dictionary import Entry, Glossary

MAX_SENSES: Final = 24
_LIMIT: Final = 10_000
"""So many characters of a quote are looked up."""
_STAND_INS: Final = frozenset({"jd.", "jdn.", "jdm.", "jds.", "etw.", "sich", "…"})


@dataclass(frozen=True, slots=True)
class QuoteWord:
    """A word ``quote[start:end]``, or a name of several, of which something can be told.

    ``senses`` are what the entries say, in their order, as ``headword: sense`` where the entry is not that of the word as it stands (its base form,
    a part of a compound). ``name`` is how the reader spells it, None where it is no name, is spelt the same or that is not sure. ``dictionary`` and
    ``licence`` say where the senses are from, "" if there are none.
    """

    start: int
    end: int
    senses: tuple[str, ...]
    name: str | None
    dictionary: str
    licence: str


def quote_words(quote: str, *, language: str, to: str, glossary: Glossary) -> list[QuoteWord]:
    """The words of ``quote`` of which something can be told to a reader of ``to``, in their order. ``glossary`` is into that language, or English."""
    quote = quote[:_LIMIT]
    about = glossary.about(language)
    dictionary = "; ".join(one.name for one in about)
    licence = "; ".join(dict.fromkeys(one.licence for one in about if one.licence))
    named = {found.start: (found.end, place_name(found.code, to=to)) for found in places(quote, language=language)}
    glossed = {word.start: word for word in glossary.gloss(quote, language=language)}
    found: list[QuoteWord] = []
    until = 0
    for position, word in enumerate(words_of(quote)):
        if word.start < until or word.text[0].isdigit():
            continue
        end, name = named.get(word.start, (word.end, None))
        until = end if name else until
        known = glossed.get(word.start)
        senses: tuple[str, ...] = ()
        if not name and not (known and known.name):  # a name may be written like a word
            senses = tuple(_senses(word.text, known.translations if known else (), language=language, glossary=glossary))
        if name:
            name = None if folded(name) == folded(quote[word.start : end]) else name
        elif (about and not senses) or is_name(word.text, first=position == 0, any_capitals=True, language=language):
            name = person_name(word.text, language=language, to=to)
        if senses or name:
            source = (dictionary, licence) if senses else ("", "")
            found.append(QuoteWord(word.start, end, senses[:MAX_SENSES], name, *source))
    return found


def _senses(word: str, likely: Sequence[str], *, language: str, glossary: Glossary) -> Iterator[str]:
    """What the entries of a word and of its base form say: single words before phrases, and of these the ``likely`` translations first."""
    entries = glossary.entries(word, language=language)
    base = lemma(word, language=language)
    if normalise(base) != normalise(word):
        entries = [*entries, *glossary.entries(base, language=language)]
    if normalise(word) in stop_words(language):  # at the start of a sentence "Am" is no americium
        entries = [entry for entry in entries if normalise(entry.headword) in {normalise(word), normalise(base)}]

    def place(entry: Entry) -> tuple[int, int]:
        first = next((rank for rank, phrase in enumerate(likely) if any(phrase in sense for sense in entry.senses)), len(likely))
        return _words_of(entry.headword), first

    told: set[str] = set()
    for entry in sorted(entries, key=place) or glossary.parts(word, language=language):
        same = normalise(entry.headword) == normalise(word)
        for sense in entry.senses:
            line = sense if same else f"{entry.headword}: {sense}"
            if line not in told:
                told.add(line)
                yield line


def _words_of(headword: str) -> int:
    """How many words a headword has, beside those that stand for others ("jdn. treffen")."""
    return sum(part not in _STAND_INS for part in headword.split())
