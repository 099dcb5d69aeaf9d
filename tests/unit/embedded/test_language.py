"""English is told from other languages in short texts."""

import pytest

from assay.providers.local.models.language import EnglishDetector


@pytest.fixture(scope="module")
def detector():
    """A detector that knows a handful of words of feeling."""
    return EnglishDetector({"great", "terrible", "awful", "slow", "phone"})


@pytest.mark.parametrize(
    "text",
    ["Awful!", "great phone", "The lift has been out of order since Tuesday.", "Not slow at all"],
)
def test_english_is_recognised(detector, text):
    """One or two known words are enough."""
    assert detector.is_english(text)


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
def test_everything_else_is_not(detector, text):
    """Other languages and texts without words are never taken for English."""
    assert not detector.is_english(text)
