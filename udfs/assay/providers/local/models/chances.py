"""The little arithmetic that several models share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds as chances."""
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -40, 40))))
