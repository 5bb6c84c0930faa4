"""Once, inside compose: Kibana's password, our roles, the users of them, and the index templates."""

import os
from collections.abc import Mapping
from pathlib import Path

from elasticsearch import Elasticsearch

from schemas.elasticsearch import load_roles
from stores.elastic import ElasticStore

SECRETS = Path("/run/secrets")
# The user, his role and the secret that holds his password.
USERS = (
    ("qianshao_writer", "qianshao_writer", "qianshao_elasticsearch_password"),
    ("analyst", "qianshao_analyst", "analyst_password"),
)
# What Kibana itself lets an analyst do.
FEATURES = [f"feature_{name}.read" for name in ("discover", "dashboard", "visualize", "maps")]
KIBANA = [{"application": "kibana-.kibana", "privileges": FEATURES, "resources": ["*"]}]


def set_up(client: Elasticsearch, secrets: Mapping[str, str]) -> None:
    """Bring users and roles into shape; as often as one likes."""
    client.security.change_password(username="kibana_system", password=secrets["kibana_password"])
    for name, role in load_roles().items():
        applications = KIBANA if name != "qianshao_writer" else []
        client.security.put_role(name=name, **role, applications=applications)
    for user, role_name, secret in USERS:
        client.security.put_user(username=user, password=secrets[secret], roles=[role_name])


def main() -> None:
    """Read the secrets and set up."""
    found = {path.name: path.read_text().strip() for path in SECRETS.iterdir() if path.is_file()}
    url = os.environ["ELASTICSEARCH_URL"]
    with ElasticStore(url, user="elastic", password=found["elastic_password"]) as store:
        set_up(store.client, found)
        store.apply()


if __name__ == "__main__":
    main()
