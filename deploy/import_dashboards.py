"""Once, inside compose: the dashboards into Kibana through its import interface."""

import os
from pathlib import Path

import urllib3

from schemas.kibana import load_objects, write_ndjson


def import_dashboards(url: str, user: str, password: str) -> None:
    """Import every object over what is there under the same ids. Raises RuntimeError with Kibana's words."""
    body = {"file": ("qianshao.ndjson", write_ndjson(load_objects()), "application/ndjson")}
    answer = urllib3.request(
        "POST",
        f"{url}/api/saved_objects/_import?overwrite=true",
        fields=body,
        headers={"kbn-xsrf": "true", **urllib3.make_headers(basic_auth=f"{user}:{password}")},
        timeout=120,
    )
    told = answer.json() if answer.status == 200 else {"success": False, "status": answer.status}
    if not told["success"]:
        reason = f"Kibana 没有全部收下：{told}"
        raise RuntimeError(reason)


if __name__ == "__main__":
    secret = Path("/run/secrets/elastic_password").read_text(encoding="utf-8").strip()
    import_dashboards(os.environ["KIBANA_URL"], "elastic", secret)
