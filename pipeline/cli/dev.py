"""`qianshao dev`: the whole deployment as plain processes on one machine, for development."""

from typing import TYPE_CHECKING

import typer

from pipeline.cli.screen import Exit, print_table, say

if TYPE_CHECKING:
    from pipeline.dev.stack import Stack

group = typer.Typer(help="开发用的全套部署：普通进程，不用容器。", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(group, name="dev")


@group.command("up", context_settings={"allow_interspersed_args": False})
def start_parts(
    command: list[str] = typer.Argument(None, help="-- 之后的命令在这套部署里跑，跑完即停；不给则一直开着"),
    folder: str = typer.Option("var/dev", "--dir", help="数据目录；停了再开，数据还在"),
    only: list[str] = typer.Option(
        [], "--only", help="只开这个部件，可写几次：elasticsearch postgresql mailbox kibana console airflow"
    ),
    kibana: str = typer.Option("", "--kibana", help="解开的 Kibana 安装包的目录"),
) -> None:
    """开 Elasticsearch、PostgreSQL、试用邮箱、值班页、Airflow（给了目录还有 Kibana），并写好它们的设置。"""
    import signal
    from pathlib import Path

    from pipeline.dev.service import PartMissingError
    from pipeline.dev.stack import start_stack

    # Asked to end, it stops what it started, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    home = Path(kibana) if kibana else None
    try:
        with start_stack(Path(folder), only, home, lambda name: say(f"启动 {name} …")) as stack:
            print_table("前哨开发部署", stack.rows())
            code = _follow(stack, command or [])
    except PartMissingError as error:
        say(str(error))
        code = Exit.FAILED
    except KeyboardInterrupt:
        say("已停下，数据还在。")
        code = Exit.OK
    raise typer.Exit(code)


def _follow(stack: "Stack", command: list[str]) -> int:
    """Run the command and return its exit code; without one wait until somebody says stop."""
    import signal
    import subprocess

    from pipeline.dev.stack import command_environment

    if command:
        return subprocess.run(command, env=command_environment(stack), check=False).returncode
    ((name, value),) = stack.variables.items()
    say(f"另开一个终端：export {name}={value}，然后 qianshao doctor。Ctrl-C 停下。")
    while True:
        signal.pause()
