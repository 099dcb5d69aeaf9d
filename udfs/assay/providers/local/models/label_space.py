"""What is known about a set of labels, from names, descriptions and examples, as matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .embedder import Embedder, unit_rows
from .text import humanised

Floats = NDArray[np.float64]

# Shrinkage of the covariance of the examples towards a sphere: at least half, more while there
# are few examples. Chosen on banking77, clinc150, bitext and snips with 2, 5 and 20 a label.
_SHRINK_AT_LEAST = 0.5
_SHRINK_EXAMPLES = 600
# A name and a description make a label's vector with these shares; it counts as one example.
_NAME_SHARE = 0.45
_RIDGE = 1.0
_NO_VARIANCE = 1e-9


@dataclass(frozen=True, slots=True)
class LabelSpace:
    """Matrices over k labels: score = text @ slopes.T + offsets, nearness = text @ centres.T.

    `centres` (k, d) has rows of length 1; `counts` (k) is the number of examples of each label.
    Without examples slopes and centres are the same and scores are cosines.
    """

    slopes: Floats
    offsets: Floats
    centres: Floats
    counts: Floats

    def moved(self, by: Floats) -> LabelSpace:
        """The same with `by` (k) added to the scores."""
        return replace(self, offsets=self.offsets + by)

    def with_share_of(self, other: LabelSpace, share: float) -> LabelSpace:
        """The same with `share` times the scores of `other` added to the scores."""
        slopes = self.slopes + share * other.slopes
        return replace(self, slopes=slopes, offsets=self.offsets + share * other.offsets)


def label_vectors(embedder: Embedder, labels: Mapping[str, str | None]) -> Floats:
    """Unit vectors (k, d) of the labels' humanised names, mixed with their descriptions."""
    names = embedder.embed([humanised(name) for name in labels])
    described = embedder.embed([description or "" for description in labels.values()])
    has_description = described.any(axis=1, keepdims=True)
    mixed = np.where(has_description, _NAME_SHARE * names + (1 - _NAME_SHARE) * described, names)
    return unit_rows(mixed.astype(np.float32)).astype(np.float64)


def without_examples(vectors: Floats) -> LabelSpace:
    """The space in which each label is its own vector."""
    nothing = np.zeros(len(vectors))
    return LabelSpace(slopes=vectors, offsets=nothing, centres=vectors, counts=nothing)


def discriminant_space(
    vectors: Floats, texts: Floats, membership: Floats, typical_precision: float
) -> LabelSpace:
    """A shrunken linear discriminant for one label a text.

    `texts` (n, d) are example vectors, `membership` (n, k) is 1 where a text has the label.
    `typical_precision` stands for the inverse of the variance where the examples show none.
    """
    counts = membership.sum(axis=0)
    centroids = _centroids(vectors, texts, membership, counts)
    residuals = texts - membership @ _means(texts, membership, counts)
    precision = _precision(residuals, counts, typical_precision)
    slopes = centroids @ precision
    offsets = -0.5 * (slopes * centroids).sum(axis=1)
    return LabelSpace(slopes, offsets, _unit(centroids), counts)


def ridge_space(vectors: Floats, texts: Floats, membership: Floats) -> LabelSpace:
    """One ridge regression of membership for each label, for any number of labels a text."""
    counts = membership.sum(axis=0)
    base = (counts + 0.5) / (len(texts) + 1)
    mean = texts.mean(axis=0)
    centred = texts - mean
    kernel = centred @ centred.T + _RIDGE * np.eye(len(texts))
    slopes = np.linalg.solve(kernel, membership - base).T @ centred
    centroids = _centroids(vectors, texts, membership, counts)
    return LabelSpace(slopes, base - slopes @ mean, _unit(centroids), counts)


def membership_of(labels: Sequence[str], examples: Sequence[tuple[str, Sequence[str]]]) -> Floats:
    """The (n, k) matrix that is 1 where an example has a label."""
    columns = {label: column for column, label in enumerate(labels)}
    matrix = np.zeros((len(examples), len(labels)))
    for row, (_, chosen) in enumerate(examples):
        matrix[row, [columns[label] for label in chosen]] = 1.0
    return matrix


def _means(texts: Floats, membership: Floats, counts: Floats) -> Floats:
    return np.asarray(membership.T @ texts / np.maximum(counts, 1)[:, None])


def _centroids(vectors: Floats, texts: Floats, membership: Floats, counts: Floats) -> Floats:
    """Means of the examples and the label's own vector. A label without examples is moved by
    the usual way from a label's vector to its examples."""
    with_examples = counts > 0
    centroids = (membership.T @ texts + vectors) / (counts + 1)[:, None]
    usual = (centroids - vectors)[with_examples].sum(axis=0) / max(1, int(with_examples.sum()))
    centroids[~with_examples] += usual
    return np.asarray(centroids)


def _precision(residuals: Floats, counts: Floats, typical: float) -> Floats:
    """The inverse of the examples' shrunken covariance, scaled to mean variance 1."""
    freedom = len(residuals) - int(np.count_nonzero(counts))
    covariance = residuals.T @ residuals / max(freedom, 1)
    dimension = residuals.shape[1]
    variance = float(np.trace(covariance)) / dimension
    if freedom < 1 or variance < _NO_VARIANCE:
        return np.eye(dimension) * typical
    share = max(_SHRINK_AT_LEAST, _SHRINK_EXAMPLES / (_SHRINK_EXAMPLES + freedom))
    shrunken = (1 - share) * covariance / variance + share * np.eye(dimension)
    return np.asarray(np.linalg.inv(shrunken) / variance)


def _unit(rows: Floats) -> Floats:
    return unit_rows(rows.astype(np.float32)).astype(np.float64)
