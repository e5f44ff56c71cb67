"""torch on this machine: how it is loaded, the memory it keeps, and the precision in which it is fastest here.

The only importer of torch. Not here: the models that run in it (``embedding.py``).
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import platform
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_PRECISIONS = "precision.json"
_M_ARENA_MAX = -8  # of mallopt(3)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a batch was too much: torch has a type for that on graphics cards only, on the processor it is said in words."""
    said = str(error)
    return isinstance(error, (MemoryError, load_torch().OutOfMemoryError)) or "allocate memory" in said or "bad_alloc" in said


@cache
def load_torch() -> Any:
    """torch, told to bear other work beside it and to keep little memory for itself.

    Its waiting threads sleep: by default they spin, which takes the cores from whatever else runs (beside three busy processes on two cores, batches
    took a third of the time with it; on idle cores it makes no difference). Compiled kernels are kept for the shapes of the last few batches rather
    than for the last thousand, which grew by 20 kB a sentence, and all threads share two heaps rather than having several each.
    """
    # Read once, as torch and its libraries are loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    os.environ.setdefault("LRU_CACHE_CAPACITY", "16")
    with suppress(OSError, AttributeError, TypeError):  # only glibc has this
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)
    import torch

    return torch


def give_memory_back() -> None:
    """Give what batches of changing sizes left between other things back to the system: without it a long run grows by half a gigabyte.

    It takes some 20 ms, next to a second or more of encoding.
    """
    with suppress(OSError, AttributeError, TypeError):  # only glibc has this
        ctypes.CDLL(None).malloc_trim(0)


def in_fastest_precision(model: Any, *, encode: Callable[[Any, list[str]], object], cache: Path) -> Any:
    """A model on the CPU, in bfloat16 or float32, whichever a timing made once per machine found faster.

    torch's own check for bfloat16 hardware has answered wrongly, and without it bfloat16 is slower.
    """
    torch = load_torch()
    precision = recorded_precision(cache)
    if precision is None:
        text = ["The minister said on Tuesday that talks would go on until an agreement was reached. " * 5] * 8
        seconds = {}
        for tried in ("float32", "bfloat16"):
            model = model.to(getattr(torch, tried))
            encode(model, text[:1])
            start = time.perf_counter()
            encode(model, text)
            seconds[tried] = time.perf_counter() - start
        precision = min(seconds, key=lambda tried: seconds[tried])
        record = _precisions(cache)
        cache.mkdir(parents=True, exist_ok=True)
        fresh = cache / f"{_PRECISIONS}.{os.getpid()}"
        fresh.write_text(json.dumps({**record, _machine(): precision}, indent=1), "utf-8")
        fresh.replace(cache / _PRECISIONS)
    return model.to(getattr(torch, precision))


def recorded_precision(cache: Path) -> str | None:
    """What was measured on a machine like this one, if it was."""
    return _precisions(cache).get(_machine())


def _precisions(cache: Path) -> dict[str, str]:
    try:
        found = json.loads((cache / _PRECISIONS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: value for name, value in found.items() if value in {"float32", "bfloat16"}} if isinstance(found, dict) else {}


def _machine() -> str:
    torch = load_torch()
    return f"{_processor()} torch {torch.__version__} threads {torch.get_num_threads()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    # The model name of virtual machines is often generic; the flags tell what it can do.
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "flags"))][:2]
    return f"{named[0]} {hashlib.sha256(named[-1].encode()).hexdigest()[:8]}" if named else "unknown"
