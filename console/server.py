"""Serving the page: waitress, a few threads, nothing else."""

from waitress import create_server
from waitress.server import BaseWSGIServer, MultiSocketServer

from console.app import LONGEST_FORM, Console
from pipeline.rooms import Rooms
from schemas.errors import ReadError, Where

THREADS = 4


def open_server(rooms: Rooms, bind: str) -> BaseWSGIServer | MultiSocketServer:
    """A server that listens on `host:port` and answers once it is told to `run`. Raises ReadError."""
    host, _, port = bind.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise ReadError(Where("qianshao console"), "--bind", bind, "127.0.0.1:8091 一类的地址和端口")
    try:
        return create_server(
            Console(rooms),
            host=host.strip("[]"),
            port=int(port),
            threads=THREADS,
            ident=None,
            max_request_body_size=2 * LONGEST_FORM,
            channel_timeout=30,
            clear_untrusted_proxy_headers=True,
        )
    except OSError as error:
        allowed = f"没有被占用的地址和端口（{error.strerror or error}）"
        raise ReadError(Where("qianshao console"), "--bind", bind, allowed) from error
