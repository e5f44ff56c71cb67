"""Conversations and feedback that a library keeps: whose they are, that they come back as they were, bounds, damage."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from assistant.cli import app
from assistant.kept import MAX_EXCHANGE, Conversation, Feedback, KeptExchange
from vectorstore.conversations import MAX_CONVERSATIONS, MAX_EXCHANGES, MAX_TITLE
from vectorstore.errors import LibraryError, SettingsError
from vectorstore.library import FILE_NAME, Library
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant import Assistant
    from assistant.types import Answer


@pytest.fixture(scope="module")
def answer(samples: Assistant) -> Answer:
    """A real answer of the samples."""
    answer = samples.ask(samples.suggestions()[0])
    assert answer.citations
    return answer


@pytest.fixture
def assistant(open_assistant: Callable[..., Assistant]) -> Assistant:
    """An assistant over an empty library."""
    return open_assistant()


def conversation(id_: str, *exchanges: KeptExchange, title: str = "About a bridge") -> Conversation:
    """A conversation."""
    return Conversation(id=id_, title=title, exchanges=exchanges)


# --- conversations


def test_a_conversation_comes_back_as_it_was_kept(assistant: Assistant, answer: Answer, samples: Assistant) -> None:
    """Answers with quotes, hits, dates and filters, what failed and what was asked without; in another process too, without its articles."""
    exchanges = (
        KeptExchange(question=answer.question, answer=answer, filters=Filters(language="de")),
        KeptExchange(question="Why? 🌊", failure="The model is gone.", without=("period",)),
    )
    assistant.keep_conversation("browser:1", conversation("a", *exchanges))
    assistant.close()
    library = Library(assistant.settings.library)
    assistant.library = library
    kept = assistant.conversation("browser:1", "a")
    library.close()
    assert kept is not None
    assert (kept.id, kept.title, kept.notice) == ("a", "About a bridge", "")
    assert kept.exchanges[1] == exchanges[1]
    first = kept.exchanges[0]
    assert first.answer is not None
    assert first.filters == Filters(language="de")
    assert first.answer.to_dict() == answer.to_dict()
    assert first.answer.citations == answer.citations
    assert first.answer.to_markdown() in kept.to_markdown()
    assert kept.to_markdown().startswith("# About a bridge\n")
    assert "The model is gone" in kept.to_markdown()
    assert json.loads(json.dumps(kept.to_dict()))["exchanges"][0]["answer"] == json.loads(json.dumps(answer.to_dict()))


def test_only_its_owner_finds_a_conversation(assistant: Assistant) -> None:
    """Lists, opening, renaming and removing are the owner's alone; two may use the same id."""
    for owner in ("ann", "ben"):
        assistant.keep_conversation(owner, conversation("a", KeptExchange(question=f"{owner}?"), title=owner))
    assert [entry.title for entry in assistant.conversations("ann")] == ["ann"]
    assert assistant.conversations("nobody") == []
    assert assistant.conversation("nobody", "a") is None
    assert not assistant.rename_conversation("nobody", "a", "mine")
    assert not assistant.remove_conversation("nobody", "a")
    assert assistant.rename_conversation("ann", "a", "  Ann's \n own ")
    assert not assistant.rename_conversation("ann", "a", " ")
    assert assistant.remove_conversation("ben", "a")
    assert not assistant.remove_conversation("ben", "a")
    assert [entry.title for entry in assistant.conversations("ann")] == ["Ann's own"]
    assert assistant.conversations("ben") == []


def test_the_newest_comes_first(assistant: Assistant) -> None:
    """Kept again a conversation is the newest; renamed it stays where it is. Exchanges that are gone from it are gone."""
    one, two, three = (KeptExchange(question=f"{n}?") for n in range(3))
    for id_ in "ab":
        assistant.keep_conversation("ann", conversation(id_, one, two, three))
    assistant.rename_conversation("ann", "a", "Renamed")
    assert [entry.id for entry in assistant.conversations("ann")] == ["b", "a"]
    assistant.keep_conversation("ann", conversation("a", one, three))
    assert [(entry.id, entry.turns) for entry in assistant.conversations("ann")] == [("a", 2), ("b", 3)]
    kept = assistant.conversation("ann", "a")
    assert kept is not None
    assert kept.exchanges == (one, three)


def test_what_is_kept_is_bounded(assistant: Assistant, answer: Answer) -> None:
    """Long titles are cut, of long conversations the last exchanges stay, of many the newest; huge answers go without their hits."""
    many = [KeptExchange(question=str(n)) for n in range(MAX_EXCHANGES + 5)]
    assistant.keep_conversation("ann", conversation("long", *many, title="x" * 5_000))
    (entry,) = assistant.conversations("ann")
    assert (len(entry.title), entry.turns) == (MAX_TITLE, MAX_EXCHANGES)
    kept = assistant.conversation("ann", "long")
    assert kept is not None
    assert kept.exchanges[-1].question == str(MAX_EXCHANGES + 4)

    huge = replace(answer, hits=answer.hits * (MAX_EXCHANGE // 3_000))
    assistant.keep_conversation("ann", conversation("huge", KeptExchange(question="?", answer=huge)))
    kept = assistant.conversation("ann", "huge")
    assert kept is not None
    assert kept.exchanges[0].answer is not None
    assert (kept.exchanges[0].answer.hits, kept.exchanges[0].answer.citations) == ((), answer.citations)
    assistant.keep_conversation(
        "ann", conversation("vast", KeptExchange(question="?", answer=replace(answer, text="x" * 2 * MAX_EXCHANGE)))
    )
    kept = assistant.conversation("ann", "vast")
    assert kept is not None
    assert kept.exchanges[0].answer is None
    assert "too long" in kept.exchanges[0].failure

    for number in range(MAX_CONVERSATIONS):
        assistant.keep_conversation("ann", conversation(str(number)))
    entries = assistant.conversations("ann")
    assert len(entries) == MAX_CONVERSATIONS
    assert not {"long", "huge", "vast"} & {entry.id for entry in entries}


def test_two_pages_with_one_conversation_lose_nothing(assistant: Assistant) -> None:
    """What another page kept, named or removed meanwhile stays so; this page's is kept beside it, and goes on there."""
    one, two, three, four = (KeptExchange(question=f"{n}?") for n in range(4))
    first = assistant.keep_conversation("ann", replace(conversation("a", one), revision=""))
    second = assistant.conversation("ann", "a")
    assert second is not None
    assert first.id == second.id == "a"
    assert first.revision == second.revision
    first = assistant.keep_conversation("ann", replace(first, exchanges=(one, two)))
    first = assistant.keep_conversation("ann", replace(first, exchanges=(one, two, three)))
    assert assistant.rename_conversation("ann", "a", "Named here")
    beside = assistant.keep_conversation("ann", replace(second, exchanges=(one, four)))
    assert beside.id != "a"
    assert assistant.keep_conversation("ann", replace(beside, exchanges=(one, four, two))).id == beside.id
    assert assistant.keep_conversation("ann", replace(first, exchanges=(one, two))).id == "a"
    kept = {entry.id: (entry.title, entry.turns) for entry in assistant.conversations("ann")}
    assert kept == {"a": ("Named here", 2), beside.id: ("About a bridge", 3)}

    assert assistant.remove_conversation("ann", beside.id)
    assert {entry.id for entry in assistant.conversations("ann")} == {"a"}
    again = assistant.keep_conversation("ann", replace(beside, exchanges=(one, four, three)))
    assert again.id not in {"a", beside.id}
    assert {entry.id for entry in assistant.conversations("ann")} == {"a", again.id}


def test_many_owners_do_not_push_out_what_others_keep(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full library refuses, and keeps all that is there; only what nobody went on with for long goes, the oldest first."""
    monkeypatch.setattr("vectorstore.conversations.MAX_IN_ALL", 3)
    for owner in ("ann", "ben", "eve"):
        assistant.keep_conversation(owner, conversation("a", KeptExchange(question="?")))
    with pytest.raises(LibraryError, match="no place for more"):
        assistant.keep_conversation("eve", conversation("b"))
    assert [len(assistant.conversations(owner)) for owner in ("ann", "ben", "eve")] == [1, 1, 1]
    with closing(sqlite3.connect(assistant.settings.library / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE conversations SET updated_at = '2020-01-01T00:00:00.000000+00:00' WHERE owner = 'ben'")
    assistant.keep_conversation("eve", conversation("b"))
    assert [len(assistant.conversations(owner)) for owner in ("ann", "ben", "eve")] == [1, 0, 2]


def test_conversations_are_bounded_in_bytes(assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them, those of an owner, and all together; the owner's oldest go, and of a conversation its first exchanges."""
    small = KeptExchange(question="?")
    monkeypatch.setattr("vectorstore.conversations.OWNER_BYTES", 3_000)
    for id_ in "abc":
        assistant.keep_conversation("ann", conversation(id_, small))
    assert [entry.id for entry in assistant.conversations("ann")] == ["c", "b"]
    monkeypatch.setattr("vectorstore.conversations.BYTES_IN_ALL", 3_000)
    with pytest.raises(LibraryError, match="no place for more"):
        assistant.keep_conversation("ben", conversation("a", small))
    assert assistant.conversations("ben") == []
    monkeypatch.setattr("vectorstore.conversations.CONVERSATION_BYTES", 3_000)
    assistant.keep_conversation("ann", conversation("c", KeptExchange(question="x" * 2_900), small))
    kept = assistant.conversation("ann", "c")
    assert kept is not None
    assert kept.exchanges == (small,)


@pytest.mark.parametrize("damage", [b"no zlib", None])
def test_a_damaged_exchange_is_left_out(assistant: Assistant, damage: bytes | None) -> None:
    """The others are there, and the reader is told; a library with a damaged row is no damaged library."""
    exchanges = tuple(KeptExchange(question=f"{n}?") for n in range(3))
    assistant.keep_conversation("ann", conversation("a", *exchanges))
    path = assistant.settings.library / FILE_NAME
    with closing(sqlite3.connect(path)) as connection, connection:
        if damage:
            connection.execute("UPDATE exchanges SET content = ? WHERE position = 1", [damage])
        else:
            connection.execute(
                "UPDATE exchanges SET content = (SELECT content FROM exchanges WHERE position = 0) WHERE position = 1"
            )
    kept = assistant.conversation("ann", "a")
    assert kept is not None
    assert kept.exchanges == (exchanges[0], exchanges[2])
    assert kept.notice == "1 of 3 questions of this conversation are damaged and left out."


def test_a_conversation_needs_an_owner(assistant: Assistant) -> None:
    """Nobody's conversation is not kept, nor is one without a name."""
    for owner, id_ in (("", "a"), ("ann", ""), ("ann", "x" * 1_000)):
        with pytest.raises(SettingsError, match="owner and an id"):
            assistant.keep_conversation(owner, conversation(id_))


# --- feedback


def test_feedback_is_kept_with_its_answer(assistant: Assistant, answer: Answer) -> None:
    """The newest first; another verdict on the same answer, also on one that was kept, takes the place of the first."""
    other = replace(answer, question="Another one?")
    assistant.keep_feedback(Feedback(answer=answer, verdict="up"))
    assistant.keep_feedback(Feedback(answer=other, verdict="down", note="wrong bridge \ud800"))
    first, second = assistant.feedback()
    assert (first.verdict, first.note, first.answer.question) == ("down", "wrong bridge ?", "Another one?")
    assert (second.verdict, second.note) == ("up", "")
    assert second.answer.to_dict() == answer.to_dict()
    assistant.keep_feedback(replace(second, verdict="down", note="after all", given_at=None))
    assert [(given.verdict, given.note) for given in assistant.feedback()] == [
        ("down", "after all"),
        ("down", "wrong bridge ?"),
    ]
    assert assistant.withdraw_feedback(answer)
    assert not assistant.withdraw_feedback(answer)
    assert len(assistant.feedback()) == 1


def test_what_was_thought_of_an_answer_is_known_when_it_is_opened_again(assistant: Assistant, answer: Answer) -> None:
    """The answer of a kept conversation is the one that was judged; another is not."""
    kept = [KeptExchange(question=question, answer=replace(answer, question=question)) for question in ("One?", "Two?", "Three?")]
    assistant.keep_conversation("ada", conversation("a", *kept))
    for exchange, verdict in zip(kept, ("up", "down"), strict=False):
        assert exchange.answer
        assistant.keep_feedback(Feedback(answer=exchange.answer, verdict="up" if verdict == "up" else "down"))
    found = assistant.conversation("ada", "a")
    assert found
    assert assistant.verdicts_on([one.answer for one in found.exchanges if one.answer]) == ["up", "down", None]
    assert assistant.verdicts_on([]) == []


def test_a_question_without_an_answer_says_so_in_a_file(assistant: Assistant) -> None:
    """What is kept while it is being answered, and stays so where the program ends, has its question and that it was interrupted."""
    assistant.keep_conversation("ada", conversation("a", KeptExchange(question="Why?")))
    found = assistant.conversation("ada", "a")
    assert found
    assert "**Why?**\n\n*Interrupted before there was an answer.*" in found.to_markdown().replace("\\", "")


def test_feedback_is_bounded(assistant: Assistant, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and in bytes the oldest go; a huge answer is kept without its hits, and one that is too long all the same is refused."""
    monkeypatch.setattr("vectorstore.feedback.MAX_VERDICTS", 3)
    for number in range(5):
        assistant.keep_feedback(Feedback(answer=replace(answer, question=str(number)), verdict="up"))
    assert [given.answer.question for given in assistant.feedback()] == ["4", "3", "2"]
    monkeypatch.setattr("vectorstore.feedback.MAX_BYTES", 19_000)
    assistant.keep_feedback(Feedback(answer=replace(answer, question="5", hits=()), verdict="up", note="x" * 4_000))
    assert [given.answer.question for given in assistant.feedback()] == ["5"]
    monkeypatch.undo()
    huge = replace(answer, hits=answer.hits * (MAX_EXCHANGE // 3_000))
    assistant.keep_feedback(Feedback(answer=huge, verdict="up"))
    assert (assistant.feedback()[0].answer.hits, assistant.feedback()[0].answer.citations) == ((), answer.citations)
    assert assistant.withdraw_feedback(huge)
    with pytest.raises(SettingsError, match="too long"):
        assistant.keep_feedback(Feedback(answer=replace(answer, text="x" * 2 * MAX_EXCHANGE), verdict="up"))


def test_damaged_feedback_is_left_out(assistant: Assistant, answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    """What can be read is there; the log says what cannot."""
    assistant.keep_feedback(Feedback(answer=answer, verdict="up"))
    assistant.keep_feedback(Feedback(answer=replace(answer, question="Another one?"), verdict="up"))
    with closing(sqlite3.connect(assistant.settings.library / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE feedback SET answer = x'00' WHERE given_at = (SELECT min(given_at) FROM feedback)")
    assert [given.answer.question for given in assistant.feedback()] == ["Another one?"]
    assert "cannot be read" in caplog.text


def test_feedback_is_exported(assistant: Assistant, answer: Answer) -> None:
    """``fundstelle feedback`` lists it; with --json it is one document with question, answer, verdict, note and time."""
    folder = str(assistant.settings.library)
    empty = CliRunner().invoke(app, ["--library", folder, "feedback"])
    assert (empty.exit_code, empty.stdout) == (0, "")
    assert "No feedback yet" in empty.stderr
    assistant.keep_feedback(Feedback(answer=answer, verdict="down", note="[bold]too short"))
    listed = CliRunner().invoke(app, ["--library", folder, "feedback"]).stdout
    assert answer.question in listed
    assert "[bold]too short" in listed
    document = json.loads(CliRunner().invoke(app, ["--library", folder, "feedback", "--json"]).stdout)
    (item,) = document["items"]
    assert list(document) == ["schema", "items"]
    assert (item["question"], item["verdict"], item["note"]) == (answer.question, "down", "[bold]too short")
    assert item["answer"] == json.loads(json.dumps(answer.to_dict()))
    assert item["given_at"].endswith("+00:00")


def test_readers_do_not_steer_the_terminal(assistant: Assistant, answer: Answer) -> None:
    """What they ask and note is listed without the codes that move a cursor, colour words or set a title."""
    asked = replace(answer, question="\x1b]0;mine\x07Why\x1b[2J?")
    assistant.keep_feedback(Feedback(answer=asked, verdict="down", note="\x9b31mtoo\r short"))
    listed = CliRunner().invoke(app, ["--library", str(assistant.settings.library), "feedback"]).stdout
    assert "Why[2J?" in listed
    assert not {"\x1b", "\x07", "\x9b", "\r"} & set(listed)
