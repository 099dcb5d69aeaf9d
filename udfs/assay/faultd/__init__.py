"""faultd: a server of chats and vectors on loopback that plays faults and keeps the bill.

Read in this order: threads.py (how tests use it), service.py (request to play), scripts.py and
scenarios/ (what is played), ledger.py (what was paid), server.py (sockets). Batches have a desk of
their own: desk.py (routes), batches.py (what becomes of one), mishaps.py (what goes wrong).
"""

from .answers import Answer, answer
from .dialect import Dialect
from .dialects import ANY, DIALECTS
from .latency import Latency
from .ledger import Bill, Entry
from .scenarios.registry import SCENARIOS, UnknownScenarioError
from .threads import FaultServer, Sink, nobody

__all__ = [
    "ANY",
    "DIALECTS",
    "SCENARIOS",
    "Answer",
    "Bill",
    "Dialect",
    "Entry",
    "FaultServer",
    "Latency",
    "Sink",
    "UnknownScenarioError",
    "answer",
    "nobody",
]
