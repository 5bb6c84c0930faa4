"""香港天文台：各区过去一小时雨量。JSON interface of readings; one reading a district and hour.

Not verified live. Evidence: the observatory's open data documentation describes `rhrread`: `rainfall.data`
with `place`, `max` and `unit`, and `rainfall.endTime` with its zone. The saved answer is ours, in that shape.
Terms: data.gov.hk allows free use, also commercial, with the source named. The districts become stations by
the stations.yml of a deployment.
"""

from datetime import datetime

from crawlers.page import Page
from crawlers.source import Count, Source
from crawlers.spiders.api import Item
from crawlers.spiders.sensor import SensorSpider

SOURCE = Source(
    name="hongkong_rainfall",
    publisher="香港天文台",
    kind="sensor",
    url="https://data.weather.gov.hk/weatherAPI/opendata/weather.php?dataType=rhrread&lang=sc",
    every="15m",
    expect=Count(min=0, max=40),
    enabled=False,
    verified=None,
    zone="Asia/Hong_Kong",
)


class Rainfall(SensorSpider):
    source = SOURCE
    items = "rainfall.data"
    station_path = "place"
    measures = {"rainfall_1h": ("max", "mm")}  # noqa: RUF012

    def item_time(self, page: Page, _item: Item) -> datetime:
        # The hour is said once for all districts.
        return page.time(str(page.json["rainfall"]["endTime"]), "rainfall.endTime")
