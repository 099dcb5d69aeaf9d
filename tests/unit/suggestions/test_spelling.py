"""A slip of the pen is told from a word that is right, and only slips are forbidden."""

from __future__ import annotations

import pytest

from assay.project.suggestions.meanings import are_apart
from assay.project.suggestions.spelling import near_pairs, variants_of

SLIPS = {
    "Chicago": "Chcago",
    "refund": "refnud",
    "pending": "pendnig",
    "Houston": "Huoston",
    "Take Out": "TakexOut",
}

RIGHT = {
    "opposites": "Very_satisfied/Very_unsatisfied favorably/unfavorably Legal/Illegal "
    "Hypertension/Hypotension Internal_use/External_use harmless/harmful satisfait/insatisfait "
    "favorevole/sfavorevole tevreden/ontevreden zadowolony/niezadowolony доволен/недоволен "
    "zufrieden/unzufrieden viktigt/oviktigt sammála/ósammála σαφές/ασαφές सहमत/असहमत "
    "Employed/Unemployed Above_average/Below_average",
    "countries and states": "Australia/Austria Ireland/Iceland Iraq/Iran South_Korea/North_Korea "
    "Slovenia/Slovakia Mauritius/Mauritania North_Carolina/South_Carolina Zambia/Gambia",
    "dates, ordinals, sizes": "01-Mar-2024/01-May-2024 1._Juni/1._Juli junio/julio июнь/июль "
    "Phase_II/Phase_III 1st/2nd Q1_2024/Q2_2024 room_1/room_2 Cola_330_ml/Cola_500_ml CA/GA",
    "signs and scripts": "Good+/Good- 山东省济南市/山东省济宁市",
}

PERHAPS = {
    "towns": "Siegen/Singen Hamburg/Homburg Stratford/Stretford Lahr/Lehr Münster/Munster",
    "names": "Stephen/Stephan Philip/Phillip Matthew/Mathew Sarah/Sara Anderson/Andersen",
    "words": "Trial/Trail Casual/Causal Hotel/Hotels Alumno/Alumna Lisbon/Lisbun",
}


def column(pairs: str, rare: int = 2) -> dict[str, int]:
    """Values with their rows: of each pair the first one in 400 and the second in few."""
    both = [pair.replace("_", " ").split("/") for pair in pairs.split()]
    return {common: 400 for common, _ in both} | {other: rare for _, other in both}


@pytest.mark.parametrize("place", range(len(SLIPS)))
def test_a_slip_is_sure_by_its_letters(place: int) -> None:
    """Even where it is the only one, and it is told with its common value and both counts."""
    common, slip = list(SLIPS.items())[place]
    (pair,) = near_pairs({common: 500, "Boston": 300, slip: 1})

    assert (pair.rare, pair.rows, pair.common, pair.common_rows) == (slip, 1, common, 500)
    assert pair.sure


@pytest.mark.parametrize("name", RIGHT)
def test_what_means_another_thing_is_not_told(name: str) -> None:
    """However alike it is, and however rare."""
    assert near_pairs(column(RIGHT[name], rare=1)) == []


@pytest.mark.parametrize("name", PERHAPS)
def test_what_may_be_right_is_told_and_never_sure(name: str) -> None:
    """Its letters are those of words."""
    values = column(PERHAPS[name])
    pairs = near_pairs(values)

    assert {pair.rare for pair in pairs} == {value for value, rows in values.items() if rows == 2}
    assert not [pair for pair in pairs if pair.sure]


def test_in_a_careless_column_likely_letters_may_be_slips_too() -> None:
    """Four words with letters struck out, and one of which the letters alone say little."""
    alone = {"satisfied": 300, "satisfid": 1}
    slips = dict.fromkeys(("Chcago", "Huoston", "Phildelphia", "refnud"), 1)
    common = dict.fromkeys(("Chicago", "Houston", "Philadelphia", "refund"), 300)

    assert [pair.sure for pair in near_pairs(alone)] == [False]
    assert all(pair.sure for pair in near_pairs(alone | slips | common))


def test_a_word_that_many_values_share_is_known_there() -> None:
    """What is near it, in one value alone, is a slip though its letters alone say too little."""
    alone = {"Acme Financial": 8, "Acme Fenancial": 1}
    shared = {f"{chr(97 + place)}x Financial": 1 for place in range(26)} | {"Financial": 9}
    more = {f"y{chr(97 + place)} Financial": 1 for place in range(4)}

    assert [pair.sure for pair in near_pairs(alone)] == [False]
    assert [pair.sure for pair in near_pairs(alone | shared | more)] == [True]


def test_opposites_are_known_by_what_stands_before_or_behind() -> None:
    """And no slip is one."""
    assert are_apart("hypertension", "hypotension")
    assert are_apart("mars", "mai")
    assert not are_apart("chcago", "chicago")


def test_variants_differ_in_case_blanks_and_stops() -> None:
    """The commonest one is none."""
    assert variants_of({"Vienna": 9, "VIENNA ": 1, "Bergen": 1}) == {"VIENNA "}
