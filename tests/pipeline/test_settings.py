"""The settings: where they come from, what they refuse, and that secrets stay unseen."""

from pathlib import Path

import pytest

from pipeline.settings import load_settings
from schemas.errors import ReadError


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no file of the developer's machine reaches these tests."""
    import os

    for name in [name for name in os.environ if name.startswith("QIANSHAO_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_default_state_is_sqlite_in_the_home_folder(tmp_path: Path) -> None:
    assert load_settings(home=tmp_path).state_url == f"sqlite:///{tmp_path / 'qianshao.db'}"


def test_variable_wins_over_toml(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("qianshao.toml").write_text('smtp_host = "a.invalid"\nsmtp_port = 2525\n')
    monkeypatch.setenv("QIANSHAO_SMTP_HOST", "b.invalid")
    settings = load_settings()
    assert (settings.smtp_host, settings.smtp_port) == ("b.invalid", 2525)


def test_secret_file_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "qianshao_smtp_password").write_text("sesame")
    monkeypatch.setenv("QIANSHAO_SECRETS", str(tmp_path))
    settings = load_settings()
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == "sesame"


def test_secrets_show_in_no_repr() -> None:
    settings = load_settings(smtp_password="sesame", database_url="postgresql://u:sesame@h/d")
    assert "sesame" not in repr(settings)
    assert "sesame" not in str(settings)


@pytest.mark.parametrize(
    ("name", "value"), [("SMTP_PORT", "abc"), ("SMTP_SECURITY", "maybe"), ("CRAWL_TIMEOUT", "-1")]
)
def test_wrong_value_names_the_setting(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"QIANSHAO_{name}", value)
    with pytest.raises(ReadError) as caught:
        load_settings()
    assert name.lower() in str(caught.value)
    assert value in str(caught.value)


def test_unknown_toml_key_is_refused() -> None:
    Path("qianshao.toml").write_text('smtp_hots = "typo"\n')
    with pytest.raises(ReadError, match="smtp_hots"):
        load_settings()


def test_wrong_secret_is_not_shown() -> None:
    Path("qianshao.toml").write_text("smtp_password = 5417\n")
    with pytest.raises(ReadError) as caught:
        load_settings()
    assert "5417" not in str(caught.value)


def test_author_key_is_made_once_and_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = load_settings(home=home).author_secret()
    assert load_settings(home=home).author_secret() == first
    assert len(first) == 64
    assert (home / "author.key").stat().st_mode & 0o777 == 0o600
