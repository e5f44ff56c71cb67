"""Follow-up questions without a chat model: ``python -m tests.benchmarks.followups [FOLDER]``.

``FOLDER`` has the topics of TREC CAsT 2019 to 2021 with their hand-resolved questions (``2019_evaluation_topics.json``,
``2019_evaluation_resolved.tsv``, ``2020_manual_evaluation_topics.json``, ``2021_manual_evaluation_topics.json``). Measured there: which content words
(stems) are added to a question, against those that the hand-resolved one has more. 2019 and 2020 were looked at while the rules were written,
2021 was not.

Without a folder, and always: conversations about the sample articles, searched as asked, with what is carried over, and resolved by hand.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assistant import Assistant, Turn
from assistant.conversation import standalone_question
from assistant.pointers import find_pointers
from ingest.samples import sample_questions
from vectorstore.languages import terms
from vectorstore.names import question_names

YEARS = {"2019": "2019_evaluation_topics", "2020": "2020_manual_evaluation_topics", "2021": "2021_manual_evaluation_topics"}
HALVES = {"2019 and 2020 (looked at)": ("2019", "2020"), "2021 (not looked at)": ("2021",)}
Strategy = Callable[[str, Sequence[Turn]], str]


@dataclass(frozen=True, slots=True)
class Utterance:
    """A question of a conversation, the same resolved by hand, and the passage that answered it where one is given."""

    raw: str
    resolved: str
    passage: str


@dataclass(slots=True)
class Agreement:
    """Counts over questions: words rightly added, all added, all that should be, and the questions that were left as they are."""

    right: int = 0
    added: int = 0
    wanted: int = 0
    untouched: int = 0
    questions: int = 0

    def count(self, added: set[str], wanted: set[str]) -> None:
        """Count one question."""
        self.right += len(added & wanted)
        self.added += len(added)
        self.wanted += len(wanted)
        self.untouched += not added
        self.questions += 1

    def row(self) -> str:
        """Questions, precision, recall, F1 and the share left alone, as cells of a table."""
        precision, recall = self.right / max(1, self.added), self.right / max(1, self.wanted)
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        words = f"{precision:.2f} | {recall:.2f} | {f1:.2f}" if self.wanted else "– | – | –"
        return f"{self.questions} | {words} | {self.untouched / max(1, self.questions):.2f}"


def read_topics(folder: Path, *, year: str) -> list[list[Utterance]]:
    """The conversations of one year."""
    topics = json.loads((folder / f"{YEARS[year]}.json").read_text("utf-8"))
    resolved: dict[str, str] = {}
    if year == "2019":
        lines = (folder / "2019_evaluation_resolved.tsv").read_text("utf-8").splitlines()
        resolved = dict(line.split("\t", 1) for line in lines)
    return [
        [
            Utterance(
                turn["raw_utterance"],
                turn.get("manual_rewritten_utterance") or resolved[f"{topic['number']}_{turn['number']}"],
                turn.get("passage", ""),
            )
            for turn in topic["turn"]
            if "manual_rewritten_utterance" in turn or f"{topic['number']}_{turn['number']}" in resolved
        ]
        for topic in topics
    ]


def kind_of_turn(raw: str, wanted: set[str]) -> str:
    """What makes a question lean, if it should have been added to at all."""
    if not wanted:
        return "stands alone"
    pointers = find_pointers(raw, language="en", names=question_names(raw, language="en"))
    if pointers.kinds:
        return "points back"
    return "short or elliptic" if pointers.opens or pointers.about or len(set(terms(raw, language="en"))) <= 2 else "implicit"


def agreement(topics: Sequence[Sequence[Utterance]], strategy: Strategy) -> dict[str, Agreement]:
    """How far a strategy agrees with the resolved questions, by kind of turn and in all; first turns do not count."""
    counts = {kind: Agreement() for kind in ("points back", "short or elliptic", "implicit", "stands alone", "all")}
    for topic in topics:
        history: list[Turn] = []
        for turn in topic:
            if history:
                own = set(terms(turn.raw, language="en"))
                wanted = set(terms(turn.resolved, language="en")) - own
                added = set(terms(strategy(turn.raw, history), language="en")) - own
                for kind in (kind_of_turn(turn.raw, wanted), "all"):
                    counts[kind].count(added, wanted)
            history.append(Turn(turn.raw, turn.passage))
    return counts


def carry(question: str, history: Sequence[Turn]) -> str:
    """What is built in."""
    return standalone_question(question, history=history).question


STRATEGIES: dict[str, Strategy] = {
    "carried over": carry,
    "always the first question": lambda question, history: f"{question} {history[0].question}",
    "always the question before": lambda question, history: f"{question} {history[-1].question}",
    "always both": lambda question, history: f"{question} {history[0].question} {history[-1].question}",
}


def agreement_table(folder: Path) -> str:
    """A Markdown table of all strategies, that of what is built in by kind of turn."""
    lines = ["| topics | added | turns | n | precision | recall | F1 | left alone |", "|---|---|---|---|---|---|---|---|"]
    for half, years in HALVES.items():
        topics = [topic for year in years for topic in read_topics(folder, year=year)]
        for name, strategy in STRATEGIES.items():
            counts = agreement(topics, strategy)
            shown = counts if name == "carried over" else {"all": counts["all"], "stands alone": counts["stands alone"]}
            lines += [f"| {half} | {name} | {kind} | {count.row()} |" for kind, count in shown.items()]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Conversation:
    """Questions about the samples: those before, a follow-up, the same resolved by hand, and words that a right quote has.

    ``answers`` is empty where nothing answers.
    """

    before: tuple[str, ...]
    question: str
    resolved: str
    answers: tuple[str, ...]


# What the follow-ups of ``questions.jsonl`` mean.
RESOLVED = {
    "q002": "When does Blinken travel on to Uzbekistan?",
    "q003": "Who is Blinken going to meet in Uzbekistan?",
    "q009": "What is the extra money that Blinken promised Central Asia supposed to be spent on?",
    "q023": "Was verlangen die streikenden Hafenarbeiter in Bremerhaven?",
    "q031": "How many people had to leave their homes when the dyke at Wehlsdorf broke?",
    "q032": "Why did the dyke at Wehlsdorf give way?",
    "q040": "What will the new hospital formed by merging the two hospitals of the district be called?",
    "q044": "How many units a year will be made at the new Thermaris heat pump plant in Germany?",
    "q052": "Quel est le prix minimum d’un billet du train de nuit de Berlin à Paris ?",
    "q063": "Какой была явка на выборах в Сейм?",
    "q067": "Во сколько обошлась вся миссия индийского лунохода?",
    "q074": "What sad news did the scorer of the winning goal in the Women’s World Cup final receive after the match?",
    "q080": "Wer hielt den bisherigen Rekord vor der Strafe für Meta?",
    "q086": "Wie lange wird die Brücke in Ashmere gesperrt sein?",
    "q087": "Welche Firma führt die Reparatur der Brücke in Ashmere aus?",
}
CONVERSATIONS = (
    Conversation(("Warum ist die Brücke in Ashmere gesperrt?",), "Seit wann?", "Seit wann ist die Brücke in Ashmere gesperrt?", ("on Tuesday",)),
    Conversation(("Warum ist die Brücke in Ashmere gesperrt?",), "Und was kostet die Reparatur?", "Was kostet die Reparatur der Brücke in Ashmere?", ("£7.8 million",)),
    Conversation(("Why is Ashmere Bridge closed?",), "How many vehicles use it?", "How many vehicles use Ashmere Bridge?", ("11,400",)),
    Conversation(("Why is Ashmere Bridge closed?",), "Wie lange noch?", "Wie lange ist die Brücke in Ashmere noch gesperrt?", ("March 2025",)),
    Conversation(("Why is Ashmere Bridge closed?",), "And how do pedestrians get across?", "How do pedestrians get across Ashmere Bridge?", ("ferry",)),
    Conversation(("When does Blinken meet Tokayev?",), "And Mirziyoyev?", "When does Blinken meet Mirziyoyev?", ("Mittwoch", "mercredi", "Wednesday")),
    Conversation(("When does Blinken fly to Kazakhstan?",), "And to Uzbekistan?", "When does Blinken fly to Uzbekistan?", ("Mittwoch", "mercredi", "Wednesday", "Tuesday night")),
    Conversation(("Wen trifft Blinken in Kasachstan?",), "Und in Usbekistan?", "Wen trifft Blinken in Usbekistan?", ("Mirsijojew", "Mirzioïev")),
    Conversation(("Wen trifft Blinken in Kasachstan?",), "Und wann fliegt er weiter?", "Wann fliegt Blinken von Kasachstan weiter?", ("Mittwoch", "Tuesday night")),
    Conversation(("How long is the border between Kazakhstan and Russia?",), "What does Tileuberdi say about it?", "What does Tileuberdi say about the border between Kazakhstan and Russia?", ("saw no threat",)),
    Conversation(("Wie viel Geld hat Blinken Zentralasien versprochen?",), "Who has to approve it?", "Who has to approve the money that Blinken promised Central Asia?", ("Congress",)),
    Conversation(("Wie viele Hafenarbeiter streiken in Bremerhaven?",), "Was bieten die Arbeitgeber?", "Was bieten die Arbeitgeber den Hafenarbeitern in Bremerhaven?", ("4,2 Prozent", "4.2")),
    Conversation(("Wie viele Hafenarbeiter streiken in Bremerhaven?", "Was verlangen sie?"), "Und wann wird weiter verhandelt?", "Wann wird im Streik der Hafenarbeiter in Bremerhaven weiter verhandelt?", ("27. September", "Sept. 27", "27 September")),
    Conversation(("Wie viele Hafenarbeiter streiken in Bremerhaven?",), "Was sagt Tiedemann dazu?", "Was sagt Tiedemann zum Streik der Hafenarbeiter in Bremerhaven?", ("Einladung zum Streik",)),
    Conversation(("What fine did Meta get?",), "What does Nick Clegg say about it?", "What does Nick Clegg say about the fine for Meta?", ("unjustified",)),
    Conversation(("What fine did Meta get?",), "Und Amazon?", "Welche Strafe bekam Amazon?", ("746",)),
    Conversation(("What fine did Meta get?",), "Why?", "Why was Meta fined?", ("shipping the personal data", "données", "standard contractual")),
    Conversation(("Wo baut Thermaris in Deutschland ein Werk?",), "Wie viele Arbeitsplätze entstehen dort?", "Wie viele Arbeitsplätze entstehen im Werk von Thermaris in Deutschland?", ("450",)),
    Conversation(("Wo baut Thermaris in Deutschland ein Werk?",), "Wer führt die Firma?", "Wer führt die Firma Thermaris?", ("Oellers",)),
    Conversation(("Wo baut Thermaris in Deutschland ein Werk?",), "And in Spain?", "Where does Thermaris build a plant in Spain?", ("Sagunto",)),
    Conversation(("Wie lange fährt der Nachtzug von Berlin nach Paris?",), "Wie oft fährt er?", "Wie oft fährt der Nachtzug von Berlin nach Paris?", ("montags", "trois", "täglich")),
    Conversation(("Wie lange fährt der Nachtzug von Berlin nach Paris?",), "And where does it stop?", "Where does the night train from Berlin to Paris stop?", ("Halle",)),
    Conversation(("Who won the election in Poland?",), "And how high was the turnout?", "How high was the turnout of the election in Poland?", ("74.4",)),
    Conversation(("Who won the election in Poland?",), "Wie viele Sitze bekam die Linke?", "Wie viele Sitze bekam die Linke bei der Wahl in Polen?", ("26",)),
    Conversation(("Who is the mayor of Wehlsdorf?",), "What did he say about the flood?", "What did Ulrich Petzold, mayor of Wehlsdorf, say about the flood?", ("nicht einmal 2013",)),
    Conversation(("Wann schließt die Geburtshilfe in Wehlsdorf?",), "Wie viele Kinder kamen dort 2023 zur Welt?", "Wie viele Kinder kamen 2023 in der Geburtshilfe in Wehlsdorf zur Welt?", ("287",)),
    Conversation(("Why is there a drought emergency in Barcelona?",), "How much water may people use?", "How much water may people use in the drought emergency in Barcelona?", ("200 litros",)),
    # A new subject
    Conversation(("Why is Blinken visiting Astana?",), "Wer baut ein Werk in Neuwied?", "Wer baut ein Werk in Neuwied?", ("Thermaris",)),
    Conversation(("Warum ist die Brücke in Ashmere gesperrt?",), "What fine did Meta get?", "What fine did Meta get?", ("1.2 billion", "1,2 milliard")),
    Conversation(("What fine did Meta get?",), "How do I bake a sourdough loaf?", "How do I bake a sourdough loaf?", ()),
    Conversation(("Wie lange fährt der Nachtzug von Berlin nach Paris?",), "Wie wird das Wetter am Wochenende in München?", "Wie wird das Wetter am Wochenende in München?", ()),
)  # fmt: skip


def sample_conversations() -> Iterator[Conversation]:
    """The follow-ups of ``questions.jsonl``, then those written here."""
    by_id = {question.id: question for question in sample_questions()}
    for question in by_id.values():
        if question.follows:
            before: list[str] = []
            earlier = by_id.get(question.follows)
            while earlier:
                before.insert(0, earlier.question)
                earlier = by_id.get(earlier.follows or "")
            yield Conversation(tuple(before), question.question, RESOLVED[question.id], question.answers)
    yield from CONVERSATIONS


@dataclass(slots=True)
class Outcome:
    """Over conversations: how often the best hit's article has the answer, a quote has it, another is quoted, and what is unanswerable declined."""

    found: int = 0
    right: int = 0
    wrong: int = 0
    declined: int = 0
    answerable: int = 0
    unanswerable: int = 0
    slips: list[str] = field(default_factory=list)


def ask_all(assistant: Assistant, conversations: Sequence[Conversation], *, way: str) -> Outcome:
    """The outcome of asking each follow-up as it is (``"as asked"``), with its history (``"carried over"``) or resolved (``"by hand"``)."""
    outcome = Outcome()
    for conversation in conversations:
        history: list[Turn] = []
        if way == "carried over":
            for question in conversation.before:
                history.append(Turn(question, assistant.ask(question, history=history).text))
        asked = conversation.resolved if way == "by hand" else conversation.question
        answer = assistant.ask(asked, history=history)
        if not conversation.answers:
            outcome.unanswerable += 1
            outcome.declined += answer.abstained
            continue
        outcome.answerable += 1
        outcome.found += bool(answer.hits) and any(words in answer.hits[0].article.text for words in conversation.answers)
        right = any(words.casefold() in quote.quote.casefold() for quote in answer.citations for words in conversation.answers)
        outcome.right += right
        outcome.wrong += not right and not answer.abstained
        if not right:
            outcome.slips.append(f"{way}: {answer.searched.question} → {answer.text[:150]!r}")
    return outcome


def samples_table(*, slips: bool = False) -> str:
    """A Markdown table of the three ways."""
    conversations = list(sample_conversations())
    lines = [
        "| searched | best hit's article has the answer | quoted | other words quoted | declined, of the unanswerable |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder, Assistant.open(Path(folder) / "library") as assistant:
        assistant.add(samples=True)
        for way in ("as asked", "carried over", "by hand"):
            outcome = ask_all(assistant, conversations, way=way)
            count = outcome.answerable
            lines.append(
                f"| {way} | {outcome.found}/{count} | {outcome.right}/{count} | {outcome.wrong} | {outcome.declined}/{outcome.unanswerable} |"
            )
            lines += outcome.slips if slips else []
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.followups", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="TREC CAsT topics")
    parser.add_argument("--slips", action="store_true", help="also list what was not quoted from the samples")
    arguments = parser.parse_args()
    if arguments.folder:
        sys.stdout.write(agreement_table(arguments.folder) + "\n\n")
        sys.stdout.flush()
    sys.stdout.write(samples_table(slips=arguments.slips) + "\n")


if __name__ == "__main__":
    main()
