"""What the rest must know of the embedded provider."""

from __future__ import annotations

from assay.core.traits import Traits
from assay.providers.local.judges import KINDS

LOCAL_MODEL = "assay-local-2"
MINILM_MODEL = "assay-minilm-1"
"""Name the embedded models in keys and envelopes; raised when their answers change."""

TRAITS = Traits(
    name="local",
    about="embedded, no key, no network",
    caution="good for trying out, see docs/quality.md",
    host="embedded",
    model=LOCAL_MODEL,
    models={"minilm": MINILM_MODEL},
    free=True,
    can=KINDS,
    vectors={"wordllama": 256, "minilm": 384},
    package="wordllama",
)
