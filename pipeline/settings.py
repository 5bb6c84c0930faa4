"""The one typed settings object: `QIANSHAO_*` variables, a secrets folder, or `qianshao.toml`."""

import os
import secrets
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from schemas.errors import ReadError, Where

CONFIG_VARIABLE = "QIANSHAO_CONFIG"
SECRETS_VARIABLE = "QIANSHAO_SECRETS"


_SOURCE_KEY = "QIANSHAO_SOURCE_"


class SourceKeys(PydanticBaseSettingsSource):
    """The keys of sources, one a variable or one a secret file: their names are the sources' own."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Nothing: the keys come as one value."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """What variables and files give; a variable goes before a file."""
        folder = Path(os.environ.get(SECRETS_VARIABLE) or os.devnull)
        files = sorted(folder.glob("*")) if folder.is_dir() else []
        found = {path.name: path.read_text() for path in files if path.name.upper().startswith(_SOURCE_KEY)}
        found |= {name: value for name, value in os.environ.items() if name.startswith(_SOURCE_KEY)}
        names = {name.upper().removeprefix(_SOURCE_KEY).lower(): value for name, value in found.items()}
        keys = {name: value.strip() for name, value in names.items() if name != "keys"}
        return {"source_keys": keys} if keys else {}


class Settings(BaseSettings):
    """What a deployment sets. Secrets are `SecretStr`: they never show in a repr, a log or `doctor`."""

    model_config = SettingsConfigDict(env_prefix="QIANSHAO_", extra="forbid", frozen=True)

    home: Path = Field(Path("var"), description="数据目录：数据库、原始区、发件箱都在这里")
    deployment: Path | None = Field(None, description="本地部署目录：places.yml、duty.yml、words.txt、rules/")
    sources: Path | None = Field(None, description="本地采集源目录，一个源一个文件")
    database_url: SecretStr | None = Field(None, description="状态库；缺省为数据目录下的 SQLite")
    elasticsearch_url: str | None = Field(None, description="Elasticsearch 9 地址；不设则不建索引")
    elasticsearch_api_key: SecretStr | None = Field(None, description="Elasticsearch API key")
    elasticsearch_user: str | None = Field(None, description="Elasticsearch 用户")
    elasticsearch_password: SecretStr | None = Field(None, description="Elasticsearch 密码")
    elasticsearch_ca: Path | None = Field(None, description="Elasticsearch 的 CA 证书")
    elasticsearch_prefix: str = Field("qianshao", pattern="^[a-z][a-z0-9-]*$", description="索引名的前缀")
    retain_months: int = Field(24, ge=0, description="索引里按月的保留几个月；0 为一直保留")
    smtp_host: str | None = Field(None, description="邮件服务器；不设则写入发件箱目录")
    smtp_port: int = Field(25, ge=1, le=65535, description="邮件服务器端口")
    smtp_security: Literal["none", "starttls", "ssl"] = Field("none", description="邮件加密方式")
    smtp_user: str | None = Field(None, description="邮件用户")
    smtp_password: SecretStr | None = Field(None, description="邮件密码")
    smtp_timeout: float = Field(20.0, gt=0, description="邮件服务器超时（秒）")
    mail_sender: str = Field("qianshao@qianshao.invalid", description="预警邮件的发件人")
    mail_domain: str = Field("qianshao.invalid", description="Message-ID 的域名")
    console_url: str | None = Field(
        None, pattern="^https?://[^/]+(/.*)?$", description="值班页面的地址，写进邮件；不设则邮件写命令"
    )
    console_key: SecretStr | None = Field(None, description="邮件链接的签名密钥；缺省时生成并保存在数据目录")
    author_key: SecretStr | None = Field(None, description="作者标识的散列密钥；缺省时生成并保存在数据目录")
    rsshub_url: str | None = Field(None, description="RSSHub 的网址；rsshub:/ 开头的采集源要用")
    rsshub_key: SecretStr | None = Field(None, description="RSSHub 的访问密钥（ACCESS_KEY）")
    open311_jurisdiction: str | None = Field(None, description="Open311 服务器的 jurisdiction_id")
    open311_key: SecretStr | None = Field(None, description="Open311 服务器的 api_key")
    mailbox_host: str | None = Field(None, description="报告邮箱的 IMAP 服务器；import --mailbox 要用")
    mailbox_port: int = Field(993, ge=1, le=65535, description="报告邮箱的端口；starttls 通常是 143")
    mailbox_security: Literal["none", "starttls", "ssl"] = Field("ssl", description="报告邮箱的加密方式")
    mailbox_ca: Path | None = Field(None, description="报告邮箱的 CA 证书；不设则用系统的")
    mailbox_user: str = Field("", description="报告邮箱的用户")
    mailbox_password: SecretStr | None = Field(None, description="报告邮箱的密码")
    mailbox_folder: str = Field("INBOX", description="报告邮箱里读哪个文件夹，可以是中文名")
    mailbox_mark_read: bool = Field(False, description="读过的邮件标为已读；缺省什么也不改")
    readings_days: int = Field(90, ge=7, description="传感器读数在状态库里留多少天；原始区一直留着")
    source_keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="采集源的密钥，按名称；或写 QIANSHAO_SOURCE_<名称> 变量、密钥目录里的同名文件",
    )
    contact: str | None = Field(
        None, pattern="^[ -~]+$", description="联系网址或邮箱，采集时写进 User-Agent，ASCII 字符"
    )
    crawl_timeout: float = Field(600.0, gt=0, description="一次采集的最长时间（秒）")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before variables before secret files before the TOML file; no .env is read."""
        del dotenv_settings
        toml = TomlConfigSettingsSource(settings_cls, Path(os.environ.get(CONFIG_VARIABLE, "qianshao.toml")))
        return init_settings, env_settings, SourceKeys(settings_cls), file_secret_settings, toml

    @property
    def state_url(self) -> str:
        """The database URL with its password, for SQLAlchemy only."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{(self.home / 'qianshao.db').absolute()}"

    def crawl_variables(self) -> dict[str, str]:
        """What a crawl in its own process needs of these settings, as its variables."""
        key = "" if self.rsshub_key is None else self.rsshub_key.get_secret_value()
        told = {"QIANSHAO_RSSHUB_URL": self.rsshub_url or "", "QIANSHAO_RSSHUB_KEY": key}
        told["QIANSHAO_CONTACT"] = self.contact or ""
        for name, secret in self.source_keys.items():
            told[f"{_SOURCE_KEY}{name.upper()}"] = secret.get_secret_value().strip()
        return {name: value for name, value in told.items() if value}

    def author_secret(self) -> bytes:
        """The key of the author hashes; made once and kept in the data folder (mode 600) when none is set."""
        return self._secret(self.author_key, "author.key")

    def console_secret(self) -> bytes:
        """The key that signs the links in mails; made once and kept like the other."""
        return self._secret(self.console_key, "console.key")

    def _secret(self, given: SecretStr | None, name: str) -> bytes:
        if given is not None:
            return given.get_secret_value().encode()
        path = self.home / name
        if not path.exists():
            self.home.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
        return path.read_text().strip().encode()


def load_settings(**given: Any) -> Settings:  # noqa: ANN401 - pydantic checks each of them
    """The settings in force. Raises ReadError naming the variable, its value and what is allowed.

    `given` overrides variables and files: a test or an Airflow connection passes what it knows.
    """
    secrets_dir = os.environ.get(SECRETS_VARIABLE)
    try:
        return Settings(_secrets_dir=secrets_dir, **given)  # type: ignore[call-arg]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        shown = os.environ.get(f"QIANSHAO_{name.upper()}", "?")
        if any(word in name for word in ("password", "key", "url")):
            shown = "（不显示）"
        where = Where("QIANSHAO_* 变量或 qianshao.toml")
        raise ReadError(where, name, shown, first["msg"]) from error
