"""Settings, read once from the environment (prefix `QIBAN_`) and `.env`, in `qiban.bootstrap` only."""

from __future__ import annotations

import os
import secrets
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.clock import parse_pinned

CHECKOUT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """All settings. Names and defaults are part of the contract (DESIGN section 5, `.env.example`)."""

    model_config = SettingsConfigDict(
        env_prefix="QIBAN_", env_file=".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    data_dir: Path = Path("var")
    database_url: SecretStr | None = Field(default=None, description="default: SQLite in DATA_DIR")
    model_dir: Path = CHECKOUT / ".cache" / "model"
    embedding_model: str | None = Field(default=None, description="any sentence-transformers model or folder")
    reranker_model: str | None = None

    today: Annotated[date | datetime | None, NoDecode] = None
    timezone: str = "Asia/Shanghai"

    region: str = "430400"
    desk_name: str | None = None
    desk_contact: str | None = None

    telegram_token: SecretStr | None = None
    telegram_base_url: str = "https://api.telegram.org/bot"
    telegram_proxy: SecretStr | None = None
    telegram_webhook_url: str | None = None
    telegram_webhook_secret: SecretStr | None = None

    llm_base_url: str | None = Field(default=None, description="an OpenAI-compatible API; default: no composer")
    llm_model: str | None = None
    llm_api_key: SecretStr | None = None
    llm_daily: int = Field(default=50, ge=0, description="worded answers a person a day")

    secret_key: SecretStr | None = None
    public_url: str | None = None
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    send_rate: float = Field(default=25.0, gt=0, description="messages a second")
    log_level: str = "INFO"

    @field_validator("today", mode="before")
    @classmethod
    def _read_today(cls, value: object) -> object:
        return parse_pinned(value) if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def database(self) -> str:
        """The SQLAlchemy URL with its async driver (holds a password: never log it)."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{(self.data_dir / 'qiban.db').resolve()}"
        return async_url(self.database_url.get_secret_value())

    @property
    def index_dir(self) -> Path:
        return self.data_dir / "index"


def async_url(url: str) -> str:
    """The same database address with the async driver we use: aiosqlite or psycopg."""
    scheme, separator, rest = url.partition("://")
    driver = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite+aiosqlite"}
    return driver.get(scheme, scheme) + separator + rest


def secret_key(settings: Settings) -> str:
    """The key that signs cookies and links: from the settings, else made once and kept in DATA_DIR (mode 0600)."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / "secret_key"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if kept := path.read_text(encoding="ascii").strip():
            return kept
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
