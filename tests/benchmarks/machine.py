"""What ran the figures: processor, memory and the versions that matter."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

_PACKAGES = ("torch", "sentence-transformers", "chromadb", "tantivy", "numpy")


def describe() -> str:
    """One line for people."""
    flags = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    precision = "bfloat16 in hardware" if "avx512_bf16" in flags or "amx_bf16" in flags else "no bfloat16 in hardware"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"{os.cpu_count()} cores ({platform.machine()}, {precision}), {memory:.0f} GiB, Python {platform.python_version()}, {packages}"
