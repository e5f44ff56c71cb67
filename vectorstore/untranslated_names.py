"""Which words of a text are names that a dictionary had better not translate: "Blinken", "Fischer", "Kohl".

Told from capitals, from titles and given names beside them, from how English uses the word, and from everywhere else in the text that has it.
Not here: the spellings of names (``names.py``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vectorstore import languages as words_of

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from vectorstore.translations import Dictionary, Found

_STARTS = re.compile(r"[.!?:…\n•„“”\"«»]")
# A surname is not among the commonest words (Zipf scale), and English news use it nearly as often as the language's own.
_NAME_ZIPF = 5.0
_ENGLISH_WORD_ZIPF = 4.0
_NAME_ZIPF_GAP = 1.6


def names_among(words: Sequence[str], found: Sequence[Found], gaps: Sequence[str], dictionary: Dictionary) -> list[bool]:
    """Which words are names, from what stands around them here and everywhere else in the text; ``gaps`` are before the words."""
    capitalised = [i for i, known in enumerate(found) if known.capitalised and not known.function]
    touches = {i for i in capitalised if gaps[i] in {" ", "\u00a0"}}
    names = _expected_names(words, found, touches, dictionary)
    sure = {words[i] for i in touches if names[i]}
    lower = {word for word, known in zip(words, found, strict=True) if not known.capitalised}
    for i in capitalised:
        word, known = words[i], found[i]
        if names[i] or word.isupper():
            continue
        starts = _starts_sentence(words, gaps, i)
        after_common = i > 0 and (not found[i - 1].capitalised or _starts_sentence(words, gaps, i - 1))
        if not starts and after_common and dictionary.introduces(words[i - 1]):
            continue
        if word in sure or (word.endswith("s") and word[:-1] in sure):
            names[i] = True
        elif dictionary.capitalises_nouns:
            names[i] = _used_as_name(word, known, dictionary)
        elif not starts and known.how != "own":
            inherits = i in touches and not after_common and not names[i - 1]
            names[i] = not inherits and word.lower() not in lower
    if dictionary.capitalises_nouns:
        return names
    # An unknown word's capital at the start of a sentence says nothing, unless another capital follows or it has one elsewhere.
    elsewhere = {words[i] for i in capitalised if names[i] and not _starts_sentence(words, gaps, i)}
    return [
        name and (i + 1 in touches or words[i] in elsewhere or _used_in_english(words[i], dictionary.language))
        for i, name in enumerate(names)
    ]


def _expected_names(words: Sequence[str], found: Sequence[Found], touches: Container[int], dictionary: Dictionary) -> list[bool]:
    """Which words are unknown and capitalised, or stand where a surname does: touching a title or a given name before them."""
    names = [known.capitalised and not known.function and not known.translations for known in found]
    # A given name is always followed by another name, a surname now and then stands alone.
    alone = {word for i, word in enumerate(words) if names[i] and i + 1 not in touches}
    for i in range(1, len(words)):
        if i not in touches or found[i - 1].function:
            continue
        titled = not names[i - 1] and dictionary.is_title(words[i - 1])
        third = i - 1 in touches and names[i - 2]
        named = names[i - 1] and words[i - 1] not in alone and not third and not dictionary.is_title(words[i])
        names[i] = names[i] or ((named or titled) and _could_be_name(words[i], found[i], dictionary.language))
    return names


def _starts_sentence(words: Sequence[str], gaps: Sequence[str], position: int) -> bool:
    """Whether the word's capital may only be that of a sentence; "28. Februar" does not start one."""
    gap = gaps[position]
    ordinal = position > 0 and gap.startswith(".") and "\n" not in gap and words[position - 1].isdigit()
    return not ordinal and _STARTS.search(gap) is not None


def _could_be_name(word: str, found: Found, language: str) -> bool:
    """Whether a word that the dictionary has could be a surname where one is expected: no inflected form, no very common word."""
    if words_of.zipf(word, language=language) >= _NAME_ZIPF:
        return False
    form = word.lower() if found.how == "lower" else word
    return found.how in {"compound", ""} or (found.how != "lemma" and words_of.lemma(form, language=language) == form)


def _used_as_name(word: str, found: Found, dictionary: Dictionary) -> bool:
    """Whether a noun that nothing introduces is a name: English uses it almost as often, or it is a rare verb with a capital."""
    if found.how == "lower" or not _could_be_name(word, found, dictionary.language):
        return False
    english = words_of.zipf(word, language="en")
    stem = words_of.stem(words_of.normalise(word), language="en")
    if english >= _ENGLISH_WORD_ZIPF or any(stem in words_of.terms(phrase, language="en") for phrase in found.translations):
        return False
    if (
        found.how == "own"
        and words_of.zipf(word, language=dictionary.language) < _ENGLISH_WORD_ZIPF
        and any("v" in r.labels.split(", ") for r in dictionary.records(word.lower()))
    ):
        return True
    return english > 0 and _used_in_english(word, dictionary.language)


def _used_in_english(word: str, language: str) -> bool:
    """Whether English uses ``word`` nearly as often as its own language, as it does a name."""
    return words_of.zipf(word, language=language) - words_of.zipf(word, language="en") <= _NAME_ZIPF_GAP
