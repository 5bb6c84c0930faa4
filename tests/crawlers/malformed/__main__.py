"""Makes the cases anew and keeps them; the reasons they must have are written in the modules beside this."""

import sys
from collections import Counter

from tests.crawlers.malformed.cases import KEPT, write_cases
from tests.crawlers.malformed.feeds import broken_feeds
from tests.crawlers.malformed.pages import broken_pages
from tests.crawlers.malformed.tables import broken_tables

CASES = [*broken_tables(), *broken_feeds(), *broken_pages()]
write_cases(CASES)
counts = "，".join(f"{kind} {count}" for kind, count in Counter(case.kind for case in CASES).items())
sys.stdout.write(f"{counts}；{KEPT.stat().st_size} 字节\n")
