"""Ports of the loopback where nobody listens, and that nobody else is given while the tests run."""

import socket


def free_port() -> int:
    """Keep a port, on which whoever it was taken for may listen all the same.

    One that was given back would be free for everybody until its server has started, which takes seconds; others start
    servers meanwhile. It is kept until the process ends.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    port: int = kept.getsockname()[1]
    kept.detach()
    return port
