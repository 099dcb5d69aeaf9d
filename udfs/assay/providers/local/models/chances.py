"""The little arithmetic that several models share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds as chances."""
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -40, 40))))


def ridge(
    vectors: NDArray[np.float64], wanted: NDArray[np.float64], weight: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Slopes (d, k) and offset (k) that lead from `vectors` (n, d) to what is `wanted` (n, k)."""
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    residuals = wanted - wanted.mean(axis=0)
    rows, columns = centred.shape
    if rows < columns:
        kernel = centred @ centred.T + weight * np.eye(rows)
        slopes = centred.T @ np.linalg.solve(kernel, residuals)
    else:
        gram = centred.T @ centred + weight * np.eye(columns)
        slopes = np.linalg.solve(gram, centred.T @ residuals)
    return slopes, np.asarray(wanted.mean(axis=0) - mean @ slopes)
