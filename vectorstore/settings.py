"""Settings: one small frozen set of plain values, from arguments and ``FUNDSTELLE_*`` in the environment.

Read at the edges (command line, ``Assistant.open``); inner functions take keyword arguments and never see this class.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic.functional_validators import field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from vectorstore.errors import SettingsError

BUNDLED = "bundled"
SYSTEM_DICTIONARIES = Path("/usr/share/dictd")


def default_cache() -> Path:
    """The folder of the user's for what can be made again."""
    return user_cache_path("fundstelle", appauthor=False)


class Settings(BaseSettings):
    """What can be set, with its default. Every field ``name`` is read from ``FUNDSTELLE_NAME``."""

    model_config = SettingsConfigDict(env_prefix="FUNDSTELLE_", env_ignore_empty=True, frozen=True, extra="forbid")

    library: Path = Field(default_factory=lambda: user_data_path("fundstelle", appauthor=False) / "library")
    cache: Path = Field(default_factory=default_cache)
    embedding: str = BUNDLED
    reranker: str | None = None
    sentence_vectors: bool = True
    allow_private: bool = False
    dictionaries: Annotated[tuple[Path, ...], NoDecode] = (SYSTEM_DICTIONARIES,)
    model: str | None = None
    """The chat model as ``provider:name``; without one, answers only quote."""
    model_base_url: str | None = None
    model_timeout: float = Field(default=120.0, gt=0)
    """How many seconds a chat model may say nothing, before its first words or between them."""
    model_total_timeout: float = Field(default=600.0, gt=0)
    """How many seconds a whole answer may take a chat model."""
    model_evidence_tokens: int = Field(default=2400, ge=300)
    """How many tokens of the articles a chat model gets to read."""
    model_answer_characters: int = Field(default=6000, ge=200)
    """Where an answer that does not end is cut."""
    model_translates: bool = True
    """Whether quotes in another language than the answer's are translated by the chat model."""
    auth: SecretStr | None = None
    """Who may use the page, as ``user:password``, several separated by spaces; without it only this machine is served."""
    tracing: bool = False
    """Whether LangChain's tracing, as the environment sets it up, may send questions and passages elsewhere."""

    @property
    def logins(self) -> tuple[str, ...]:
        """``auth``, one by one."""
        return tuple(self.auth.get_secret_value().split()) if self.auth else ()

    @field_validator("dictionaries", mode="before")
    @classmethod
    def _folders(cls, value: object) -> object:
        """A list of folders is written as the platform writes PATH."""
        return tuple(Path(part) for part in value.split(os.pathsep) if part) if isinstance(value, str) else value

    @field_validator("model_base_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("is no address; it begins with http:// or https://")
        return value

    @field_validator("library", "cache")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()


def read_settings(**given: Any) -> Settings:
    """The settings of this process; values that are ``None`` are left to the environment and the defaults.

    Raises:
        SettingsError: a value cannot be used; the message names the setting.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(
            f"Settings cannot be used: {faults}. Each is an argument or FUNDSTELLE_<NAME> in the environment."
        ) from error
