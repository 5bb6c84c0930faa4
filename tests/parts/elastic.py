"""An Elasticsearch with TLS and users, for the tests of roles; the open one is that of `qianshao dev`."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from pipeline.dev.elastic import Elastic, Login, lay_out_node
from tests.parts.certificate import issue_certificate

SECURED = """\
xpack.security.enabled: true
xpack.security.http.ssl:
  enabled: true
  key: node.key
  certificate: node.crt
"""


def install_secured(logins: Sequence[Login], roles: Mapping[str, object]) -> Elastic:
    """A node with TLS that knows these users and roles (its file realm); the first may see its health.

    Raises PartMissingError as install_elastic does.
    """
    service, port = lay_out_node(None, SECURED)
    config = Path(service.command[0]).parents[1] / "config"
    authority = issue_certificate(config)
    (config / "roles.yml").write_text(yaml.safe_dump(dict(roles), allow_unicode=True), "utf-8")
    users = Path(service.command[0]).with_name("elasticsearch-users")
    for login in logins:
        add = [str(users), "useradd", login.name, "-p", login.password, "-r", login.role]
        subprocess.run(add, env={**os.environ, **service.environment}, check=True, capture_output=True)
    service.owner.own(service.folder)
    return Elastic(service, port, authority, logins[0])
