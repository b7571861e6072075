"""A server process of the testbed: `python -m sim.testbed.serve host|app`, its setup pickled on standard input.

It prints its port as JSON, serves on loopback until standard input closes, and dies with its parent in any case.
"""

import asyncio
import gc
import json
import os
import pickle
import signal
import socket
import sys
import threading
from typing import Any

import uvicorn

from sim.testbed.compress import precise_loop
from sim.testbed.guard import die_with_parent


def main() -> None:
    """Read the setup, serve, and leave when the parent lets go."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    role = sys.argv[1]
    port, setup = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    # the protocol is named so that asyncio switches Nagle off: without it answers wait 40 ms for an acknowledgement
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    with asyncio.Runner(loop_factory=precise_loop) as runner:
        runner.run(_serve(role, setup, listening))


async def _serve(role: str, setup: Any, listening: socket.socket) -> None:
    server: Any
    if role == "host":
        from sim.testbed.host import HostApp

        server = HostApp(setup)
    else:
        from sim.testbed.app import AppServer

        server = AppServer(setup)
    await server.open()
    config = uvicorn.Config(
        server.asgi,
        loop="none",
        http="httptools",
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=120,
    )
    gc.collect()
    gc.freeze()  # what was loaded to start shall not be looked through again in the middle of a request
    listening.listen(2048)
    print(json.dumps({"port": listening.getsockname()[1]}), flush=True)
    try:
        await uvicorn.Server(config).serve([listening])
    finally:
        await server.close()


def _leave_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
