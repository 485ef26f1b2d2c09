"""DynamoDB numbers: 38 significant digits, 1E-130 to 9.99E+125 either side of zero, and zero.

A canonical number is plain decimal text: no plus sign, no exponent, no leading or trailing zeros, `0` for every zero.
Two numbers are equal exactly when their canonical texts are.
"""

import re
from decimal import Context, Decimal

from stator.errors import ValidationException
from stator.limits import NUMBER_DIGITS_MAX, NUMBER_EXPONENT_MAX, NUMBER_EXPONENT_MIN

NOT_NUMERIC = "The parameter cannot be converted to a numeric value"
TOO_PRECISE = "Attempting to store more than 38 significant digits in a Number"
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"

# What most numbers look like as sent: canonical, with few enough digits to be surely in precision and range.
_CANONICAL = re.compile(r"0|-?(?:[1-9][0-9]{0,18}(?:\.[0-9]{0,17}[1-9])?|0\.[0-9]{0,17}[1-9])").fullmatch

# Possessive repeats: a 16 MB run of digits must not be matched twice.
_GRAMMAR = re.compile(r"([+-]?)([0-9]*+)(?:\.([0-9]*+))?(?:[eE]([+-]?)([0-9]++))?")

# Digits of an exponent that can still be compensated by the digits of the longest possible request.
_EXPONENT_DIGITS_MAX = 9

# From the last digit of 9.99E-130 (38 digits) to the first of 9.99E+125, and one more for a carry.
_EXACT = Context(prec=NUMBER_EXPONENT_MAX - NUMBER_EXPONENT_MIN + NUMBER_DIGITS_MAX + 1)


def normalise(text: str) -> str:
    """The canonical text of a number as sent by a client.

    Raises ValidationException when it is no number, too precise or out of range.
    """
    if len(text) <= NUMBER_DIGITS_MAX and text.isdigit() and text[0] != "0" and text.isascii():
        return text
    if _CANONICAL(text):
        return text
    match = _GRAMMAR.fullmatch(text)
    if match is None:
        raise ValidationException(f"{NOT_NUMERIC}: {text}")
    sign, whole, fraction, exponent_sign, exponent_digits = match.groups()
    fraction = fraction or ""
    digits = whole + fraction
    if not digits:
        raise ValidationException(f"{NOT_NUMERIC}: {text}" if text else NOT_NUMERIC)
    exponent = _exponent(exponent_sign, exponent_digits) if exponent_digits else 0
    return _canonical(sign == "-", digits, exponent - len(fraction))


def to_decimal(text: str) -> Decimal:
    """The exact value of a canonical number."""
    return Decimal(text)


def add(a: str, b: str) -> str:
    """The exact sum of two canonical numbers.

    Raises ValidationException when it takes more than 38 digits or leaves the range.
    """
    if len(a) < NUMBER_DIGITS_MAX and len(b) < NUMBER_DIGITS_MAX and "." not in a and "." not in b:
        return str(int(a) + int(b))
    return _result(_EXACT.add(Decimal(a), Decimal(b)))


def subtract(a: str, b: str) -> str:
    """The exact difference of two canonical numbers; errors as `add`."""
    if len(a) < NUMBER_DIGITS_MAX and len(b) < NUMBER_DIGITS_MAX and "." not in a and "." not in b:
        return str(int(a) - int(b))
    return _result(_EXACT.subtract(Decimal(a), Decimal(b)))


def number_bytes(text: str) -> int:
    """The bytes a canonical number counts in an item.

    One, and one for each two significant digits before and, separately, after the point, and one for a minus sign.
    """
    if text.isdigit():
        return 1 + (len(text.rstrip("0")) + 1) // 2
    negative = text[0] == "-"
    whole, _, fraction = text.partition(".")
    if negative:
        whole = whole[1:]
    if not fraction:
        return 1 + (len(whole.rstrip("0")) + 1) // 2 + negative
    if whole == "0":
        return 1 + (len(fraction.lstrip("0")) + 1) // 2 + negative
    return 1 + (len(whole) + 1) // 2 + (len(fraction) + 1) // 2 + negative


def _exponent(sign: str, digits: str) -> int:
    digits = digits.lstrip("0")
    if len(digits) > _EXPONENT_DIGITS_MAX:
        raise ValidationException(UNDERFLOW if sign == "-" else OVERFLOW)
    return int(sign + (digits or "0"))


def _canonical(negative: bool, digits: str, exponent: int) -> str:
    """`digits` times ten to `exponent` as canonical text, checked."""
    significant = digits.lstrip("0")
    if not significant:
        # A zero has a magnitude too, that of its last digit: 0e126 overflows, 0.0e126 does not.
        _check_magnitude(exponent)
        return "0"
    stripped = significant.rstrip("0")
    if len(stripped) > NUMBER_DIGITS_MAX:
        raise ValidationException(TOO_PRECISE)
    _check_magnitude(exponent + len(significant) - 1)
    return _plain(negative, stripped, exponent + len(significant) - len(stripped))


def _check_magnitude(magnitude: int) -> None:
    if magnitude > NUMBER_EXPONENT_MAX:
        raise ValidationException(OVERFLOW)
    if magnitude < NUMBER_EXPONENT_MIN:
        raise ValidationException(UNDERFLOW)


def _plain(negative: bool, digits: str, exponent: int) -> str:
    sign = "-" if negative else ""
    if exponent >= 0:
        return sign + digits + "0" * exponent
    point = len(digits) + exponent
    if point > 0:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    return f"{sign}0.{'0' * -point}{digits}"


def _result(value: Decimal) -> str:
    if not value:
        return "0"
    value = value.normalize(_EXACT)
    magnitude = value.adjusted()
    if magnitude < NUMBER_EXPONENT_MIN:
        raise ValidationException(UNDERFLOW)
    # DynamoDB words a sum that needs a 39th digit as an overflow.
    if magnitude > NUMBER_EXPONENT_MAX or len(value.as_tuple().digits) > NUMBER_DIGITS_MAX:
        raise ValidationException(OVERFLOW)
    return format(value, "f")
