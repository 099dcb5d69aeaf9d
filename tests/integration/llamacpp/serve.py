"""llama.cpp's HTTP server on loopback with the model of a GGUF file; `scripts/llamacpp` runs it.

It runs in an environment in which xllamacpp is installed and Assay is not.
"""

import argparse
import signal
import sys
from pathlib import Path

import xllamacpp


def listening(given: argparse.Namespace) -> xllamacpp.Server:
    """Return the server once it can be asked; it says the same to the same request each time.

    Raises RuntimeError where the model cannot be loaded, or the port is taken.
    """
    params = xllamacpp.CommonParams()
    params.model.path, params.model_alias = str(given.model), {given.model.stem}
    params.hostnames, params.port = ["127.0.0.1"], given.port
    params.n_parallel, params.n_ctx = given.slots, given.context * given.slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = given.threads
    params.kv_unified = False  # each slot has its own context
    params.n_gpu_layers, params.use_jinja = 0, True
    params.sampling.temp = 0.0
    return xllamacpp.Server(params)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="llamacpp", description="A llama.cpp server.")
    parser.add_argument("--model", type=Path, required=True, help="GGUF file; given by the script")
    parser.add_argument("--port", type=int, default=8420, help="on 127.0.0.1 (8420)")
    parser.add_argument("--slots", type=int, default=2, help="requests answered at once (2)")
    parser.add_argument("--context", type=int, default=4096, help="tokens of a slot (4096)")
    parser.add_argument(
        "--threads", type=int, default=1, help="cores that are free for it (1); one more is slow"
    )
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    server = listening(given)
    sys.stdout.write(f"{given.model.stem} listens on {server.listening_address}/v1\n")
    sys.stdout.flush()
    signal.pause()  # until somebody ends it
