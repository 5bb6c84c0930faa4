"""采集：每十分钟把每个采集源各抓一次，新的原始分片登记后触发分析。

### 值班要点
- `crawl` 失败：看日志最后一行，写明了源、网址和原因；其他源不受影响，下一轮会再抓。
- 抓到的条数低于源文件里的下限：该源判为失败，多半是网站改版，用 `qianshao sources check` 查。
- 读不懂的记录在隔离区：`qianshao quarantine list`。
"""

from datetime import timedelta

import pendulum
from airflow.sdk import dag, task

from dags.assets import RAW


@dag(
    dag_id="qianshao_collect",
    schedule="*/10 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["qianshao", "collect"],
    default_args={"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=1)},
)
def collect() -> None:
    """One mapped task a source; the sources are found by path when the run starts."""

    @task
    def discover() -> list[str]:
        from dags.rooms import open_airflow_rooms
        from pipeline.jobs.collect import enabled_sources

        with open_airflow_rooms() as rooms:
            return [source.name for source in enabled_sources(rooms)]

    @task(
        max_active_tis_per_dag=4, execution_timeout=timedelta(minutes=15), map_index_template="{{ source }}"
    )
    def crawl(name: str) -> int:
        from airflow.sdk import get_current_context

        from dags.rooms import open_airflow_rooms
        from pipeline.jobs.collect import collect_source

        get_current_context()["source"] = name  # type: ignore[typeddict-unknown-key]
        with open_airflow_rooms() as rooms:
            return collect_source(rooms, name).new

    @task(outlets=[RAW], trigger_rule="all_done")
    def announce() -> int:
        from dags.rooms import open_airflow_rooms
        from pipeline.jobs.collect import waiting_parts

        with open_airflow_rooms() as rooms:
            return len(waiting_parts(rooms))

    crawl.expand(name=discover()) >> announce()


collect_dag = collect()

if __name__ == "__main__":
    collect_dag.test()
