"""The `qianshao` program: gathers the command groups and turns known errors into one clear line."""

import logging
import os
import sys

import typer

from pipeline.cli import (
    alerts,
    checks,
    demo,
    dev,
    index,
    jobs,
    kibana,
    models,
    modes,
    report,
    search,
    text,
    tickets,
    words,
)
from pipeline.cli.screen import Exit, messages
from schemas.errors import ReadError
from stores.errors import StoreRefusedError, StoreUnavailable

app = typer.Typer(
    name="qianshao",
    help="前哨：面向社区、街道、区县的舆情与突发事件预警系统。",
    no_args_is_help=True,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
for group in (
    demo,
    jobs,
    alerts,
    modes,
    report,
    text,
    models,
    words,
    checks,
    index,
    kibana,
    search,
    dev,
    tickets,
):
    group.register(app)


@app.callback()
def configure(verbose: bool = typer.Option(False, "--verbose", "-v", help="显示详细日志")) -> None:
    """前哨：公开帖文和热线工单进来，有人负责的预警邮件出去。"""
    level = logging.DEBUG if verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def run_cli() -> None:
    """The console entry point: exit 0 ok, 1 failed, 2 wrong use, 3 done with records in quarantine."""
    try:
        app()
    except (ReadError, StoreUnavailable, StoreRefusedError) as error:
        messages.print(str(error), style="bold red", markup=False)
        sys.exit(Exit.FAILED)
    except BrokenPipeError:
        # The reader of our pipe has left (`| head`): not an error, but Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)


if __name__ == "__main__":
    run_cli()
