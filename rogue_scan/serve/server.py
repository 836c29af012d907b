"""The process around the API: says where it listens, and ends in order when asked to."""

import signal
import socket

import click
import uvicorn

from rogue_scan.errors import UsageError
from rogue_scan.serve.app import Service
from rogue_scan.serve.desk import Desk


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                shown = f"[{host}]" if ":" in host else host
                click.echo(f"rogue-scan: listening on http://{shown}:{port}", err=True)


def serve(service: Service, desk: Desk, host: str, port: int, grace: float) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises UsageError where the address cannot be listened on."""
    server = _Server(
        uvicorn.Config(
            service.app(),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=200,
            h11_max_incomplete_event_size=16 << 10,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=max(1, int(grace)),
            lifespan="on",
            ws="none",
            http="h11",
        )
    )
    desk.stopping = lambda: server.should_exit
    # uvicorn raises the signal that ended it once more when it is done; by then it has had its effect.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run()
    except SystemExit:
        raise UsageError(f"cannot listen on {host}, port {port}") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if not server.started:
        raise UsageError(f"cannot listen on {host}, port {port}")
