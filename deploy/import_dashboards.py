"""Once, inside compose: the dashboards into Kibana through its import interface."""

import os
from pathlib import Path

from pipeline.dev.kibana import import_dashboards

if __name__ == "__main__":
    secret = Path("/run/secrets/elastic_password").read_text(encoding="utf-8").strip()
    import_dashboards(os.environ["KIBANA_URL"], ("elastic", secret))
