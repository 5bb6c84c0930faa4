"""报告：每十分钟看一次，到了当前模式规定的时刻就把日报、周报、快报发给 reports.yml 里的值班组。

### 值班要点
- 发过的不会再发：同一期报告给同一个组只有一个 Message-ID，发出后记在状态库。
- 邮件服务器不通：任务失败并重试，恢复后补发当天的。
- 补发或另存：`qianshao report daily --date 2026-07-08 --mail`。
"""

from datetime import timedelta

import pendulum
from airflow.sdk import dag, task


@dag(
    dag_id="qianshao_report",
    schedule="*/10 * * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="Asia/Shanghai"),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["qianshao", "report"],
    default_args={"owner": "data", "retries": 3, "retry_delay": timedelta(minutes=2)},
)
def report() -> None:
    """One task: what is due is known from the state."""

    @task
    def send_reports() -> int:
        from dags.rooms import open_airflow_rooms
        from pipeline.jobs.report import send_due_reports

        with open_airflow_rooms() as rooms:
            return len(send_due_reports(rooms, pendulum.now("Asia/Shanghai")).sent)

    send_reports()


report_dag = report()

if __name__ == "__main__":
    report_dag.test()
