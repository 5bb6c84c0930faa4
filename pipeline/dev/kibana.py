"""A Kibana from its archive, unpacked by the user: started on our Elasticsearch, with the six dashboards."""

from pathlib import Path

import urllib3

from pipeline.dev.service import Owner, PartMissingError, Service, choose_port
from schemas.kibana import load_objects, write_ndjson


def install_kibana(home: Path | None, elastic_url: str, folder: Path, port: int) -> tuple[Service, str]:
    """The Kibana in `home`, ready to start, and its address. Raises PartMissingError where there is none."""
    program = None if home is None else home.absolute() / "bin" / "kibana"
    if program is None or not program.is_file():
        reason = "没有 Kibana：解开 9.5.0 的安装包，用 --kibana 指出目录 (no Kibana in --kibana)"
        raise PartMissingError(reason)
    folder.mkdir(parents=True, exist_ok=True)
    port = choose_port(port)
    command = [str(program), "--allow-root", f"--elasticsearch.hosts={elastic_url}", f"--server.port={port}"]
    command += ["--server.host=127.0.0.1", "--i18n.locale=zh-CN", f"--path.data={folder.absolute()}"]
    return Service(command, folder, Owner()), f"http://127.0.0.1:{port}"


def is_ready(url: str) -> bool:
    """Whether a Kibana says that it is available."""
    try:
        return urllib3.request("GET", f"{url}/api/status", timeout=5, retries=False).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def import_dashboards(url: str, login: tuple[str, str] | None = None) -> None:
    """Import every object over what is there under the same ids. Raises RuntimeError with Kibana's words."""
    body = {"file": ("qianshao.ndjson", write_ndjson(load_objects()), "application/ndjson")}
    proof = {} if login is None else urllib3.make_headers(basic_auth=":".join(login))
    answer = urllib3.request(
        "POST",
        f"{url}/api/saved_objects/_import?overwrite=true",
        fields=body,
        headers={"kbn-xsrf": "true", **proof},
        timeout=120,
    )
    told = answer.json() if answer.status == 200 else {"success": False, "status": answer.status}
    if not told["success"]:
        reason = f"Kibana 没有全部收下：{told}"
        raise RuntimeError(reason)
