"""The bundled model's folder in the cache: written once from the package's file, and known again without hashing 300 MB.

``embedding.py`` loads the folder like any other. Not here: reading the file (``packed_model.py``), what is in the folder (``model_folder.py``).
"""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vectorstore.errors import ModelError
from vectorstore.model_folder import write_folder
from vectorstore.packed_model import SOURCE_SHA256, bundled_source, check_hash, sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
"""Changes whenever the same source gives another folder, so that an old folder is left alone and a new one written."""
FOLDER_NAME = f"bundled-{SOURCE_SHA256[:12]}-{FORMAT}"

_MARKER = "fundstelle.json"


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

    check_hash(source)
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
            write_folder(part, source=source)
            _write_marker(part, source=source)
            if folder.exists():
                damaged = _new_part(cache)
                folder.rename(damaged / folder.name)
                part.rename(folder)
                shutil.rmtree(damaged)
            else:
                part.rename(folder)
    except OSError as error:
        raise ModelError(
            f"The bundled model cannot be written to {folder}: {error}. Free some space, or set FUNDSTELLE_CACHE."
        ) from error
    return folder


def check_source(source: Path, *, cache: Path | None) -> None:
    """Check that ``source`` is the expected model; by its hash, unless the folder in ``cache`` was made of the same file.

    Raises:
        ModelError: it is not.
    """
    if cache is None or not _is_known(source, marker=_read_marker(cache / FOLDER_NAME)):
        check_hash(source)


def _new_part(cache: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=cache, prefix=f"{FOLDER_NAME}.", suffix=".part"))


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
        "files": {str(path.relative_to(folder)): [*astuple(_Stamp.of(path)), sha256_of(path)] for path in files},
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
        return all(sha256_of(folder / name) == sha256 for name, (_, sha256) in marker.files.items())
    return False
