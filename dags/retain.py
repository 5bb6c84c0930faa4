"""保存期：每天凌晨把过了保存期（retain_months）的月份从索引里删去，状态库不动。

### 值班要点
- 没有配置 Elasticsearch、或 retain_months 为 0：什么都不做，任务算成功。
- 未办结的预警和仍在发展的事件要用的月份留着，日志里写明哪个月、为什么。
- 先看会删什么：`qianshao index retain --dry-run`；删错了把 retain_months 调大再运行，从状态库找回。
"""

from datetime import timedelta

import pendulum
from airflow.sdk import CronTriggerTimetable, dag, task


@dag(
    dag_id="qianshao_retain",
    # At night, when nobody searches and little comes in.
    schedule=CronTriggerTimetable("20 4 * * *", timezone="Asia/Shanghai"),
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["qianshao", "retain"],
    default_args={"owner": "data", "retries": 3, "retry_delay": timedelta(minutes=10)},
)
def retain() -> None:
    """One task: what is past its time is known from the index and the state."""

    @task
    def drop_months() -> list[str]:
        from dags.rooms import open_airflow_rooms
        from pipeline.jobs.retain import retain_months

        with open_airflow_rooms() as rooms:
            if rooms.elastic is None:
                return ["没有配置 Elasticsearch，没有要删的"]
            return retain_months(rooms, pendulum.now("Asia/Shanghai")).lines()

    drop_months()


retain_dag = retain()

if __name__ == "__main__":
    retain_dag.test()
