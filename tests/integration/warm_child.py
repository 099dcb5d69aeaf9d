"""What commands of ours take for Python in a fork of `warm_server.py`: their dbt is a fork, too.

It stands for that one: lends it its outputs, hands on the signals that it gets, ends as it does.
A copy of it stands beside the door of the server.
"""

import json
import os
import signal
import socket
import sys

MOST_BYTES = 1 << 20
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Have `-m module arguments` run; all else is for Python itself."""
    if sys.argv[1] != "-m":
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])  # noqa: S606 - our own words
    _, module, *arguments = sys.argv[1:]
    outputs = f"/proc/{os.getpid()}/fd"
    wanted = {
        "module": module,
        "name": module,
        "arguments": arguments,
        "cwd": os.getcwd(),  # noqa: PTH109 - pathlib is slow to import
        "env": dict(os.environ),
        "out": f"{outputs}/1",
        "err": f"{outputs}/2",
    }
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(os.path.join(os.path.dirname(__file__), "door"))  # noqa: PTH118, PTH120
        server.send(json.dumps(wanted).encode())
        process_id = int(server.recv(MOST_BYTES))
        for number in SIGNALS:
            signal.signal(number, lambda told, _frame: os.kill(process_id, told))
        code = int(server.recv(MOST_BYTES))
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
