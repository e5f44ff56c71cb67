"""What ran the figures: processor, memory, the versions that matter, how busy it was; and what a process used of it."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("torch", "sentence-transformers", "chromadb", "tantivy", "numpy")
COMPARED = ("langchain-core", "langchain-chroma", "langchain-text-splitters", "llama-index-core", "txtai", "faiss-cpu")


def describe(*, packages: tuple[str, ...] = _PACKAGES) -> str:
    """One line for people."""
    flags = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    precision = "bfloat16 in hardware" if "avx512_bf16" in flags or "amx_bf16" in flags else "no bfloat16 in hardware"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    listed = ", ".join(f"{name} {_version(name)}" for name in packages)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {precision}), {memory:.0f} GiB, Python {platform.python_version()}, {listed}; "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )


def peak_memory() -> float:
    """The most memory that this process had, in GB."""
    return _status("VmHWM")


def memory() -> float:
    """The memory that this process has now, in GB."""
    return _status("VmRSS")


def bytes_under(folder: Path) -> int:
    """How many bytes the files of a folder have."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _status(name: str) -> float:
    for line in Path("/proc/self/status").read_text("utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e9
    return float("nan")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
