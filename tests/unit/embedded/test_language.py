"""English is told from other languages in short texts."""

import pytest

from assay.providers.local.models.language import is_english, language


@pytest.mark.parametrize(
    "text",
    [
        "Awful!",
        "great phone",
        "The lift has been out of order since Tuesday.",
        "Not slow at all",
        "how do i chek the staus of my refnd",
    ],
)
def test_english_is_recognised(text):
    """One or two known words are enough, and slips of the pen do not matter."""
    assert is_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Der Aufzug ist seit Dienstag kaputt.",
        "L'ascenseur est en panne",
        "El ascensor no funciona",
        "Lift sudah rusak sejak hari Selasa",
        "Лифт не работает",
        "电梯坏了",
        "المصعد معطل",
        "",
        "1234",
    ],
)
def test_everything_else_is_not(text):
    """Other languages and texts without words are never taken for English."""
    assert not is_english(text)


def test_a_language_has_two_letters():
    """Those of ISO 639."""
    assert language("Wo bleibt mein Paket, das ich vor zwei Wochen bestellt habe?") == "de"
