"""Numbers against Python's exact decimals, and the texts of their faults."""

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stator.errors import Family, ValidationException
from stator.values.number import add, normalise, number_bytes, subtract, to_decimal

NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
TOO_PRECISE = "Attempting to store more than 38 significant digits in a Number"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"

NINES = "9" * 38


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Any number in precision and range, canonical."""
    digits = draw(st.from_regex(r"[1-9][0-9]{0,37}", fullmatch=True))
    magnitude = draw(st.integers(-130, 125) | st.integers(-3, 3))
    sign = draw(st.sampled_from(["", "-"]))
    return normalise(f"{sign}{digits[0]}.{digits[1:]}e{magnitude}")


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("+0.00", "0"),
        ("0.0e126", "0"),
        ("0e125", "0"),
        ("0e-130", "0"),
        ("42", "42"),
        ("00042", "42"),
        ("+5", "5"),
        ("-5", "-5"),
        ("-007.50", "-7.5"),
        ("5.", "5"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("1.0", "1"),
        ("3.1400", "3.14"),
        ("1.5E2", "150"),
        ("1E+2", "100"),
        ("1e-003", "0.001"),
        ("1e" + "0" * 5000 + "2", "100"),
        ("123e-2", "1.23"),
        ("-120e-2", "-1.2"),
        ("0.000001", "0.000001"),
        ("1e125", "1" + "0" * 125),
        ("1e-130", "0." + "0" * 129 + "1"),
        ("9." + "9" * 37 + "E+125", NINES + "0" * 88),
        ("-9." + "9" * 37 + "E+125", "-" + NINES + "0" * 88),
        (NINES, NINES),
        (NINES + "000", NINES + "000"),
        ("0." + NINES, "0." + NINES),
        ("0" * 5000 + "1" + "0" * 100, "1" + "0" * 100),
        ("0." + "0" * 200 + "1e201", "1"),
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    assert normalise(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        *("a", " 1", "1 ", "1\n", "1_0", "0x1", "NaN", "Infinity", "-", "+", ".", "e5", "+e2", "1e", "1e+", "1.2.3"),
        *("++5", "1+2", "1e1.5", "--1", "\u0663", "1\u0663", "1,5", "\x00"),
    ],
)
def test_not_a_number(text: str) -> None:
    with pytest.raises(ValidationException) as caught:
        normalise(text)
    assert caught.value.message == f"{NOT_NUMERIC}: {text}"
    assert caught.value.family is Family.BARE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", NOT_NUMERIC),
        ("1" * 39, TOO_PRECISE),
        ("-1." + "1" * 38, TOO_PRECISE),
        ("1" * 39 + "e200", TOO_PRECISE),
        ("1e126", OVERFLOW),
        ("-1e126", OVERFLOW),
        ("10e125", OVERFLOW),
        ("1" + "0" * 126, OVERFLOW),
        ("1e99999999999999999999", OVERFLOW),
        ("0e126", OVERFLOW),
        ("1e-131", UNDERFLOW),
        ("-1e-131", UNDERFLOW),
        ("0.1e-130", UNDERFLOW),
        ("1e-99999999999999999999", UNDERFLOW),
        ("0e-131", UNDERFLOW),
    ],
)
def test_out_of_precision_or_range(text: str, message: str) -> None:
    with pytest.raises(ValidationException) as caught:
        normalise(text)
    assert caught.value.message == message


def test_a_very_long_text_takes_linear_time() -> None:
    with pytest.raises(ValidationException):
        normalise("1" * 2_000_000 + "x")
    assert normalise("0" * 2_000_000 + "7") == "7"


@given(numbers())
def test_canonical_text_is_a_fixed_point_and_plain(text: str) -> None:
    assert normalise(text) == text
    assert format(to_decimal(text), "f") == text


@given(st.from_regex(r"[+-]?([0-9]{1,19}(\.[0-9]{0,19})?|\.[0-9]{1,19})([eE][+-]?0?[0-9]{1,2})?", fullmatch=True))
@example("0.50")
@example("-0.0")
@example("10.0")
@example("-00.10")
def test_any_spelling_keeps_its_value_and_becomes_canonical(text: str) -> None:
    canonical = normalise(text)
    assert Decimal(canonical) == Decimal(text)
    assert re.fullmatch(r"0|-?([1-9][0-9]*|0(?=\.))(\.[0-9]*[1-9])?", canonical)


@pytest.mark.parametrize(
    ("a", "b", "total"),
    [
        ("1", "2", "3"),
        ("1", "-1", "0"),
        ("0.1", "0.2", "0.3"),
        ("0.5", "0.5", "1"),
        ("1" + "0" * 125, "0", "1" + "0" * 125),
        ("-1.5", "1.5", "0"),
        (NINES[1:], "1", "1" + "0" * 37),
        (NINES, "1", "1" + "0" * 38),
        ("0." + "9" * 38, "0." + "0" * 37 + "1", "1"),
    ],
)
def test_sums(a: str, b: str, total: str) -> None:
    assert add(a, b) == total
    assert add(b, a) == total


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (NINES + "0" * 88, "1" + "0" * 125),
        ("1" + "0" * 38, "1"),
        ("1", "0." + "0" * 37 + "1"),
        ("1" + "0" * 125, "0." + "0" * 129 + "1"),
    ],
)
def test_a_sum_beyond_precision_or_range_overflows(a: str, b: str) -> None:
    with pytest.raises(ValidationException) as caught:
        add(a, b)
    assert caught.value.message == OVERFLOW
    assert caught.value.family is Family.BARE


def test_a_difference_can_underflow() -> None:
    a, b = normalise("1.1e-130"), normalise("1e-130")
    with pytest.raises(ValidationException) as caught:
        subtract(a, b)
    assert caught.value.message == UNDERFLOW


@given(numbers(), numbers())
def test_arithmetic_is_exact_or_refused(a: str, b: str) -> None:
    x, y = to_decimal(a).as_integer_ratio(), to_decimal(b).as_integer_ratio()
    for operation, sign in ((add, 1), (subtract, -1)):
        exact = Fraction(*x) + sign * Fraction(*y)
        if fits(exact):
            result = operation(a, b)
            assert Fraction(*to_decimal(result).as_integer_ratio()) == exact
            assert normalise(result) == result
        else:
            with pytest.raises(ValidationException, match=r"^Number (over|under)flow\."):
                operation(a, b)


def fits(value: Fraction) -> bool:
    """Whether a sum of two numbers is itself one."""
    unscaled = abs(value) * 10**167  # the last digit of the smallest number of 38 digits
    digits = str(unscaled.numerator)
    return value == 0 or (len(digits.rstrip("0")) <= 38 and -130 <= len(digits) - 1 - 167 <= 125)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 1),
        ("1", 2),
        ("10", 2),
        ("42", 2),
        ("-42", 3),
        ("123", 3),
        ("1000000", 2),
        ("1001", 3),
        ("1" + "0" * 125, 2),
        ("0.0000001", 2),
        ("-0.0000001", 3),
        ("0.123", 3),
        ("1.5", 3),
        ("100.5", 4),
        ("-100.05", 5),
        ("1234567" + "0" * 119, 5),
        (NINES, 20),
        ("1" * 19 + "." + "1" * 19, 21),
    ],
)
def test_size(text: str, size: int) -> None:
    assert number_bytes(text) == size


@given(numbers())
def test_a_minus_sign_costs_a_byte(text: str) -> None:
    positive = text.lstrip("-")
    assert number_bytes("-" + positive) == number_bytes(positive) + 1
