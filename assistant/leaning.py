"""Whether a sentence leans on the one before it: "Deshalb wurde er geschlossen" says neither why nor what.

Known by its first words, which are closed classes; a language without a list has none. Not here: choosing and joining quotes
(``evidence.py``), what a question leans on (``pointers.py``).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPENING: Mapping[str, str] = {
    "en": r"he|she|it|they|his|her|their|its|this|that|these|those|therefore|thus|hence|consequently|accordingly|so|but|however|instead|otherwise|nevertheless|yet"
    r"|as a (?:result|consequence)|for (?:that|this|these) reasons?|because of (?:this|that)|due to (?:this|that)|in (?:response|return|addition|contrast)|by contrast|then|afterwards?|both|such",
    "de": r"er|sie|es|ihn|ihm|ihnen|ihr(?:e[nmrs]?)?|sein(?:e[nmrs]?)?|dies(?:e[nmrs]?)?|jene[nmrs]?|deren|dessen|beide[nr]?|solche[nmrs]?|letztere[nmrs]?"
    r"|deshalb|daher|darum|deswegen|somit|folglich|demnach|demzufolge|dementsprechend|infolgedessen|stattdessen|trotzdem|dennoch|allerdings|jedoch|doch|aber|denn|sonst|zudem|außerdem"
    r"|da(?:bei|durch|für|gegen|mit|nach|neben|ran|rauf|raus|rin|rüber|runter|von|vor|zu)|hier(?:bei|durch|für|mit|von|zu)"
    # "Das" alone, before a verb: before a noun or an adjective it is an article.
    r"|(?:das|die|der) (?-i:ist|sind|war|waren|hat|habe|haben|hatte|hatten|wird|werde|werden|wurde|wurden|will|soll|solle|sollte|sollten|kann|könne|könnte|sei|seien|wäre|gab|geht|ging|teilte"
    r"|sagte|bestätigte|berichtete|erklärte|bedeutet|heißt|zeigt|liegt|macht|führte|stellte|entspricht|gilt)",
    "fr": r"il|elle|ils|elles|son|sa|ses|leurs?|ce|cet|cette|ces|cela|ceci|celui-ci|celle-ci|c['’](?=est|était)|donc|ainsi|aussi|mais|pourtant|cependant|toutefois|en revanche|par conséquent"
    r"|c['’]est pourquoi|pour cette raison|en effet|de ce fait|dès lors",
    "es": r"él|ella|ellos|ellas|sus?|est[aeo]s?|es[aeo]s?|por (?:eso|ello|lo tanto|tanto|esta razón)|así|pero|sin embargo|no obstante|en cambio|además|entonces",
    "ru": r"он|она|оно|они|его|ее|их|это|этот|эта|эти|такой|такая|такие|поэтому|потому|однако|но|зато|также|кроме того|из-за этого|в связи с этим|в результате",
}  # fmt: skip


def leans_back(sentence: str, *, language: str) -> bool:
    """Whether ``sentence`` begins with a pronoun or connective for what the sentence before it says."""
    pattern = _opening(language)
    return bool(pattern and pattern.match(sentence.replace("ё", "е")))


@cache
def _opening(language: str) -> re.Pattern[str] | None:
    listed = _OPENING.get(language)
    return re.compile(rf"\W*(?:{listed})(?!\w)", re.IGNORECASE) if listed else None
