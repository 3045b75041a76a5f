"""OpenStack Swift with its S3 API in one process: account, container, object and proxy server on loopback.

Run by `tests.servers.s3` and never imported: Swift patches the whole process it lives in. The objects stay in memory
(the server that Swift's own tests use), so the folder needs no extended attributes; accounts and containers are SQLite.
"""
# ruff: noqa: E402 - the order of the imports is what this script is about
# mypy: disable-error-code="import-untyped"

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # no server outlives its tests

import eventlet

eventlet.monkey_patch()

import sys
from pathlib import Path
from typing import Any

import eventlet.wsgi
from swift.account.server import AccountController
from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.storage_policy import reload_storage_policies
from swift.common.wsgi import SwiftHttpProtocol, loadapp
from swift.container.server import ContainerController
from swift.obj.mem_server import ObjectController

BACKENDS = {"account": AccountController, "container": ContainerController, "object": ObjectController}

SWIFT_CONF = """
[swift-hash]
swift_hash_path_suffix = only-for-tests
"""

PROXY_CONF = """
[DEFAULT]
swift_dir = {folder}

[pipeline:main]
pipeline = catch_errors gatekeeper listing_formats s3api tempauth slo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:gatekeeper]
use = egg:swift#gatekeeper

[filter:listing_formats]
use = egg:swift#listing_formats

[filter:s3api]
use = egg:swift#s3api
location = {region}

[filter:tempauth]
use = egg:swift#tempauth
user_{account}_{user} = {secret_key} .admin

[filter:slo]
use = egg:swift#slo
"""


class Silence:
    """Takes the access log that nobody reads."""

    def write(self, line: str) -> None:
        pass


def listen() -> Any:
    return eventlet.listen(("127.0.0.1", 0))


def serve(sock: Any, app: Any) -> None:
    eventlet.wsgi.server(
        sock,
        app,
        Silence(),
        protocol=SwiftHttpProtocol,
        capitalize_response_headers=False,  # S3 clients look for "ETag", not "Etag"
        url_length_limit=32 * 1024,
    )


def write_ring(folder: Path, name: str, port: int) -> None:
    """A ring of one device: everything of this kind lives behind this port."""
    address = {"ip": "127.0.0.1", "port": port, "replication_ip": "127.0.0.1", "replication_port": port}
    builder = RingBuilder(part_power=1, replicas=1, min_part_hours=0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "device": "disk", "weight": 1.0, "meta": "", **address})
    builder.rebalance(seed=1)
    builder.get_ring().save(str(folder / f"{name}.ring.gz"))


def main(folder: Path, access_key: str, secret_key: str, region: str) -> None:
    devices = folder / "devices"
    (devices / "disk").mkdir(parents=True)
    (folder / "swift.conf").write_text(SWIFT_CONF)
    utils.set_swift_dir(str(folder))
    reload_storage_policies()

    for name, controller in BACKENDS.items():
        sock = listen()
        write_ring(folder, name, sock.getsockname()[1])
        backend = controller({"devices": str(devices), "mount_check": "false", "swift_dir": str(folder)})
        eventlet.spawn(serve, sock, backend)

    account, user = access_key.split(":")
    conf = folder / "proxy-server.conf"
    conf.touch(mode=0o600)
    conf.write_text(PROXY_CONF.format(folder=folder, region=region, account=account, user=user, secret_key=secret_key))
    sock = listen()
    proxy = loadapp(str(conf))
    print(sock.getsockname()[1], flush=True)  # noqa: T201 - the line the launcher waits for
    serve(sock, proxy)


if __name__ == "__main__":
    main(Path(sys.argv[1]), os.environ["S3_ACCESS_KEY"], os.environ["S3_SECRET_KEY"], os.environ["S3_REGION"])
