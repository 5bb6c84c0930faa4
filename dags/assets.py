"""The two assets that chain the DAGs: new raw parts, and events that changed."""

from airflow.sdk import Asset

RAW = Asset("qianshao_raw")
EVENTS = Asset("qianshao_events")
