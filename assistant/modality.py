"""Whether a clause says that something is done, is planned, or may be: small tables for some languages, nothing learned.

A language without a table says nothing of either. Not here: denial (``polarity.py``), which clauses are compared (``contradictions.py``).
Known limits: present tenses that mean the future, and reported speech.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.phrase_tables import has_phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

# Folded words, as regular expressions over the folded text.
_DONE: Mapping[str, str] = {
    "en": r"already|meanwhile|by now|last (?:week|month|year|night)|yesterday|ago|has been|have been|had been",
    "de": r"bereits|schon|inzwischen|mittlerweile|unterdessen|gestern|worden|(?:letzte|vergangene)[nrs]? (?:woche|monat|jahr)",
    "fr": r"deja|entre-temps|hier|(?:semaine|mois|annee?) (?:derniere?|passee?)",
    "es": r"ya|entretanto|ayer|(?:semana|mes|ano) pasad[oa]",
    "ru": r"уже|вчера|(?:прошл\w+) (?:недел\w+|месяц\w*|год\w*)",
}
_PLANNED: Mapping[str, str] = {
    "en": r"will|would|shall|is to|are to|to be|plan\w*|wants?|intends?|hopes?|expect\w*|due|going to|propos\w+|next (?:week|month|year)|reckon\w*",
    "de": r"soll\w*|will|wollen|wird|werden|plan\w*|geplant\w*|vorgesehen|durfte\w*|erwart\w+|beabsichtig\w*|ab|voraussichtlich|"
    r"(?:nachste|kommende)[nrsm]? (?:woche|monat|jahr\w*|sommer)",
    "fr": r"va|vont|doit|doivent|devr\w+|prevu\w*|prevo\w+|souhait\w+|compte|esper\w+|entend|\w{3,}(?:era|eront|ira|iront|dra|dront)",
    "es": r"van? a|deber\w+|podra\w*|quiere\w*|preve\w*|previst\w*|plane\w+|piensa\w*|\w{3,}(?:ara|aran|era|eran|ira|iran)",
    "ru": r"буд\w+|план\w+|намер\w+|долж\w+|собира\w+|хо[чт]\w+|ожида\w+|пойд\w+",
}
_POSSIBLE: Mapping[str, str] = {
    "en": r"may|might|could|possibl\w+|perhaps|likely|fear\w*|hint\w*|suspect\w*|would|can|if|hopes?|ask\w*",
    "de": r"konnt?en?|konnte\w*|kann|durft?en?|durfte\w*|moglich\w*|vielleicht|wohl|befurcht\w*|vermut\w*|voraussichtlich|soll\w*|sei|falls|wenn|schliess\w+ .*nicht aus",
    "fr": r"pourr\w+|peut|peuvent|peut-etre|possibl\w+|si|risqu\w+|serait",
    "es": r"podr\w+|puede\w*|quiza\w*|posibl\w+|si|seria",
    "ru": r"мож\w+|могут|мог\w*|возможно|вероятно|если|бы",
}
_UNSURE: Mapping[str, str] = {
    "en": r"may|might|could",
    "de": r"konnten?|durften?",
    "fr": r"pourrai\w+",
    "es": r"podrian?",
    "ru": r"может|могут",
}


def is_done(clause: str, *, language: str) -> bool:
    """Whether a clause says that what it tells has happened, and nothing of what is planned."""
    return has_phrase(_DONE, clause, language=language) and not is_planned(clause, language=language)


def is_planned(clause: str, *, language: str) -> bool:
    """Whether a clause tells of what is to happen."""
    return has_phrase(_PLANNED, clause, language=language)


def is_unsure(clause: str, *, language: str) -> bool:
    """Whether a clause tells of what may be."""
    return has_phrase(_UNSURE, clause, language=language)


def is_flat(clause: str, *, language: str) -> bool:
    """Whether a clause, in a language with a table, has no word that leaves open whether it is so."""
    return language in _POSSIBLE and not (
        has_phrase(_POSSIBLE, clause, language=language) or is_planned(clause, language=language)
    )
