"""llama.cpp's HTTP server on loopback with a model of a GGUF file; `scripts/llamacpp` runs it.

It runs in an environment of its own, in which xllamacpp is installed and Assay is not.
"""

import argparse
import signal
from pathlib import Path

import xllamacpp


def server_of(given: argparse.Namespace) -> xllamacpp.Server:
    """The server, listening; it answers the same question with the same tokens each time.

    Raises RuntimeError where the model cannot be loaded, or the port is taken.
    """
    params = xllamacpp.CommonParams()
    params.model.path = str(given.model)
    params.model_alias = {given.model.stem}
    params.hostnames, params.port = ["127.0.0.1"], given.port
    params.n_parallel, params.kv_unified = given.slots, False
    params.n_ctx = given.context * given.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = given.threads
    params.n_gpu_layers, params.use_jinja = 0, True
    params.sampling.temp = 0.0
    return xllamacpp.Server(params)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="llamacpp", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="the GGUF file")
    parser.add_argument("--port", type=int, default=8420)
    parser.add_argument("--slots", type=int, default=2, help="requests answered at once")
    parser.add_argument("--context", type=int, default=4096, help="tokens of a request and reply")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    server = server_of(given)
    print(f"{given.model.stem} listens on {server.listening_address}/v1", flush=True)
    signal.pause()  # until it is killed
