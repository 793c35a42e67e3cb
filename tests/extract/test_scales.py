"""Values on a scale are read as a person would, and where a person could not tell, they are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdcrawl.extract.doubts import Doubt
from tdcrawl.extract.scales import Scaled, read_number, read_scaled
from tdcrawl.outcomes import ValidateReason


@pytest.mark.parametrize(
    ("text", "value", "best"),
    [
        ("4.5 out of 5", 4.5, 5),
        ("8/10", 8, 10),
        ("0/10", 0, 10),
        ("80/100", 80, 100),
        ("5,0 de 5 estrellas", 5, 5),
        ("4,5 von 5 Sternen", 4.5, 5),
        ("Rated 3 out of 5", 3, 5),
        ("80%", 80, 100),
        ("width: 87,5 %;", 87.5, 100),
        ("★★★★☆", 4, 5),
        ("★★★½☆", 3.5, 5),
        ("⭐⭐⭐", 3, 5),
        ("4 stars", 4, 5),
        ("4,5", 4.5, 5),
        ("4.500", 4.5, 5),
        ("star-4", 4, 5),
        ("٤٫٥", 4.5, 5),
    ],
)
def test_value_and_scale_are_read_when_the_text_alone_tells(text: str, value: float, best: float) -> None:
    assert read_scaled(text, None, None, None) == Scaled(value, best)


def test_the_nearest_scale_counts_when_several_are_known() -> None:
    assert read_scaled("8/10", 5, None, 100).best == 10
    assert read_scaled("8", 20, None, 100).best == 20
    assert read_scaled("8", None, None, 100).best == 100


@pytest.mark.parametrize(
    ("text", "best", "worst", "reason"),
    [
        ("80", None, None, ValidateReason.AMBIGUOUS_SCALE),
        ("0.5", None, None, ValidateReason.AMBIGUOUS_SCALE),
        ("0", None, 0, ValidateReason.AMBIGUOUS_SCALE),
        ("0", None, None, ValidateReason.OUT_OF_RANGE),
        ("0", 5, None, ValidateReason.OUT_OF_RANGE),
        ("0.0 stars", 10, None, ValidateReason.OUT_OF_RANGE),
        ("0", 5, 0.5, ValidateReason.OUT_OF_RANGE),
        ("-2", 1, -1, ValidateReason.OUT_OF_RANGE),
        ("-1/5", 5, -5, ValidateReason.OUT_OF_RANGE),
        ("19.99", 5, None, ValidateReason.OUT_OF_RANGE),
        ("$4.99", None, None, ValidateReason.OUT_OF_RANGE),
        ("11/10", None, None, ValidateReason.OUT_OF_RANGE),
        ("1/0", None, None, ValidateReason.OUT_OF_RANGE),
        ("-1", None, None, ValidateReason.OUT_OF_RANGE),
        ("\N{MINUS SIGN}1", 5, None, ValidateReason.OUT_OF_RANGE),
        ("0", 5, 1, ValidateReason.OUT_OF_RANGE),
        ("1", 1, 1, ValidateReason.OUT_OF_RANGE),
        ("3", float("inf"), None, ValidateReason.OUT_OF_RANGE),
        ("great", 5, None, ValidateReason.WRONG_TYPE),
        ("4.5 (123 reviews)", 5, None, ValidateReason.WRONG_TYPE),
        ("4 1/2", 5, None, ValidateReason.WRONG_TYPE),
        ("4½", 5, None, ValidateReason.WRONG_TYPE),
        ("☆☆☆☆☆", 5, None, ValidateReason.WRONG_TYPE),
        ("4" * 500, 5, None, ValidateReason.WRONG_TYPE),
    ],
)
def test_the_reason_is_given_when_a_value_cannot_be_believed(
    text: str, best: float | None, worst: float | None, reason: ValidateReason
) -> None:
    with pytest.raises(Doubt) as doubt:
        read_scaled(text, best, worst, None)
    assert doubt.value.reason is reason


@pytest.mark.parametrize(
    ("text", "best", "worst", "stars"),
    [
        ("0/10", None, None, 1),
        ("0%", 5, 1, 1),
        ("0", 5, 0, 1),
        ("2.5", 5, 0, 2.5),
        ("5", 10, 1, 2.5),
        ("-1", 1, -1, 1),
        ("0", 1, -1, 3),
        ("1", 1, -1, 5),
        ("0", 5, -5, 3),
        ("-5", -1, -5, 1),
    ],
)
def test_a_value_becomes_stars_when_its_scale_begins_at_or_below_zero(
    text: str, best: float | None, worst: float | None, stars: float
) -> None:
    assert read_scaled(text, best, worst, None).stars() == stars


@given(st.text(max_size=60) | st.floats(-9, 99).map(str), st.none() | st.floats(1, 100), st.none() | st.floats(-9, 1))
def test_a_value_lies_on_its_scale_when_one_is_read(text: str, best: float | None, worst: float | None) -> None:
    try:
        scaled = read_scaled(text, best, worst, None)
    except Doubt:
        return
    assert scaled.worst <= scaled.value <= scaled.best
    assert 1 <= scaled.stars() <= 5


def test_a_number_is_refused_when_it_is_not_the_only_one() -> None:
    assert read_number("best: 10") == 10
    with pytest.raises(Doubt, match="is no number"):
        read_number("1-5")
