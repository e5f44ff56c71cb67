"""“Hello”, “Danke”, “Who are you?”, “Why?”: what is said to the assistant, or asks nothing by itself, is answered by what can be asked here.

Nothing is searched and no model is asked. Only whole messages count: “Hello, why did the dyke break?” is a question like any other. Not here:
questions for earlier quotes by their numbers (``cited_again.py``), what a follow-up leans on (``conversation.py``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from assistant.questions import answer_kind
from vectorstore.languages import normalise, question_languages, stop_words, words, zipf

if TYPE_CHECKING:
    from collections.abc import Mapping

_PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "hi", "hello", "hey", "hi there", "hello there", "hey there", "hi everyone", "good morning", "good afternoon", "good evening", "good day", "goodbye", "good bye", "bye",
        "thanks", "thank you", "thank you very much", "thank you so much", "thanks a lot", "many thanks", "ok", "okay", "alright", "great", "please", "help", "help me", "help please",
        "who are you", "what are you", "how are you", "what is your name", "what's your name", "what can you do", "what do you do", "what can you do for me", "what can you help me with",
        "what can i do here", "what can i ask", "what can i ask you", "what can i ask here", "can you help me", "are you a bot", "are you human", "are you an ai",
    ),
    "de": (
        "hi", "hallo", "hey", "moin", "servus", "grüß gott", "guten morgen", "guten tag", "guten abend", "tschüss", "tschüß", "auf wiedersehen",
        "danke", "danke schön", "dankeschön", "danke sehr", "vielen dank", "besten dank", "ok", "okay", "alles klar", "super", "prima", "bitte", "hilfe",
        "wer bist du", "wer sind sie", "was bist du", "was sind sie", "wie heißt du", "wie heißen sie", "wie geht es dir", "wie geht's", "was kannst du", "was können sie", "was kannst du alles",
        "was kannst du für mich tun", "was machst du", "was kann ich fragen", "was kann ich dich fragen", "was kann ich sie fragen", "was kann ich hier fragen", "kannst du mir helfen",
        "können sie mir helfen", "bist du ein bot", "bist du eine ki",
    ),
    "fr": (
        "salut", "bonjour", "bonsoir", "coucou", "au revoir", "merci", "merci beaucoup", "merci bien", "ok", "d'accord", "super", "aide",
        "qui es tu", "qui êtes vous", "tu es qui", "vous êtes qui", "comment ça va", "ça va", "que sais tu faire", "que peux tu faire", "que pouvez vous faire", "que puis je demander",
        "peux tu m'aider", "pouvez vous m'aider",
    ),
    "es": (
        "hola", "buenos días", "buenas tardes", "buenas noches", "adiós", "gracias", "muchas gracias", "ok", "de acuerdo", "ayuda",
        "quién eres", "quién es usted", "qué eres", "cómo estás", "qué puedes hacer", "qué puede hacer usted", "qué sabes hacer", "qué puedo preguntar", "puedes ayudarme",
    ),
    "ru": (
        "привет", "здравствуй", "здравствуйте", "добрый день", "доброе утро", "добрый вечер", "до свидания", "пока", "спасибо", "большое спасибо", "спасибо большое", "ок", "хорошо", "помощь",
        "кто ты", "кто вы", "ты кто", "вы кто", "как дела", "что ты умеешь", "что вы умеете", "что ты можешь", "что вы можете", "что можно спросить", "о чём можно спросить",
    ),
}  # fmt: skip
_POLITE = "Sie"
"""In lower case "wer sind sie" asks about others."""
_SAID: Mapping[str, str] = {
    "en": "Ask about what the articles here say: who, when, where, why, how many? The answer quotes them, each quote with the place where it stands; the articles may be in another language than the question.",
    "de": "Fragen Sie nach dem, was in den Artikeln hier steht: wer, wann, wo, warum, wie viele? Geantwortet wird mit Zitaten und der Stelle, an der sie stehen; die Artikel dürfen in einer anderen Sprache sein als die Frage.",
    "fr": "Posez une question sur ce que disent les articles réunis ici : qui, quand, où, pourquoi, combien ? La réponse cite les articles et montre l’endroit de chaque citation ; ils peuvent être dans une autre langue que la question.",
    "es": "Pregunte por lo que dicen los artículos reunidos aquí: ¿quién, cuándo, dónde, por qué, cuántos? La respuesta cita los artículos y muestra el lugar de cada cita; pueden estar en otro idioma que la pregunta.",
    "ru": "Спросите о том, что написано в собранных здесь статьях: кто, когда, где, почему, сколько? Ответ состоит из цитат с указанием места в статье; статьи могут быть не на том языке, на котором задан вопрос.",
}  # fmt: skip
_LONGEST = 120
_SURELY = 0.9
"""From so sure a language on its stop words count: "Mali" is one in Slovak."""
_COMMON = 5.3
"""Zipf scale (log10 per thousand million words): a rarer stop word still asks about something ("Who won?")."""


def courtesy_language(message: str) -> str | None:
    """The language of a message that only greets, thanks or asks about the assistant; ``""`` where several say so (“ok”), None of any other."""
    said = _plain(message)
    if len(said) > _LONGEST or (re.search(r"\bsie\b", said) and not re.search(rf"\b{_POLITE}\b", message)):
        return None
    likely = [language for language in _PHRASES if _one_or_more_phrases(language).fullmatch(said)]
    return likely[0] if len(likely) == 1 else "" if likely else None


def asks_nothing(question: str) -> str | None:
    """The language of a question that has no word of its own (“Why?”, “Und was ist das?”); None where it may ask about something."""
    likely = question_languages(question)
    language = max(likely, key=lambda known: likely[known])
    listed = words(question)
    if language not in _SAID or likely[language] < _SURELY or not listed:
        return None
    if len(listed) == 1 and answer_kind(question, language=language) == "other":
        return None
    if any(word.text[0].isupper() and word.text != "I" for word in listed[1:]) or listed[0].text[1:].isupper():
        return None  # a name: "Who is May?", "WHO?"
    first, *others = (normalise(word.text) for word in listed)
    empty = {first, *others} <= stop_words(language) and all(zipf(word, language=language) >= _COMMON for word in others)
    return language if empty else None


def what_can_be_asked(*, language: str) -> str:
    """What a reader of ``language`` is told, in English where it is not translated."""
    return _SAID.get(language, _SAID["en"])


def _plain(message: str) -> str:
    """``message`` in lower case, without accents and what stands between its words."""
    letters = "".join(char for char in unicodedata.normalize("NFD", message.casefold()) if not unicodedata.combining(char))
    return " ".join(re.sub(r"[^\w\s]|_", " ", re.sub(r"['’]", "", letters)).split())


@cache
def _one_or_more_phrases(language: str) -> re.Pattern[str]:
    phrases = "|".join(sorted((re.escape(_plain(phrase)) for phrase in _PHRASES[language]), key=len, reverse=True))
    return re.compile(rf"(?:{phrases})(?: (?:{phrases}))*")
