"""How well generated sentences are checked: ``python -m tests.benchmarks.verification [--fit] [DIR...]``.

A ``DIR`` is a folder of line-aligned news in several languages (``DOCUMENT_IDS.tsv``, ``eng.txt``, ``deu.txt`` ..., as NTREX has them) or one that
holds question sets in BEIR layout named as XQuAD's are here (``xquad-en2en``, ``xquad-de2de``). The sentences about the sample articles
(``tests/verification_cases.jsonl``) are always there. True sentences of the folders are translations, and questions with their answer put in; false
ones have one number, date, name or denial changed, the answer to another question, or cite a passage from which what they say was taken
out. All are split by document: ``--fit`` fits on one half, writes ``assistant/verification.json``, and the table reports both.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from assistant.agreement import Agreement
from assistant.calibration import encoder_key
from assistant.claims import split_claims
from assistant.quantities import find_numbers
from assistant.stated_days import find_days
from assistant.verification import Source, Verdict, Verifier, kind_of
from assistant.verification_weights import Centres, Kind, Weights, write_weights
from assistant.wording import word_claim
from tests.benchmarks.chat import read_sheets
from vectorstore.types import Article, Passage, Span

CASES = Path(__file__).parents[1] / "verification_cases.jsonl"
HARD_CASES = CASES.with_name("verification_hard_cases.jsonl")
"""Kinds that pass most often, written when all else was fitted: for looking, never for fitting."""
FRESH_CASES = CASES.with_name("verification_fresh_cases.jsonl")
"""What a careless or malicious model would say, written before the checks were known; of the half that is ``closed`` only sums were looked at."""
COMMAND = "python -m tests.benchmarks.verification --fit NTREX BEIR"
_LANGUAGES = {"eng": "en", "deu": "de", "fra": "fr", "tur": "tr", "arb": "ar"}
_PAIRS = (("en", "de"), ("de", "en"), ("fr", "de"), ("en", "fr"), ("en", "tr"), ("en", "ar"))
_LINES = 7
"""How many lines of a document make a passage."""
_FEWEST_LINES = 4
_DOCUMENTS = 26
_QUESTIONS = 45
_NEVER = datetime(2024, 1, 1, tzinfo=UTC)
# Signs that a weight may have: what speaks against a sentence must not speak for it.
_POSITIVE = {"cosine", "centred", "nearby_share"}
# Sentences as they are written in answers count most; questions with their answer put in are no sentences.
_WEIGHTS = {"samples": 3.0, "answers": 3.0, "questions": 0.3}
_RIDGE = 0.01
# What a weight is drawn to, for what is too rare here to be learned: each of these alone should tip a sentence that is supported otherwise.
_PRIOR = {
    "names_missing": -2.0, "numbers_missing": -1.0, "number_rivals": -2.5, "day_rivals": -2.5, "name_rivals": -2.0,
    "denial": -4.0, "opposite": -3.0, "unsettled": -2.5, "speaker_rival": -3.0,
}  # fmt: skip
_PRIOR_STRENGTH = 0.004
_START = {"bias": -38.0, "cosine": 42.0, "nearby_share": 2.0, "joined": -0.3}
_KINDS: tuple[Kind, ...] = ("same", "glossed", "other")
_TRUE_ERROR = 2.0
_BLUR = 0.06
# Where the threshold is set, sentences as they are written in answers count far more than translations and questions.
_OTHERS_WEIGHT = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A sentence that cites a source, and whether that says so."""

    group: str
    kind: str
    text: str
    language: str
    sources: tuple[Source, ...]
    true: bool
    held_out: bool

    @property
    def pair(self) -> str:
        """The languages of the sentence and of its source."""
        return f"{self.language}→{self.sources[0].article.language}"


@dataclass(slots=True)
class Candidates:
    """A case with every stretch of its source, as features; ``decided`` where something is nowhere in the source."""

    case: Case
    features: list[dict[str, float]] = field(default_factory=list)
    kind: Kind = "same"
    decided: bool = False


# --- cases


def sample_cases(articles: Mapping[str, Article], *, passages: Mapping[str, Sequence[Passage]], path: Path = CASES) -> list[Case]:
    """The written sentences, with the cited passage as source 1 and the other passages of its article and of some others behind it."""
    names = sorted(articles)
    cases = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        article = articles[row["article"]]
        cited = next(passage for passage in passages[row["article"]] if row["near"] in article.text[passage.start : passage.end])
        rest = [passage for passage in passages[row["article"]] if passage != cited]
        chosen = random.Random(row["id"]).sample([name for name in names if name != row["article"]], 3)
        strangers = [(articles[name], passages[name][0]) for name in chosen] if row["kind"] != "source" else []
        listed = [(article, cited), *((article, passage) for passage in rest), *strangers]
        cases.append(
            Case(
                group="samples",
                kind=row["kind"],
                text=row["sentence"],
                language=row["language"],
                sources=tuple(Source(number=n, article=other, passage=passage) for n, (other, passage) in enumerate(listed, 1)),
                true=row["true"],
                held_out=bool(zlib.crc32(row["article"].encode()) % 2),
            )
        )
    return cases


def answer_cases(articles: Mapping[str, Article], *, passages: Mapping[str, Sequence[Passage]]) -> Iterator[Case]:
    """What the scripted model of ``chat.py`` says to the sample questions, with the passage that says so or otherwise as source 1."""
    for sheet in read_sheets():
        for said in (*sheet.true, *sheet.lies):
            name = str(said.question.article)
            article, listed = articles[name], passages[name]
            cited = next(passage for passage in listed if said.near in article.text[passage.start : passage.end])
            chosen = [cited, *(passage for passage in listed if passage != cited)]
            yield Case(
                group="answers",
                kind=said.kind,
                text=said.text,
                language=said.question.language,
                sources=tuple(Source(number=n, article=article, passage=passage) for n, passage in enumerate(chosen, 1)),
                true=said.kind == "true",
                held_out=said.held_out,
            )


def news_cases(folder: Path) -> Iterator[Case]:
    """Translated news: each sentence against a passage in another language, and changed ones."""
    lines = {code: (folder / f"{name}.txt").read_text("utf-8").splitlines() for name, code in _LANGUAGES.items()}
    documents: dict[str, list[int]] = defaultdict(list)
    for number, document in enumerate((folder / "DOCUMENT_IDS.tsv").read_text("utf-8").splitlines()):
        documents[document].append(number)
    chance = random.Random(1)
    for index, every in enumerate(list(documents.values())[:_DOCUMENTS]):
        numbers = every[:_LINES]
        if len(numbers) < _FEWEST_LINES:
            continue
        for claim_language, source_language in _PAIRS:
            at = chance.randrange(1, len(numbers))
            text = lines[claim_language][numbers[at]]
            if not 6 <= len(text.split()) <= 45:
                continue
            shown = [lines[source_language][number] for number in numbers]
            others = [lines[claim_language][number] for number in numbers if number != numbers[at]]
            changed = changes(text, others=others, language=claim_language, chance=chance)
            without = [line for position, line in enumerate(shown) if position != at]
            for kind, claim, source in [
                ("true", text, shown),
                ("not said", text, without),
                *((kind, other, shown) for kind, other in changed),
            ]:
                yield Case(
                    group="news",
                    kind=kind,
                    text=claim,
                    language=claim_language,
                    sources=(passage_source(source, language=source_language),),
                    true=kind == "true",
                    held_out=bool(index % 2),
                )


def question_cases(folder: Path) -> Iterator[Case]:
    """Questions with an answer put in: the right one, or that of another question about the same passage."""
    texts = {
        code: {row["_id"]: row["text"] for row in _rows(folder / f"xquad-{code}2{code}" / "corpus.jsonl")}
        for code in ("en", "de")
    }
    asked = {code: {row["_id"]: row for row in _rows(folder / f"xquad-{code}2{code}" / "queries.jsonl")} for code in ("en", "de")}
    about = dict(
        line.split("\t")[:2] for line in (folder / "xquad-en2en" / "qrels" / "test.tsv").read_text("utf-8").splitlines()[1:]
    )
    chance = random.Random(2)
    for question in chance.sample(sorted(about), _QUESTIONS * 2):
        passage = about[question]
        rivals = [other for other in about if about[other] == passage and other != question]
        for claim_language, source_language in (("en", "en"), ("de", "de"), ("en", "de"), ("de", "en")):
            if chance.random() < 0.5:
                continue
            row = asked[claim_language][question]
            right = row["metadata"]["answers"][0]
            wrong = [asked[claim_language][other]["metadata"]["answers"][0] for other in rivals]
            wrong = [other for other in wrong if _alike(other, right) and other not in right and right not in other]
            for answer, kind in [(right, "true"), *((other, "answer") for other in wrong[:1])]:
                text = put_in(answer, row["text"], language=claim_language)
                if text:
                    yield Case(
                        group="questions",
                        kind=kind,
                        text=text,
                        language=claim_language,
                        sources=(
                            passage_source(
                                re.split(r"(?<=[.!?]) (?=[A-ZÄÖÜ])", texts[source_language][passage]), language=source_language
                            ),
                        ),
                        true=kind == "true",
                        held_out=bool(int(passage[1:4]) % 2),
                    )


def put_in(answer: str, question: str, *, language: str) -> str | None:
    """``question`` as a statement, with ``answer`` in the place of its question word; None where there is none at its start."""
    pattern = {
        "en": r"(?:who|what|where|when|how (?:many|much)|which)\b",
        "de": r"(?:wer|wen|was|wo|wann|wie ?viele?|welche[mnrs]?)\b",
    }[language]
    match = re.match(pattern, question, re.IGNORECASE)
    return f"{answer[0].upper()}{answer[1:]}{question[match.end() :].rstrip(' ?')}." if match else None


def changes(text: str, *, others: Sequence[str], language: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    """``text`` with one thing changed: a number, a date, a name taken from ``others``, or denied."""
    numbers = [number for number in find_numbers(text, language=language) if any(char.isdigit() for char in number.text)]
    if numbers:
        number = chance.choice(numbers)
        digits = [position for position in range(number.start, number.end) if text[position].isdigit()]
        at = digits[0]
        digit = chance.choice([other for other in "123456789" if other != text[at]])
        yield "number", text[:at] + digit + text[at + 1 :]
    days = [day for day in find_days(text, language=language) if day.weekday is not None or day.month is not None]
    if days:
        day = chance.choice(days)
        other = _other_day(day.text, language=language, chance=chance)
        if other:
            yield "date", text[: day.start] + other + text[day.end :]
    mine = re.findall(r"(?<=[a-zäöüßé,] )[A-ZÄÖÜ][\w'-]{3,}", text)
    theirs = [name for line in others for name in re.findall(r"(?<=[a-zäöüßé,] )[A-ZÄÖÜ][\w'-]{3,}", line) if name not in text]
    if language == "en" and mine and theirs:
        yield "name", text.replace(chance.choice(mine), chance.choice(theirs), 1)
    verbs = {
        "en": r"\b(is|are|was|were|has|have|had|will|would|can|could)\b(?! not|n't)",
        "de": r"\b(ist|sind|war|waren|wird|werden|wurde|hat|haben)\b(?! nicht)",
    }
    plain = {"en": r" not\b|n't\b", "de": r" nicht\b"}
    if language in plain and (match := re.search(plain[language], text)):
        yield "denial", text[: match.start()] + text[match.end() :]
    elif language in verbs and (match := re.search(verbs[language], text)):
        yield "denial", text[: match.end()] + {"en": " not", "de": " nicht"}[language] + text[match.end() :]


def _other_day(written: str, *, language: str, chance: random.Random) -> str | None:
    from babel import Locale

    locale = Locale.parse(language)
    for table in (locale.days["format"]["wide"], locale.months["format"]["wide"]):
        for name in table.values():
            if name in written:
                return written.replace(name, chance.choice([other for other in table.values() if other != name]), 1)
    return None


def passage_source(lines: Sequence[str], *, language: str) -> Source:
    """An article of one passage whose sentences are ``lines``."""
    text = "\n".join(lines)
    article = Article(id=str(zlib.crc32(text.encode())), text=text, language=language, fetched_at=_NEVER)
    spans, at = [], 0
    for line in lines:
        spans.append(Span(at, at + len(line)))
        at += len(line) + 1
    passage = Passage(article_id=article.id, version=article.version, start=0, end=len(text), sentences=tuple(spans))
    return Source(number=1, article=article, passage=passage)


def _alike(one: str, other: str) -> bool:
    """Whether two answers are of one kind: both with a digit, or both with a capital, or neither."""
    return any(map(str.isdigit, one)) == any(map(str.isdigit, other)) and one[0].isupper() == other[0].isupper()


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    return map(json.loads, path.read_text("utf-8").splitlines())


# --- fitting


def candidates(case: Case, verifier: Verifier) -> Candidates:
    """The features of every stretch of the cited source."""
    source = case.sources[0]
    wording = word_claim(case.text, language=case.language, glossary=verifier._glossary)
    matches = verifier.matches(wording, [source], vector=verifier._encoder.encode_query(case.text))
    found = Candidates(case, kind=kind_of(wording, matches[0].stretches[0][1].reading), decided=bool(matches[0].absences))
    found.features = [
        {"bias": 1.0, "cosine": match.cosine, "centred": match.centred, **asdict(match.agreement)} for match in matches
    ]
    return found


def centres(cases: Iterable[Case], verifier: Verifier) -> Centres:
    """The means of the vectors of the cases that are fitted on, by language."""
    sentences: dict[str, list[Any]] = defaultdict(list)
    claims: dict[str, list[Any]] = defaultdict(list)
    for case in cases:
        if not case.held_out:
            source = case.sources[0]
            sentences[source.article.language] += list(verifier._sentence_vectors(source))
            claims[case.language].append(verifier._encoder.encode_query(case.text))
    return Centres.of(*({language: np.stack(rows) for language, rows in each.items()} for each in (sentences, claims)))


def fit(found: Sequence[Candidates], *, encoder: str, centres: Centres) -> Weights:
    """Weights from the cases that nothing decides alone, by the best stretch of each under the weights so far, four times over."""
    names = ["bias", "cosine", "centred", *(entry.name for entry in fields(Agreement))]
    usable = [
        item for item in found if not item.decided and not item.case.held_out and item.case.kind not in {"quote", "quotation"}
    ]
    fitted: dict[Kind, dict[str, float]] = {kind: dict(_START) for kind in _KINDS}
    for _ in range(4):
        for kind in _KINDS:
            rows = [item for item in usable if item.kind == kind]
            best = [max(item.features, key=lambda values: _score(values, fitted[kind])) for item in rows]
            table = np.array([[values.get(name, 0.0) for name in names] for values in best])
            truth = np.array([item.case.true for item in rows], dtype=float)
            counts = np.array([_WEIGHTS.get(item.case.group, 1.0) for item in rows])
            counts *= np.where(truth > 0, (counts * (1 - truth)).sum() / (counts * truth).sum(), 1.0)
            fitted[kind] = _logistic(table, truth, counts, names=names)
    for kind in _KINDS:
        rows = [item for item in usable if item.kind == kind]
        threshold = _threshold(
            [(max(_probability(values, fitted[kind]) for values in item.features), item.case) for item in rows]
        )
        fitted[kind]["bias"] = round(fitted[kind]["bias"] - float(np.log(threshold / (1 - threshold))), 4)
    return Weights(encoder=encoder, same=fitted["same"], glossed=fitted["glossed"], other=fitted["other"], centres=centres)


def _threshold(scores: Sequence[tuple[float, Case]]) -> float:
    """Where errors weigh least: a true sentence that is marked weighs as much as ``_TRUE_ERROR`` false ones that pass."""

    def cost(threshold: float) -> float:
        total = 0.0
        for score, case in scores:
            # Near the threshold, another sentence might as well fall on the other side.
            below = 1 / (1 + np.exp((score - threshold) / _BLUR))
            weight = _WEIGHTS.get(case.group, _OTHERS_WEIGHT)
            total += float(weight * (_TRUE_ERROR * below if case.true else 1 - below))
        return total

    return min((step / 100 for step in range(20, 70)), key=cost)


def _logistic(table: Any, truth: Any, counts: Any, *, names: Sequence[str]) -> dict[str, float]:
    from scipy.optimize import minimize

    centre = table.mean(axis=0)
    centre[0] = 0.0
    scale = np.maximum(table.std(axis=0), 1e-3)
    scale[0] = 1.0
    rows = (table - centre) / scale
    counts = counts / counts.sum()
    drawn = np.array([_PRIOR.get(name, 0.0) for name in names]) * scale
    # A prior is on the weight itself, the ridge on its effect.
    strength = np.array(
        [_PRIOR_STRENGTH / spread**2 if name in _PRIOR else _RIDGE for name, spread in zip(names, scale, strict=True)]
    )
    strength[0] = 0.0

    def loss(weights: Any) -> tuple[float, Any]:
        margin = rows @ weights
        chance = 1 / (1 + np.exp(-margin))
        value = -(counts * (truth * np.log(chance + 1e-12) + (1 - truth) * np.log(1 - chance + 1e-12))).sum()
        away = (weights - drawn) * strength
        return float(value + (away * (weights - drawn)).sum()), rows.T @ (counts * (chance - truth)) + 2 * away

    bounds = [(None, None) if name == "bias" else (0, None) if name in _POSITIVE else (None, 0) for name in names]
    found = minimize(loss, np.zeros(len(names)), jac=True, bounds=bounds, method="L-BFGS-B").x
    plain = found / scale
    plain[0] = found[0] - (plain[1:] * centre[1:]).sum()
    return {name: round(float(value), 4) for name, value in zip(names, plain, strict=True)}


def _score(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    return sum(weight * values.get(name, 0.0) for name, weight in weights.items())


def _probability(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    return float(1 / (1 + np.exp(-np.clip(_score(values, weights), -60, 60))))


# --- reporting


def check(case: Case, verifier: Verifier) -> Verdict:
    """The verdict on a case as it would be reached in an answer."""
    claims = split_claims(case.text, language=case.language)
    if case.group in {"news", "questions"}:  # what is translated in them is no quotation of the source
        claims = [replace(claim, quotations=(), quoted_words=()) for claim in claims]
    # A line of the news may be two sentences; it is checked as one.
    claim = (
        replace(claims[0], text=case.text, markers=(1,), quotations=(), quoted_words=())
        if len(claims) > 1
        else replace(claims[0], markers=(1,))
    )
    return verifier.check(claim, sources=case.sources, language=case.language)


def passes(verdict: Verdict) -> bool:
    """Whether a reader sees the sentence as borne out by what it cites."""
    return verdict.support in {"supported", "quoted"} and not verdict.corrected


def table(checked: Sequence[tuple[Case, Verdict]]) -> str:
    """The errors by kind and by languages, for the half that was fitted on and for the other, as a Markdown table."""
    lines = ["| group | kind | fitted on | errors | held out | errors |", "|---|---|---|---|---|---|"]
    for group in dict.fromkeys(case.group for case, _ in checked):
        keys: dict[str, list[tuple[Case, Verdict]]] = defaultdict(list)
        for case, verdict in checked:
            if case.group == group:
                keys[f"{'true' if case.true else 'false: ' + case.kind}"].append((case, verdict))
                keys[f"{'true' if case.true else 'false'}, {case.pair}"].append((case, verdict))
                keys["true, all" if case.true else "false, all"].append((case, verdict))
        for key in sorted(keys, key=lambda name: ("," in name, name)):
            cells = []
            for half in (False, True):
                these = [(case, verdict) for case, verdict in keys[key] if case.held_out == half]
                wrong = sum(passes(verdict) != case.true for case, verdict in these)
                cells.append(f"{len(these)} | {wrong} ({wrong / len(these):.1%})" if these else "– | –")
            lines.append(f"| {group} | {key} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Check all cases; with ``--fit``, fit first."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.verification", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="aligned news, or a folder of question sets")
    parser.add_argument("--fit", action="store_true", help="fit the weights first and write them")
    parser.add_argument("--slips", action="store_true", help="list every sentence that is judged wrongly")
    chosen = parser.parse_args(arguments)
    verifier, cases = load(chosen.folders)
    if chosen.fit:
        encoder, common = encoder_key(verifier._encoder.signature), centres(cases, verifier)
        unfitted = Weights(encoder=encoder, same=_START, glossed=_START, other=_START, centres=common)
        write_weights(unfitted, command=COMMAND)
        weights = fit([candidates(case, verifier) for case in cases], encoder=encoder, centres=common)
        write_weights(weights, command=COMMAND)
    checked = [(case, check(case, verifier)) for case in cases]
    write = sys.stdout.write
    if chosen.slips:
        for case, verdict in checked:
            if passes(verdict) != case.true:
                where = PurePath(case.sources[0].article.path or "").name
                write(
                    f"{case.group} {'held' if case.held_out else 'fit'} {case.pair} {case.kind}: {case.text}\n    {verdict.support} {verdict.reason} {verdict.what} {verdict.score} {where}\n"
                )
    write(table(checked) + "\n")


def load(folders: Iterable[Path]) -> tuple[Verifier, list[Case]]:
    """A verifier with the bundled model and every case."""
    from assistant import Assistant
    from ingest.split import split_article

    with tempfile.TemporaryDirectory() as temporary, Assistant.open(Path(temporary) / "library") as assistant:
        assistant.add(samples=True)
        articles = {PurePath(article.path or "").name: article for article in assistant.articles()}
        count = assistant.encoder.count_tokens
        passages = {name: split_article(article, count_tokens=count) for name, article in articles.items()}
        verifier = Verifier(encoder=assistant.encoder, glossary=assistant.glossary)
    cases = [*sample_cases(articles, passages=passages), *answer_cases(articles, passages=passages)]
    for folder in folders:
        cases += news_cases(folder) if (folder / "DOCUMENT_IDS.tsv").exists() else question_cases(folder)
    return verifier, cases


if __name__ == "__main__":
    main()
