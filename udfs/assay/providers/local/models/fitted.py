"""What was fitted to the vectors of each model: thresholds, temperatures, lines of confidence."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Fitted:
    """All numbers that depend on how near the vectors of a model are to each other.

    A line is slopes and, last, a constant; its sigmoid is a chance.
    """

    names_temperature: float
    """Scores by names and descriptions, which are cosines, are divided by it."""
    examples_temperature: float
    """Scores of the discriminant are divided by it."""
    names_line: tuple[float, float, float]
    """Confidence without examples: per log odds of the softmax, per nearness, constant."""
    examples_line: tuple[float, float, float, float]
    """Confidence with examples: per log odds, the same for a single example a label, for a single
    example a label, constant."""
    unsure: tuple[float, float]
    """Of one label it is not sure enough below so much confidence, without examples and with a
    great many; never above three times the chance of a guess."""
    leaning: float
    taught_leaning: float
    """What a question gains for a label of questions and loses for one of opinions, on the scale
    of the scores without and with examples; a text without a question the other way round."""
    names_share: float
    """How much names and descriptions speak beside a single example a label."""
    spelling_share: float
    """How much the spelling of examples speaks beside the discriminant, on its scale."""
    typical_precision: float
    """Inverse of the mean variance within a label, for when one example a label shows none."""
    far: float
    far_from_examples: float
    floor: float
    floor_of_described: float
    """A text is far from k labels when the nearest cosine is below `far` times (ln k) squared, but
    at least the floor: the best of many is high by chance alone."""
    alike: float
    """A text is what the fallback label is described or shown to be from this cosine on."""
    many_by_name: tuple[float, float]
    many_by_example: tuple[float, float]
    """With several labels the chance of each is a sigmoid of (centre, steepness): of its cosine
    where there is no example, of the ridge score otherwise."""
    topic_line: tuple[float, float, float, float]
    """Chance of yes in (how unusual the nearness is, in standard deviations; the nearness itself;
    the share of the topic's words that are said), constant."""
    feeling_line: tuple[float, float, float, float, float, float]
    """Log odds of a good feeling: per feeling of the words, per lead of good over bad examples;
    of a neutral text: per size of that feeling, per likeness with neutral examples, for a
    question, constant."""
    taught_topic: tuple[float, float, float]
    """Chance of yes with examples: per lead of yes over no, the same for each further example of
    an answer, constant, which says that few texts are a yes."""


# On banking77, clinc150, bitext (category and intent), snips; see docs/quality.md.
WORDLLAMA = Fitted(
    names_temperature=0.06,
    examples_temperature=8.0,
    names_line=(0.58, 2.21, -1.28),
    examples_line=(0.62, -0.42, -1.28, -0.42),
    unsure=(0.20, 0.33),
    leaning=0.12,
    taught_leaning=8.0,
    names_share=0.5,
    spelling_share=48.0,
    typical_precision=350.0,
    far=0.010,
    far_from_examples=0.0125,
    floor=0.06,
    floor_of_described=0.04,
    alike=0.55,
    many_by_name=(0.12, 12.0),
    many_by_example=(0.40, 8.0),
    topic_line=(0.22, 6.2, 1.5, -3.5),
    feeling_line=(1.87, 0.52, -0.74, 0.82, 1.0, -0.09),
    taught_topic=(0.05, 0.0025, -2.0),
)
MINILM = replace(
    WORDLLAMA,
    names_line=(0.62, 3.49, -1.60),
    examples_line=(0.53, -0.05, -0.35, -0.79),
    feeling_line=(1.81, 0.67, -0.74, 0.9, 1.0, -0.12),
)
