"""Makes the secret files of deploy/compose.yml that are not there yet; what exists is left as it is."""

import base64
import os
import secrets
from pathlib import Path

FOLDER = Path(__file__).parent / "secrets"
PASSWORDS = (
    "elastic_password",
    "kibana_password",
    "analyst_password",
    "postgres_password",
    "qianshao_elasticsearch_password",
    "qianshao_author_key",
    "qianshao_console_key",
)


def make_secrets(folder: Path) -> list[str]:
    """Make what is missing; the names of what was made. Airflow's key is 32 bytes in base64, for Fernet."""
    folder.mkdir(mode=0o700, exist_ok=True)
    values = {name: secrets.token_hex(24) for name in PASSWORDS}
    values["airflow_key"] = base64.urlsafe_b64encode(os.urandom(32)).decode()
    made = [name for name in values if not (folder / name).exists()]
    for name in made:
        (folder / name).write_text(values[name])
        # The folder is closed to others; inside a container another user has to read the file.
        (folder / name).chmod(0o644)
    return made


if __name__ == "__main__":
    make_secrets(FOLDER)
