"""分析：有新的原始分片就清洗、脱敏、分类、归并事件、判断预警；一批记录一个事务。

### 值班要点
- 失败时状态库不变，重跑即可，不会重复计数，也不会重复预警。
- 读不懂的记录进入隔离区，不影响其余记录。
"""

from datetime import timedelta

import pendulum
from airflow.sdk import dag, task

from dags.assets import EVENTS, RAW


@dag(
    dag_id="qianshao_analyse",
    schedule=[RAW],
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["qianshao", "analyse"],
    default_args={"owner": "data", "retries": 2, "retry_delay": timedelta(minutes=1)},
)
def analyse() -> None:
    """One task: the order of posts matters for events, so the work is one transaction a batch."""

    @task(outlets=[EVENTS])
    def analyse_parts() -> dict[str, int]:
        from dags.rooms import open_airflow_rooms
        from pipeline.jobs.analyse import analyse_waiting

        with open_airflow_rooms() as rooms:
            report = analyse_waiting(rooms)
        return {"posts": report.posts, "events": report.events, "alerts": report.alerts}

    analyse_parts()


analyse_dag = analyse()

if __name__ == "__main__":
    analyse_dag.test()
