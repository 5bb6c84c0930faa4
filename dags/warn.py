"""预警：把判定的预警发给值班组并记入发送日志，再把变化写入 Elasticsearch。

### 值班要点
- 邮件服务器或 Elasticsearch 不通：任务失败并重试，状态都在库里，恢复后补发补写，不会丢也不会重复。
- 同一预警的同一版本只有一个 Message-ID；升级是同一邮件会话里的新版本。
- 没有新记录也每两分钟跑一次：逾期未签收的转副班、报上一级，到点的“稍后再报”再发，夜里压下的早上发。
"""

from datetime import timedelta

import pendulum
from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from dags.assets import EVENTS


@dag(
    dag_id="qianshao_warn",
    # Red waits five minutes for an answer, so somebody has to look at the clock more often than that.
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/2 * * * *", timezone="Asia/Shanghai"), assets=[EVENTS]
    ),
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["qianshao", "warn"],
    default_args={"owner": "data", "retries": 5, "retry_delay": timedelta(minutes=1)},
)
def warn() -> None:
    """Sending and indexing do not wait for one another: a mail must not wait for a search engine."""

    @task
    def send_alerts() -> int:
        from dags.rooms import open_airflow_rooms
        from pipeline.jobs.warn import warn_duty_groups

        with open_airflow_rooms() as rooms:
            return warn_duty_groups(rooms).sent

    @task
    def index_changes() -> int:
        from dags.rooms import open_airflow_rooms
        from pipeline.jobs.index import index_changed

        with open_airflow_rooms() as rooms:
            return index_changed(rooms).indexed

    send_alerts()
    index_changes()


warn_dag = warn()

if __name__ == "__main__":
    warn_dag.test()
