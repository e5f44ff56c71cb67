"""Text to vectors: any sentence-transformers model, and the bundled one by default; cross-encoders for reranking.

The only importer of sentence-transformers and transformers. Models are loaded at their first use, so that opening a library stays cheap. Not
here: torch itself (``torch_runtime.py``), the bundled model's folder (``bundled.py``) and engine (``nano_engine.py``), storing vectors (``dense.py``).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import threading
import warnings
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vectorstore.bundled import bundled_model_path
from vectorstore.errors import ModelError
from vectorstore.nano_engine import NanoEngine
from vectorstore.packed_model import DIMENSION, MAX_TOKENS, PACKAGE, PROMPTS
from vectorstore.settings import BUNDLED
from vectorstore.torch_runtime import give_memory_back, in_fastest_precision, is_out_of_memory, load_torch, recorded_precision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from vectorstore.packed_model import Prompt

    Vectors = NDArray[np.float32]

HUB_DEFAULT = "intfloat/multilingual-e5-small"
_BATCH_CHARACTERS = 12_000
_MAX_BATCH = 64
_CHARACTERS_IN_MEMORY = 4 * _BATCH_CHARACTERS


class Encoder(Protocol):
    """Turns questions and passages into vectors of one space; safe to call from several threads."""

    @property
    def name(self) -> str:
        """The model's name, for people."""

    @property
    def dimension(self) -> int:
        """The length of its vectors."""

    @property
    def signature(self) -> str:
        """Changes whenever the vectors of the same text change: name, weights, dimension, prompts."""

    @property
    def max_tokens(self) -> int:
        """The longest text it reads, in its own tokens, special ones and prompt included."""

    def encode_query(self, question: str) -> Vectors:
        """A question's vector: float32, shape (dimension,), length 1."""

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of stored texts: float32, shape (len(texts), dimension), each of length 1."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without special ones and prompt."""


class SentenceTransformerEncoder:
    """An ``Encoder`` from a sentence-transformers folder or hub name."""

    def __init__(self, model: str, *, cache: Path) -> None:
        """Name the model; nothing is loaded yet. ``cache`` keeps what was measured of this machine."""
        self.name = model
        self._model_path = model
        self._cache = cache
        self._lock = threading.Lock()
        self._encoded = 0

    @cached_property
    def _model(self) -> Any:
        load_torch()
        from sentence_transformers import SentenceTransformer

        try:
            with _quietly():
                model = SentenceTransformer(self._model_path)
        except Exception as error:  # loaders raise OSError, ValueError, ImportError, hub and safetensors errors
            raise ModelError(
                f"The embedding model {self.name!r} cannot be loaded: {error}. Check FUNDSTELLE_EMBEDDING: a sentence-transformers "
                f"folder, a model of the hub that can be reached or is in its cache, or {BUNDLED!r}."
            ) from error
        model.eval()
        if model.device.type != "cpu":
            return model

        def encode(model: Any, texts: list[str]) -> None:
            model.encode(texts, show_progress_bar=False, convert_to_tensor=True)

        return in_fastest_precision(model.float(), encode=encode, cache=self._cache)

    @cached_property
    def _prompts(self) -> Mapping[Prompt, str]:
        """The prompts of the model's own config; E5 models without one get those they were trained with."""
        own = {name: prompt for name, prompt in (self._model.prompts or {}).items() if prompt}
        if own:
            passage = own.get("passage", own.get("document", ""))
            return {"query": own.get("query", ""), "passage": passage}
        return PROMPTS if "e5" in Path(self._model_path).name.lower().split("-") else {"query": "", "passage": ""}

    @cached_property
    def dimension(self) -> int:
        """The length of its vectors."""
        return int(self._model.get_embedding_dimension())

    @cached_property
    def max_tokens(self) -> int:
        """The longest text it reads, in tokens."""
        return int(self._model.max_seq_length or 512)

    @cached_property
    def signature(self) -> str:
        """Hash of the weights, name, dimension and prompts."""
        prompts = json.dumps(self._prompts, sort_keys=True)
        return f"{self._weights_hash()} {self.name} {self.dimension} {prompts}"

    def _weights_hash(self) -> str:
        # Hashing the tensors themselves works for folders and hub models alike; a sample of each is enough to tell weights apart.
        digest = hashlib.sha256()
        for name, tensor in sorted(self._model.state_dict().items()):
            flat = tensor.detach().reshape(-1)
            step = max(1, flat.numel() // 64)
            digest.update(name.encode() + flat[::step].float().cpu().numpy().astype(np.float16).tobytes())
        return digest.hexdigest()[:16]

    def encode_query(self, question: str) -> Vectors:
        """A question's vector."""
        vector: Vectors = self._encode([question], prompt=self._prompts["query"])[0]
        return vector

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """The vectors of stored texts, in their order."""
        return self._encode(texts, prompt=self._prompts["passage"])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has."""
        if not texts:
            return []
        found = self._model.tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)["input_ids"]
        return [len(ids) for ids in found]

    def _encode(self, texts: Sequence[str], *, prompt: str) -> Vectors:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        result = np.empty((len(texts), self.dimension), dtype=np.float32)
        for batch in _batches(order, [len(text) for text in texts]):
            result[batch] = self._encode_batch([prompt + texts[index] for index in batch])
            self._encoded += sum(len(texts[index]) for index in batch)
            if self._encoded >= _CHARACTERS_IN_MEMORY:  # counted from one call to the next: most additions are small
                self._encoded = 0
                give_memory_back()
        return result

    def _encode_batch(self, texts: list[str]) -> Vectors:
        torch = load_torch()
        try:
            with self._lock, torch.inference_mode():
                found = self._forward(self._model, texts)
        except (RuntimeError, MemoryError) as error:  # torch's own error for graphics memory is a RuntimeError too
            if not is_out_of_memory(error):
                raise
            if len(texts) == 1:
                raise ModelError(
                    f"There is not enough memory to embed a single text with {self.name}. Close other programs and run the same command again, "
                    "or set FUNDSTELLE_EMBEDDING to a smaller model; what was stored stays."
                ) from error
            half = len(texts) // 2  # less at a time is slower, but it goes on
            return np.concatenate([self._encode_batch(texts[:half]), self._encode_batch(texts[half:])])
        vectors: Vectors = found.float().cpu().numpy()
        normalised: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        return normalised

    def _forward(self, model: Any, texts: list[str]) -> Any:
        """The vectors of one batch as a tensor."""
        return model.encode(texts, prompt="", batch_size=len(texts), convert_to_tensor=True, show_progress_bar=False)


class BundledEncoder(SentenceTransformerEncoder):
    """The packaged multilingual-e5-small: batches through torch, single questions through the package's own engine.

    Its folder is one that sentence-transformers loads. Loading it through transformers alone, with the one tokenizer that counts too, takes
    800 MB less and starts 2 s sooner; pooling and length are the same (mean, 1).
    """

    dimension = DIMENSION
    max_tokens = MAX_TOKENS
    _prompts = PROMPTS

    def __init__(self, *, cache: Path) -> None:
        """Unpack the weights into ``cache`` if they are not there yet.

        Raises:
            ModelError: the package is missing or damaged.
        """
        path = bundled_model_path(cache=cache)
        super().__init__(str(path), cache=cache)
        self.name = "multilingual-e5-small (bundled)"
        self._path = path
        self._engine = None if NanoEngine.obstacle() else NanoEngine(cache=cache)

    @cached_property
    def signature(self) -> str:
        """The folder's name holds the hash of the weights, so nothing need be loaded for it."""
        return f"{self._path.name} {self.dimension} {json.dumps(self._prompts, sort_keys=True)}"

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._path / "tokenizer.json"))
        tokenizer.encode_special_tokens = True  # a written "</s>" in an article is text, as the model reads it
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has; needs no torch."""
        return [len(found.ids) for found in self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    @cached_property
    def _model(self) -> Any:
        torch = load_torch()
        from transformers import AutoModel

        def load(precision: Any) -> Any:
            with _quietly():
                return AutoModel.from_pretrained(self._path, dtype=precision, local_files_only=True).eval()

        try:
            if torch.cuda.is_available():
                return load(torch.float32).to("cuda")
            if recorded := recorded_precision(self._cache):
                return load(getattr(torch, recorded))
            return in_fastest_precision(load(torch.float32), encode=self._forward, cache=self._cache)
        except (OSError, ValueError, ImportError) as error:
            raise ModelError(
                f"The bundled model in {self._path} cannot be loaded: {error}. Delete that folder; it is made again."
            ) from error

    def _forward(self, model: Any, texts: list[str]) -> Any:
        torch = load_torch()
        ids = [_cut_to(found.ids, self.max_tokens) for found in self._tokenizer.encode_batch_fast(texts)]
        tokens = torch.full((len(ids), max(map(len, ids))), model.config.pad_token_id)
        mask = torch.zeros_like(tokens)
        for row, listed in enumerate(ids):
            tokens[row, : len(listed)] = torch.tensor(listed)
            mask[row, : len(listed)] = 1
        tokens, mask = tokens.to(model.device), mask.to(model.device)
        with torch.inference_mode():
            states = model(input_ids=tokens, attention_mask=mask).last_hidden_state
            return (states.float() * mask[..., None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)

    def encode_query(self, question: str) -> Vectors:
        """A question's vector: from the engine, which starts at once, or from torch for what the engine cannot read."""
        # Beside passages that are embedded one thread is enough: two would take turns with torch's, and each waits for the other.
        vector = self._engine.embed(question, prompt="query", beside=self._lock.locked()) if self._engine else None
        return super().encode_query(question) if vector is None else vector


class Reranker:
    """Any sentence-transformers cross-encoder: reads question and passage together."""

    def __init__(self, model: str) -> None:
        """Name the model; nothing is loaded yet."""
        self.name = model
        self._lock = threading.Lock()

    @cached_property
    def _model(self) -> Any:
        load_torch()
        from sentence_transformers import CrossEncoder

        try:
            with _quietly():
                return CrossEncoder(self.name)
        except Exception as error:  # as for encoders
            raise ModelError(
                f"The reranker {self.name!r} cannot be loaded: {error}. Check FUNDSTELLE_RERANKER, or unset it."
            ) from error

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question, on the model's own scale."""
        with self._lock:
            return [float(score) for score in self._model.predict([(question, text) for text in texts], show_progress_bar=False)]


def load_encoder(model: str, *, cache: Path) -> Encoder:
    """The encoder that a setting names: ``"bundled"``, a sentence-transformers folder or a hub name.

    Where the package with the bundled weights is not installed (it is for Linux on x86-64), the default is the same model from the hub.

    Raises:
        ModelError: the bundled weights are damaged. Other models are loaded, and fail, at their first use.
    """
    if model != BUNDLED:
        return SentenceTransformerEncoder(model, cache=cache)
    if importlib.util.find_spec(PACKAGE) is None:
        return SentenceTransformerEncoder(HUB_DEFAULT, cache=cache)
    return BundledEncoder(cache=cache)


@contextmanager
def _quietly() -> Iterator[None]:
    """What other libraries say while they load is not the user's business, nor a bar for weights that are here; a download keeps its own."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, enable_progress_bars
    from transformers.utils import logging as untyped

    logging: Any = untyped
    without_bars = are_progress_bars_disabled()
    shown = logging.is_progress_bar_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable_progress_bar()
        if not without_bars:
            enable_progress_bars()
        try:
            yield
        finally:
            if shown:
                logging.enable_progress_bar()


def _batches(order: Sequence[int], lengths: Sequence[int]) -> list[list[int]]:
    """Indexes in batches of like length whose padded size stays bounded, longest first."""
    batches: list[list[int]] = []
    for index in order:
        width = lengths[batches[-1][0]] if batches else 0
        if batches and len(batches[-1]) < _MAX_BATCH and width * (len(batches[-1]) + 1) <= _BATCH_CHARACTERS:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches


def _cut_to(ids: list[int], limit: int) -> list[int]:
    """Token ids of a text that is too long for the model, without what is too much before the closing one."""
    return ids if len(ids) <= limit else [*ids[: limit - 1], ids[-1]]
