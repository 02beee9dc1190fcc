"""Serve a registered version over HTTP: MLflow's scoring server behind a request guard."""

import os
import socket
from collections.abc import Callable

from ganops.errors import ConfigurationError
from ganops.registry.checksums import fetch_version
from ganops.registry.request_guard import RequestGuard, find_most_bytes
from ganops.registry.versions import ModelAddress, find_version

_MOST_CONNECTIONS = 64


def serve(uri: str, host: str, port: int, log: Callable[[str], None]) -> None:
    """Serve a version until the process is interrupted.

    Args:
        uri: models:/NAME@ALIAS or models:/NAME/VERSION.
        host: address to listen on; 127.0.0.1 accepts this machine alone.
        port: 0 selects a free one.
        log: receives the message with the address, before the first response.

    Raises:
        RegistryError: there is no such version, or its files are not those that were registered.
        ConfigurationError: the address or the port cannot be used.
    """
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    import uvicorn
    from mlflow import MlflowClient, pyfunc
    from mlflow.pyfunc import scoring_server

    client = MlflowClient()
    version = find_version(client, ModelAddress.parse(uri))
    with fetch_version(client, version) as folder, _listen(host, port) as server_socket:
        model = pyfunc.load_model(str(folder), suppress_warnings=True)
        config = model.model_config
        most_bytes = find_most_bytes(int(config["largest_request"]), int(config["condition_bytes"]))
        app = RequestGuard(scoring_server.init(model), most_bytes)
        server = uvicorn.Config(app, log_level="warning", limit_concurrency=_MOST_CONNECTIONS)
        log(f"{uri} answers at http://{host}:{server_socket.getsockname()[1]}/invocations")
        uvicorn.Server(server).run(sockets=[server_socket])


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        raise ConfigurationError(
            "kedro serve",
            expected="an address of this machine and a free port",
            received=f"{host}:{port} ({error})",
            remedy="Choose another --port, or --host 127.0.0.1.",
        ) from None
