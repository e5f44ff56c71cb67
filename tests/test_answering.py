"""Answers of a chat model over a real library: checked, cited, and useful whatever the model does."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from assistant import Answer, Assistant, Filters, Settings, Turn
from assistant.answering import is_refusal
from assistant.extractive import phrase
from tests.chat_server import ChatServer, Prompt, Reply
from vectorstore.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from assistant import AnswerEvent

QUESTION = "When was the lighthouse at Skarven Point lit again?"
GERMAN = "Wann wurde der Leuchtturm von Skarven Point wieder angezündet?"
TRUE = "The lighthouse at Skarven Point was lit again on Tuesday after eleven years in the dark"
COST = "The work cost 340,000 crowns"
FALSE = "The work cost 910,000 crowns"
MODEL = "openai:scripted"


def number_of(prompt: Prompt, words: str = "Skarven") -> int:
    """The number of the passage that has these words."""
    return next(block.number for block in prompt.blocks if words in block.text)


def saying(*sentences: str, words: str = "Skarven") -> Callable[[Prompt], str]:
    """A model that says these sentences, each with the marker of the passage that has ``words``."""
    return lambda prompt: " ".join(f"{sentence} [{number_of(prompt, words)}]." for sentence in sentences)


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A truthful model."""
    with ChatServer(saying(TRUE, COST)) as running:
        yield running


@pytest.fixture
def opened(
    server: ChatServer, open_assistant: Callable[..., Assistant], two_articles: Path, tmp_path: Path
) -> Callable[..., Assistant]:
    """Opens an assistant with that model over two articles."""

    def open_with(**given: Any) -> Assistant:
        shutil.copytree(two_articles, tmp_path / "library", dirs_exist_ok=True)
        settings = {"model": MODEL, "model_base_url": server.base_url, "model_timeout": 2, "model_total_timeout": 8}
        return open_assistant(**{**settings, **given})

    return open_with


@pytest.fixture
def assistant(opened: Callable[..., Assistant]) -> Assistant:
    """That assistant with short limits."""
    return opened()


def supports(answer: Answer) -> list[str]:
    """How its sentences stand."""
    return [sentence.support for sentence in answer.sentences]


def is_by_quoting(answer: Answer) -> bool:
    """Whether it is what there would be without a model."""
    return answer.model is None and not answer.abstained and set(supports(answer)) == {"quoted"}


def test_a_true_answer_is_borne_out(assistant: Assistant, server: ChatServer) -> None:
    """Every sentence is supported by a verbatim citation; the answer names its model and needs no notice."""
    answer = assistant.ask(QUESTION)
    assert answer.text == f"{TRUE} [1]. {COST} [2]."
    assert supports(answer) == ["supported", "supported"]
    assert [citation.number for citation in answer.citations] == [1, 2]
    assert all(citation.verbatim for citation in answer.citations)
    assert "eleven years in the dark" in answer.citations[0].quote
    assert "340,000 crowns" in answer.citations[1].quote
    assert (answer.model, answer.notice, answer.abstained, answer.language) == (MODEL, "", False, "en")
    assert answer.confidence is None or 0 < answer.confidence <= 1
    assert {"first words", "model", "check", "total"} <= set(answer.timings)
    assert server.prompts()[0].question == QUESTION


def test_events_come_in_order(assistant: Assistant, server: ChatServer) -> None:
    """Steps, the model's own words as they come, its sentences as they are checked, and the whole answer last and once."""
    assistant.ask(QUESTION)
    server.script = saying(TRUE, COST, "Engineers from the harbour authority replaced its lamp and its gears over the winter")
    server.then(Reply(pause=0.1, chunk=8))
    events = list(assistant.stream(QUESTION))
    assert [event.text for event in events if event.kind == "step"] == ["search", "read", "write"]
    words = "".join(event.text for event in events if event.kind == "text")
    assert words.startswith(TRUE)
    checked = [event.sentence for event in events if event.sentence]
    number = number_of(server.prompts()[-1])
    assert [words[sentence.start : sentence.end] for sentence in checked] == [
        f"{said} [{number}]."
        for said in (TRUE, COST, "Engineers from the harbour authority replaced its lamp and its gears over the winter")
    ]
    kinds = [event.kind for event in events]
    assert kinds.index("sentence") < len(kinds) - 1 - kinds[::-1].index("text"), "the first is checked while others still come"
    assert kinds[-1] == "answer"
    assert kinds.count("answer") == 1


def test_the_first_words_leave_at_once(assistant: Assistant, server: ChatServer) -> None:
    """Within 50 ms of the model's saying them, while sources are prepared beside (the quickest of five: other work may get in the way)."""
    delays = []
    for _ in range(5):
        server.then(Reply(first_pause=0.1, pause=0.02))
        with closing(assistant.stream(QUESTION)) as events:
            arrived = next(time.monotonic() for event in events if event.kind == "text")
        said = server.requests[-1].first_words_at
        assert said is not None
        delays.append(arrived - said)
    assert min(delays) < 0.05
    assert max(delays) < 1


def test_a_false_sentence_stays_and_is_marked(assistant: Assistant, server: ChatServer) -> None:
    """Its words are shown, without a marker, with the reason; the true one beside it keeps its citation."""
    server.script = saying(FALSE, TRUE)
    answer = assistant.ask(QUESTION)
    assert answer.text == f"{FALSE}. {TRUE} [1]."
    assert supports(answer) == ["unsupported", "supported"]
    assert "910,000" in answer.sentences[0].reason
    assert answer.sentences[0].citations == ()
    assert len(answer.citations) == 1


def test_a_wrong_marker_is_corrected_or_marked_but_never_kept(assistant: Assistant, server: ChatServer) -> None:
    """A true sentence with the other passage's number does not cite that passage."""
    server.script = saying(TRUE, words="Ahlen")
    answer = assistant.ask(QUESTION)
    (sentence,) = answer.sentences
    if sentence.support == "supported":
        assert "[1]" in sentence.reason
        assert "eleven years" in answer.citations[0].quote
    else:
        assert answer.citations == ()
    assert all("Ahlen" not in citation.quote for citation in answer.citations)


def test_a_marker_of_nothing_is_told(assistant: Assistant, server: ChatServer) -> None:
    """A number that no passage has bears nothing out by itself."""
    server.script = f"{FALSE} [77]."
    answer = assistant.ask(QUESTION)
    assert answer.text == f"{FALSE}."
    assert supports(answer) == ["unsupported"]
    assert answer.citations == ()


def test_an_invented_quotation_is_marked(assistant: Assistant, server: ChatServer) -> None:
    """Words in quotation marks that are not in the source make the sentence unsupported."""
    server.script = saying("Ingrid Solheim said “the lamp will burn for ever and a day”")
    answer = assistant.ask(QUESTION)
    assert supports(answer) == ["unsupported"]
    assert "for ever and a day" in answer.sentences[0].reason


@pytest.mark.parametrize("said", ["{}", "**{}**", "  {}\n", "“{}”", "{} "])
def test_the_refusal_abstains(assistant: Assistant, server: ChatServer, said: str) -> None:
    """The one phrase, alone, is an answer that abstains and shows what it looked at; it is the model's doing."""
    server.script = said.format(phrase("weak", language="en"))
    answer = assistant.ask(QUESTION)
    assert answer.abstained
    assert answer.text == answer.reason == phrase("weak", language="en")
    assert (answer.citations, answer.sentences, answer.model, answer.notice) == ((), (), MODEL, "")
    assert answer.hits


def test_refusals_are_told_from_sentences() -> None:
    """In the language of the answer or another; with more said, it is a sentence like any other."""
    refusal = phrase("weak", language="de")
    assert is_refusal(f"{refusal} ", language="de")
    assert is_refusal("The articles do not answer this question", language="de")
    assert not is_refusal(f"{refusal} Aber der Turm steht noch [1].", language="de")
    assert not is_refusal("", language="de")


PLIGHTS: dict[str, tuple[str, Reply]] = {
    "silence": ("no first word", Reply(hang=True)),
    "an empty answer": ("no answer", Reply("")),
    "garbage": ("unreadable", Reply(raw=b"data: {oops\n\n")),
    "a long rate limit": ("rate limited", Reply(status=429, headers={"Retry-After": "900"})),
    "a refused key": ("unauthorised", Reply(status=401)),
    "a missing model": ("no such model", Reply(status=404)),
    "a prompt too long": ("refused request", Reply(status=400, error="too long")),
    "words without a source": ("no markers", Reply(f"{TRUE}. {COST}.")),
    "another language": (
        "other language",
        Reply("Le phare de la pointe a été rallumé mardi après onze ans dans le noir, et les travaux ont coûté cher [1]."),
    ),
    "a language in another script": (
        "other language",
        Reply("灯塔在黑暗了十一年之后于周二重新点亮，工程师们更换了灯和齿轮。[1]"),
    ),
    "a break in the first sentence": ("dropped", Reply(TRUE, cut_after=2)),
    "an endless sentence": ("endless", Reply("and the lamp and the gears and the harbour and so on ", endless=True, chunk=1000)),
    "one word for ever": ("repeats", Reply("lamp lamp lamp ", endless=True, chunk=60, pause=0.05)),
}


@pytest.mark.parametrize("case", PLIGHTS)
def test_whatever_fails_leaves_the_quotes(opened: Callable[..., Assistant], server: ChatServer, case: str) -> None:
    """The answer quotes, as without a model, and tells the reader what happened."""
    kind, reply = PLIGHTS[case]
    server.then(reply)
    answer = opened(model_answer_characters=1500).ask(QUESTION)
    assert is_by_quoting(answer)
    detail = " (too long)" if "too long" in reply.error else ""
    what = phrase(kind, language="en", model=MODEL, detail=detail)
    assert answer.notice == f"{what} {phrase('quotes instead', language='en')}"
    assert "eleven years in the dark" in answer.text


def test_a_dead_server_is_told_in_the_readers_language(opened: Callable[..., Assistant]) -> None:
    """The notice is in the language of the answer."""
    answer = opened(model_base_url="http://127.0.0.1:9/v1").ask(GERMAN, answer_language="de")
    assert answer.notice.startswith("Das Sprachmodell openai:scripted ist nicht erreichbar")
    assert answer.model is None


BROKEN_OFF: dict[str, tuple[str, Reply]] = {
    "a break": ("dropped", Reply(cut_after=16)),
    "silence": ("stalled", Reply(hang_after=16)),
    "the model's limit": ("cut", Reply(finish="length")),
    "no end": ("repeats", Reply(endless=True, chunk=9, pause=0.02)),
}


@pytest.mark.parametrize("case", BROKEN_OFF)
def test_what_was_said_until_then_is_kept_if_it_is_borne_out(assistant: Assistant, server: ChatServer, case: str) -> None:
    """Whole sentences only, each once, checked as ever; the notice says that there is no more."""
    kind, reply = BROKEN_OFF[case]
    script = saying(TRUE, COST, "Engineers from the harbour authority replaced its lamp and its gears over the winter")
    server.script = lambda prompt: f"{script(prompt)} "
    server.then(reply)
    answer = assistant.ask(QUESTION)
    assert answer.text.startswith(f"{TRUE} [1].")
    assert set(supports(answer)) == {"supported"}
    assert answer.text.count(TRUE) == 1
    assert answer.text.endswith(".")
    assert answer.model == MODEL
    what = phrase(kind, language="en", model=MODEL)
    assert answer.notice == f"{what} {phrase('said until then', language='en')}"


def test_an_unanswerable_question_stays_so_when_the_model_fails(assistant: Assistant, server: ChatServer) -> None:
    """Without the model the articles do not answer: the notice does not promise quotes."""
    server.then(Reply(""))
    answer = assistant.ask("Who won the chess championship in Toronto?")
    if answer.abstained:
        assert answer.notice == phrase("no answer", language="en", model=MODEL)
        assert answer.citations == ()


def test_cancelling_gives_what_was_said(assistant: Assistant, server: ChatServer) -> None:
    """Once ``cancel`` is set the request ends; the whole answer still comes, soon, with what was said until then."""
    server.then(Reply(hang_after=9))
    cancel = threading.Event()
    stopped = 0.0
    for event in assistant.stream(QUESTION, cancel=cancel):
        if event.kind == "text" and not stopped and server.requests[-1].first_words_at:
            threading.Timer(0.5, cancel.set).start()
            stopped = time.monotonic() + 0.5
        last = event
    assert time.monotonic() - stopped < 1.5
    assert last.answer
    assert last.answer.text == f"{TRUE} [1]."
    assert last.answer.notice.startswith(phrase("stopped", language="en", model=MODEL))
    assert gone(server)


def test_closing_ends_the_request(assistant: Assistant, server: ChatServer) -> None:
    """Whoever no longer listens costs nothing more."""
    server.then(Reply(endless=True, pause=0.02))
    events = assistant.stream(QUESTION)
    for event in events:
        if event.kind == "text":
            break
    events.close()
    assert gone(server)


def gone(server: ChatServer) -> bool:
    """Whether the last request was broken off, seen from the server within two seconds."""
    deadline = time.monotonic() + 2
    while not server.requests[-1].gone and time.monotonic() < deadline:
        time.sleep(0.02)
    return server.requests[-1].gone


def test_what_did_not_fit_is_told(assistant: Assistant, server: ChatServer) -> None:
    """Passages beyond the budget are in the answer's ``left_out``, in JSON too, and were not sent."""
    assistant.settings = assistant.settings.model_copy(update={"model_evidence_tokens": 150})
    answer = assistant.ask(QUESTION)
    (left_out,) = answer.left_out
    assert left_out.article_id in {hit.article.id for hit in answer.hits if "Bücherbus" in hit.text}
    assert "Bücherbus" not in server.prompts()[0].text
    assert answer.to_dict()["left_out"] == [{"article_id": left_out.article_id, "start": left_out.start, "end": left_out.end}]


def test_nothing_is_asked_where_nothing_is_found(opened: Callable[..., Assistant], server: ChatServer) -> None:
    """No article within the filters, no question: no request."""
    assistant = opened()
    assert assistant.ask(QUESTION, filters=Filters(source="Nobody")).abstained
    assert assistant.ask(" ", history=[Turn("Who?", "Solheim.")]).abstained
    assert server.requests == []


def test_a_model_that_cannot_be_opened_is_an_error(opened: Callable[..., Assistant]) -> None:
    """A wrong setting is not passed over: the message says what to do."""
    with pytest.raises(ModelError, match=r"pip install 'fundstelle\[mistral\]'"):
        opened(model="mistralai:mistral-small").ask(QUESTION)


def test_without_a_model_nothing_is_new(opened: Callable[..., Assistant], server: ChatServer) -> None:
    """Answers quote, no server is asked, nothing is translated."""
    answer = opened(model=None).ask("Wie viele Bücher hat Marion Tews verliehen?", answer_language="en")
    assert is_by_quoting(answer)
    assert (answer.notice, answer.left_out) == ("", ())
    assert [citation.translation for citation in answer.citations] == [None]
    assert server.requests == []


# Follow-ups

HISTORY = [Turn(QUESTION, "On Tuesday, after eleven years in the dark.")]


def test_follow_ups_are_rewritten_and_shown(assistant: Assistant, server: ChatServer) -> None:
    """The model makes them stand alone; what is searched and asked is what it wrote, and the answer says so."""
    server.then(Reply("What did the work on the lighthouse at Skarven Point cost?"))
    events = list(assistant.stream("And what did it cost?", history=HISTORY))
    answer = events[-1].answer
    assert answer
    assert answer.question == "And what did it cost?"
    assert answer.searched.question == "What did the work on the lighthouse at Skarven Point cost?"
    assert answer.searched.rewritten
    assert {"lighthouse", "Skarven"} <= set(answer.searched.carried)
    assert server.prompts()[0].question == answer.searched.question
    assert [event.text for event in events if event.kind == "step"] == ["rewrite", "search", "read", "write"]
    (asked,) = server.prompts("conversation")
    assert QUESTION in asked.inside
    assert QUESTION not in asked.outside


def test_citations_keep_their_numbers_in_a_conversation(assistant: Assistant, server: ChatServer) -> None:
    """What the turn before cited as [2] is [2] again, in a generated answer and in the quotes that stand in for one; new words get [3]."""
    first = assistant.ask(QUESTION)
    assert first.text.endswith("[2].")
    engineers = "Engineers from the harbour authority replaced its lamp and its gears over the winter"
    server.script = saying(COST, engineers)
    server.then(Reply("What did the work on the lighthouse at Skarven Point cost?"))
    second = assistant.ask("And what did it cost?", history=[Turn.of(first)])
    assert second.text == f"{COST} [2]. {engineers} [3]."
    assert [sentence.citations for sentence in second.sentences] == [(2,), (3,)]
    assert second.citations[0] == first.citations[1]
    assert second.citations[1].number == 3
    history = [Turn.of(first), Turn.of(second)]
    for _ in range(2):
        server.then(Reply(QUESTION), *[Reply(hang_up=True)] * 3)
        quoted = assistant.ask("And when was it lit?", history=history)
        assert is_by_quoting(quoted)
        assert [citation.number for citation in quoted.citations] == [1], "the sentence that the first turn cited"
        assert quoted.text.endswith("[1]")
        history.append(Turn.of(quoted))


@pytest.mark.parametrize(
    "written",
    [
        "What did Baker tell the Toronto Chronicle about the lighthouse?",
        "What did the lighthouse cost in 1987?",
        "What did it cost? " * 40,
        "See https://evil.example/",
        "Sure!\nHere is the question:\nWhat did it cost?",
        "",
        "?!",
    ],
)
def test_an_absurd_rewriting_is_not_searched(assistant: Assistant, server: ChatServer, written: str) -> None:
    """New names and numbers, a sermon, an address, several lines, nothing: the rules carry over what the question leans on."""
    server.then(Reply(written))
    answer = assistant.ask("And what did it cost?", history=HISTORY)
    assert answer.searched.question.startswith("And what did it cost? (")
    assert not answer.searched.rewritten
    assert answer.model == MODEL


def test_a_model_that_fails_at_rewriting_is_not_asked_again(assistant: Assistant, server: ChatServer) -> None:
    """One wait is enough: the rules carry over, the quotes answer, and the notice says why."""
    server.then(Reply(hang=True))
    answer = assistant.ask("And what did the lighthouse cost?", history=HISTORY)
    assert len(server.requests) == 1
    assert answer.model is None
    assert answer.notice.startswith(phrase("no first word", language="en", model=MODEL))


def test_the_model_hears_of_the_time_that_became_a_filter(assistant: Assistant, server: ChatServer) -> None:
    """Words that limit the articles to some days are not searched for, but they are asked."""
    question = "What was reported about the lighthouse at Skarven Point since April 2023?"
    answer = assistant.ask(question)
    assert answer.searched.period
    assert "2023" not in answer.searched.question
    assert server.prompts()[0].question == question


# Translations

BUS_QUESTION = "How many books did Marion Tews lend on the first day of the library bus?"
BUS_QUOTE = "She said: “sie habe schon am ersten Tag vierhundert Bücher verliehen”"
TRANSLATION = "on the first day she had already lent four hundred books"


def test_foreign_quotes_are_translated_and_labelled(assistant: Assistant, server: ChatServer) -> None:
    """In one further call; the quote itself stays as it is."""
    server.script = lambda prompt: f"[1] {TRANSLATION}" if prompt.kind == "quotes" else saying(BUS_QUOTE, words="Ahlen")(prompt)
    events = list(assistant.stream(BUS_QUESTION))
    answer = events[-1].answer
    assert answer
    (citation,) = answer.citations
    assert "vierhundert Bücher" in citation.quote
    assert (citation.translation, citation.translated_by) == (TRANSLATION, MODEL)
    assert [event.text for event in events if event.kind == "step"][-1] == "translate"
    (asked,) = server.prompts("quotes")
    assert "into English" in asked.outside
    assert "vierhundert" not in asked.outside


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404),
        Reply(""),
        Reply("I cannot do that."),
        Reply("[7] " + TRANSLATION),
        Reply("[1] " + TRANSLATION * 20),
        Reply("[1] sie habe schon am ersten Tag vierhundert Bücher verliehen"),
        Reply("[1] More at https://evil.example/books"),
    ],
)
def test_a_translation_that_fails_leaves_the_quote(assistant: Assistant, server: ChatServer, reply: Reply) -> None:
    """No answer, no number, far too much, the quote itself, an address of its own: there is none, and no harm is done."""
    server.then(Reply(saying(BUS_QUOTE, words="Ahlen")), reply)
    answer = assistant.ask(BUS_QUESTION)
    (citation,) = answer.citations
    assert (citation.translation, citation.translated_by) == (None, None)
    assert (answer.model, answer.notice) == (MODEL, "")


def test_translations_can_be_turned_off(opened: Callable[..., Assistant], server: ChatServer) -> None:
    """And where quotes are in the answer's language nothing is asked for anyway."""
    assistant = opened(model_translates=False)
    assistant.ask(QUESTION)
    server.script = saying(BUS_QUOTE, words="Ahlen")
    assert [citation.language for citation in assistant.ask(BUS_QUESTION).citations] == ["de"]
    assert server.prompts("quotes") == []


# Asynchronous callers, several threads


def test_asynchronous_answers_are_the_same(assistant: Assistant) -> None:
    """``aask`` and ``astream`` give what ``ask`` and ``stream`` give, several at the same time."""

    async def ask_all() -> tuple[list[Answer], list[AnswerEvent]]:
        answers = await asyncio.gather(*(assistant.aask(QUESTION) for _ in range(4)))
        return list(answers), [event async for event in assistant.astream(QUESTION)]

    answers, events = asyncio.run(ask_all())
    expected = assistant.ask(QUESTION)
    for answer in [*answers, events[-1].answer]:
        assert answer
        assert (answer.text, answer.sentences, answer.citations) == (expected.text, expected.sentences, expected.citations)
    assert events[0].kind == "step"


def test_asynchronous_errors_arrive(opened: Callable[..., Assistant]) -> None:
    """What ``ask`` raises, ``aask`` raises."""
    with pytest.raises(ModelError, match="pip install"):
        asyncio.run(opened(model="mistralai:x").aask(QUESTION))


def wait_for_request(server: ChatServer) -> None:
    """Until the model has been asked."""
    while not server.requests:
        time.sleep(0.02)


def test_cancelling_a_task_ends_the_request(assistant: Assistant, server: ChatServer) -> None:
    """Both ways: a cancelled ``aask``, and an ``astream`` that nobody reads to the end."""

    async def cancel_one() -> None:
        task = asyncio.create_task(assistant.aask(QUESTION))
        await asyncio.to_thread(wait_for_request, server)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 1.5  # the model may be silent for two seconds

    async def leave_one() -> None:
        async for event in assistant.astream(QUESTION):
            if event.kind == "text":
                break

    server.then(Reply(hang=True), Reply(endless=True, pause=0.02))
    asyncio.run(cancel_one())
    assert gone(server)
    asyncio.run(leave_one())
    assert gone(server)


def test_threads_do_not_mix(assistant: Assistant, server: ChatServer) -> None:
    """Eight threads with twenty questions each: every answer is to its own question, and as if it had been asked alone."""
    server.script = lambda prompt: f"{saying(TRUE)(prompt)}\nThe question was {prompt.question.split()[-1].rstrip('?')} [1]."
    server.always(Reply(chunk=40))
    answers: dict[str, Answer] = {}

    def ask(thread: int) -> None:
        for count in range(20):
            question = f"{QUESTION[:-1]} in report X{thread}Y{count}?"
            answers[question] = assistant.ask(question)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 160
    for question, answer in answers.items():
        assert answer.question == question
        assert answer.text.startswith(f"{TRUE} [1].")
        assert f"The question was {question.split()[-1].rstrip('?')}" in answer.text
        assert answer.sentences[0].support == "supported"


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """``FUNDSTELLE_MODEL`` and its companions."""
    monkeypatch.setenv("FUNDSTELLE_MODEL", "ollama:llama3.2")
    monkeypatch.setenv("FUNDSTELLE_MODEL_BASE_URL", "http://127.0.0.1:11434")
    monkeypatch.setenv("FUNDSTELLE_MODEL_TIMEOUT", "30")
    settings = Settings()
    assert (settings.model, settings.model_base_url, settings.model_timeout) == ("ollama:llama3.2", "http://127.0.0.1:11434", 30)
    assert not settings.tracing
