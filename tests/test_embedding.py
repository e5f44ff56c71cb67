"""Encoders and rerankers: any sentence-transformers model, made small by the tests, and the bundled one."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.split import split_article
from vectorstore import embedding
from vectorstore.embedding import BundledEncoder, Reranker, SentenceTransformerEncoder, load_encoder
from vectorstore.errors import ModelError
from vectorstore.indexes import embedded_text
from vectorstore.nano_engine import NanoEngine
from vectorstore.packed_model import PROMPTS
from vectorstore.settings import BUNDLED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from vectorstore.embedding import Encoder
    from vectorstore.types import Article

    Vectors = NDArray[np.float32]

TEXTS = [
    "The council of Brenn voted on Tuesday to rebuild the old bridge over the river.",
    "",
    "Bridge.",
    "Eine Fähre zur Insel fährt zweimal am Tag, bis die Arbeiten beendet sind. " * 3,
    "北京和阿斯塔纳",
]


@pytest.fixture(scope="session")
def bundled(bundled_encoder: Encoder) -> BundledEncoder:
    """The bundled model as what it is."""
    assert isinstance(bundled_encoder, BundledEncoder)
    return bundled_encoder


def plain_vectors(folder: str, texts: list[str]) -> Vectors:
    """What sentence-transformers itself makes of texts, one at a time and as they are."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(folder, device="cpu").float()
    vectors: Vectors = np.stack([model.encode(text, prompt="", normalize_embeddings=True) for text in texts])
    return vectors


# --- any sentence-transformers model


def test_vectors_have_length_1_and_the_order_of_their_texts(tiny_encoder: SentenceTransformerEncoder) -> None:
    """Long and short texts come back in the order they were given, each as it would alone."""
    vectors = tiny_encoder.encode_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), tiny_encoder.dimension) == (5, 32)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors, plain_vectors(tiny_encoder.name, TEXTS), atol=1e-4)


@settings(max_examples=8, deadline=None)
@given(texts=st.lists(st.text(max_size=80), max_size=9))
def test_any_texts_can_be_encoded(tiny_encoder: SentenceTransformerEncoder, texts: list[str]) -> None:
    """Whatever the characters, each text gets its own vector, the same in any company."""
    vectors = tiny_encoder.encode_passages(texts)
    assert vectors.shape == (len(texts), 32)
    if texts:
        np.testing.assert_allclose(vectors[-1], tiny_encoder.encode_passages(texts[-1:])[0], atol=1e-4)


def test_small_additions_give_memory_back_too(tiny_encoder: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is embedded is counted from one call to the next: many small calls give back what they left as often as a large one."""
    given_back: list[int] = []
    monkeypatch.setattr(embedding, "give_memory_back", lambda: given_back.append(1))
    text = "The council voted on Tuesday. " * 100
    for _ in range(40):
        tiny_encoder.encode_passages([text])
    assert len(given_back) == pytest.approx(40 * len(text) / embedding._CHARACTERS_IN_MEMORY, abs=1)


def test_many_texts_are_cut_into_batches(tiny_encoder: SentenceTransformerEncoder) -> None:
    """More texts than one batch holds keep their order."""
    texts = [f"Report {number} " + "of the council " * (number % 7) for number in range(130)]
    vectors = tiny_encoder.encode_passages(texts)
    for place in (0, 63, 64, 129):
        np.testing.assert_allclose(vectors[place], tiny_encoder.encode_passages([texts[place]])[0], atol=1e-4)


def test_too_large_a_batch_is_halved(tiny_encoder: SentenceTransformerEncoder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory does not suffice for a batch, less at a time gives the same vectors; for one text it is an error."""
    import torch
    from sentence_transformers import SentenceTransformer

    def beyond() -> Exception:
        """What torch says where the processor's memory does not suffice: it has no type of its own for that."""
        with pytest.raises(RuntimeError) as caught:
            torch.empty(10**15)
        return caught.value

    texts = [f"Report {number} of the council." for number in range(25)]
    wanted, encode = tiny_encoder.encode_passages(texts), SentenceTransformer.encode
    room = 3

    def encode_few(self: SentenceTransformer, given: list[str], **options: Any) -> Any:
        if len(given) > room:
            raise MemoryError if len(given) % 2 else torch.OutOfMemoryError("CUDA out of memory") if len(given) > 6 else beyond()
        return encode(self, given, **options)

    monkeypatch.setattr(SentenceTransformer, "encode", encode_few)
    np.testing.assert_allclose(tiny_encoder.encode_passages(texts), wanted, atol=1e-5)
    room = 0
    with pytest.raises(ModelError, match=r"not enough memory .*FUNDSTELLE_EMBEDDING.*what was stored stays"):
        tiny_encoder.encode_passages(texts)


def test_no_texts_give_no_vectors(tiny_encoder: SentenceTransformerEncoder) -> None:
    """An empty batch has the right width."""
    assert tiny_encoder.encode_passages([]).shape == (0, 32)
    assert tiny_encoder.count_tokens([]) == []


@pytest.mark.parametrize(
    ("name", "prompts", "query", "passage"),
    [
        ("plain", None, "", ""),
        ("own", {"query": "ask: ", "passage": "read: "}, "ask: ", "read: "),
        ("own-document", {"query": "ask: ", "document": "doc: "}, "ask: ", "doc: "),
        ("query-only-e5", {"query": "Instruct: find\nQuery: "}, "Instruct: find\nQuery: ", ""),
        ("tiny-e5-small", None, *PROMPTS.values()),
        ("some-e50-model", None, "", ""),
    ],
)
def test_prompts(
    make_tiny_model: Callable[..., Path],
    single_precision: Path,
    name: str,
    prompts: dict[str, str] | None,
    query: str,
    passage: str,
) -> None:
    """The prompts of the model's own config go before the text; an E5 model without any has those it was trained with."""
    folder = make_tiny_model(name, prompts=prompts)
    encoder = load_encoder(str(folder), cache=single_precision)
    text = "the old bridge"
    expected = plain_vectors(str(folder), [query + text, passage + text])
    np.testing.assert_allclose(encoder.encode_query(text), expected[0], atol=1e-4)
    np.testing.assert_allclose(encoder.encode_passages([text])[0], expected[1], atol=1e-4)


def test_signatures_tell_models_apart(make_tiny_model: Callable[..., Path], single_precision: Path) -> None:
    """Other weights or prompts under one name give another signature; loading the same again does not."""
    first = make_tiny_model("model", seed=1)
    encoders = {
        "first": SentenceTransformerEncoder(str(first), cache=single_precision),
        "again": SentenceTransformerEncoder(str(first), cache=single_precision),
        "weights": SentenceTransformerEncoder(str(make_tiny_model("model", seed=2)), cache=single_precision),
        "prompts": SentenceTransformerEncoder(
            str(make_tiny_model("model", seed=1, prompts={"query": "q: "})), cache=single_precision
        ),
    }
    for encoder in encoders.values():
        encoder.name = "model"
    signatures = {name: encoder.signature for name, encoder in encoders.items()}
    assert signatures["first"] == signatures["again"]
    assert len(set(signatures.values())) == 3


def test_tokens_are_counted_without_special_ones(tiny_encoder: SentenceTransformerEncoder) -> None:
    """Counts add up over words and are not cut at the model's limit."""
    one, ten = tiny_encoder.count_tokens(["bridge", "bridge " * 10])
    assert ten >= 10 * one > 0
    assert tiny_encoder.count_tokens(["the bridge " * 500])[0] > tiny_encoder.max_tokens == 128


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    """Nothing is loaded when the model is named; its first use says which model it is and what can be set."""
    for name in (str(tmp_path / "missing"), "no-such-organisation/no-such-model"):
        encoder = load_encoder(name, cache=tmp_path)
        assert encoder.name == name
        with pytest.raises(ModelError, match=rf"{re.escape(name)}.* cannot be loaded: (.|\n)*FUNDSTELLE_EMBEDDING"):
            encoder.encode_query("Where?")


def test_a_damaged_model(make_tiny_model: Callable[..., Path], single_precision: Path) -> None:
    """Broken weights are reported as such."""
    folder = make_tiny_model("damaged")
    (folder / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"damaged.* cannot be loaded"):
        load_encoder(str(folder), cache=single_precision).encode_query("Where?")


def test_precision_is_timed_once_per_machine(make_tiny_model: Callable[..., Path], tmp_path: Path) -> None:
    """The first model loaded leaves a record; later ones read it, and a damaged record is made again."""
    folder, record = str(make_tiny_model("tiny")), tmp_path / "cache" / "precision.json"
    SentenceTransformerEncoder(folder, cache=tmp_path / "cache").encode_query("Load.")
    (precision,) = json.loads(record.read_text("utf-8")).values()
    assert precision in {"float32", "bfloat16"}
    before = record.stat()
    SentenceTransformerEncoder(folder, cache=tmp_path / "cache").encode_query("Load.")
    assert record.stat().st_mtime_ns == before.st_mtime_ns
    record.write_text("{", "utf-8")
    SentenceTransformerEncoder(folder, cache=tmp_path / "cache").encode_query("Load.")
    assert len(json.loads(record.read_text("utf-8"))) == 1
    assert [path.name for path in record.parent.iterdir()] == ["precision.json"]


def test_threads_share_an_encoder(tiny_encoder: SentenceTransformerEncoder) -> None:
    """Questions asked at the same time get their own vectors."""
    texts = [f"question {number} about the bridge" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(tiny_encoder.encode_query, texts))
    np.testing.assert_allclose(np.stack(found), np.stack([tiny_encoder.encode_query(text) for text in texts]), atol=1e-5)


# --- the bundled model


def test_the_engine_and_torch_agree(bundled: BundledEncoder) -> None:
    """A question has the same vector from the package's engine as through torch."""
    if NanoEngine.obstacle():
        pytest.skip("the package's engine cannot be used on this machine")
    for question in ("Why is Blinken visiting Astana?", "Почему Блинкен едет в Астану?", "Warum\nschließt die Brücke?"):
        through_torch = SentenceTransformerEncoder.encode_query(bundled, question)
        assert float(bundled.encode_query(question) @ through_torch) > 0.998


def test_what_the_engine_cannot_read_goes_through_torch(bundled: BundledEncoder) -> None:
    """A long question, and one with NUL, still has a vector of length 1."""
    for question in ("bridge " * 700, "bridge\0river"):
        vector = bundled.encode_query(question)
        assert vector.shape == (bundled.dimension,) == (384,)
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-3)


def test_the_bundled_model_crosses_languages(bundled: BundledEncoder) -> None:
    """A question is nearest to the passage that answers it, in another language."""
    passages = [
        "Die alte Brücke über den Fluss wird im Mai für zwei Jahre gesperrt.",
        "Der Verein gewann am Samstag das letzte Spiel der Saison.",
        "Le musée a acheté un tableau pour trois millions d'euros.",
    ]
    vectors = bundled.encode_passages(passages)
    questions = ["When does the bridge close?", "Who won the match?", "How much did the painting cost?"]
    assert [int(np.argmax(vectors @ bundled.encode_query(question))) for question in questions] == [0, 1, 2]


def test_the_bundled_signature_needs_no_torch(bundled: BundledEncoder, shared_cache: Path) -> None:
    """It names the weights by the folder's hash, with dimension and prompts."""
    fresh = BundledEncoder(cache=shared_cache)
    assert fresh.signature == bundled.signature
    assert "384" in fresh.signature
    assert "passage: " in fresh.signature
    assert fresh.count_tokens(["Brücke"])[0] > 0
    assert "_model" not in vars(fresh)


def test_tokens_of_the_bundled_model(bundled: BundledEncoder) -> None:
    """Special tokens that are written in a text count as text, and nothing is cut."""
    plain, marked, long = bundled.count_tokens(["bridge", "bridge</s>", "bridge " * 900])
    assert marked > plain + 1
    assert long >= 900


@pytest.fixture
def long_article(make_article: Callable[..., Article]) -> Article:
    """An article with sentences and words of any length."""
    endless = ", ".join(f"item {number} of the list that never ends" for number in range(400))
    monster = "Brücken" * 600
    text = "\n\n".join(["Kurzer Satz.", endless + ".", monster, "短い文。" * 300, "Der Rat sprach lange. " * 200])
    return make_article("long", text, title="Ein Titel, der auch mitgelesen wird", language="de")


def test_passages_fit_the_model(bundled: BundledEncoder, long_article: Article) -> None:
    """What the splitter cuts is read whole: title, prompt and markers included, no passage or sentence is truncated."""
    passages = split_article(long_article, count_tokens=bundled.count_tokens)
    texts = [PROMPTS["passage"] + embedded_text(long_article, passage) for passage in passages]
    texts += [PROMPTS["passage"] + span.slice(long_article.text) for passage in passages for span in passage.sentences]
    counts = bundled.count_tokens(texts)
    assert max(counts) + 2 <= bundled.max_tokens


# --- rerankers


def test_a_reranker_scores_each_pair(tiny_reranker: Path) -> None:
    """Every text gets a score of its own for the question, whatever it is read together with."""
    reranker = Reranker(str(tiny_reranker))
    texts = ["The bridge closes in May.", "A painting was sold.", "Ferry"]
    scores = reranker.scores("When does the bridge close?", texts)
    assert len(set(scores)) == 3
    alone = [reranker.scores("When does the bridge close?", [text])[0] for text in texts]
    assert scores == pytest.approx(alone, abs=1e-5)
    assert reranker.scores("When?", []) == []


def test_a_reranker_that_is_not_there(tmp_path: Path) -> None:
    """The message names the model and the setting."""
    with pytest.raises(ModelError, match=r"missing.* cannot be loaded: (.|\n)*FUNDSTELLE_RERANKER"):
        Reranker(str(tmp_path / "missing")).scores("When?", ["In May."])


def test_the_default_is_the_bundled_model(bundled: BundledEncoder, shared_cache: Path) -> None:
    """The setting's default names it, and making it again gives the same signature."""
    assert load_encoder(BUNDLED, cache=shared_cache).signature == bundled.signature


def test_without_the_package_the_default_is_the_same_model_from_the_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a system that the package with the weights is not for, the setting ``bundled`` still names a model."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert load_encoder(BUNDLED, cache=tmp_path).name == "intfloat/multilingual-e5-small"
