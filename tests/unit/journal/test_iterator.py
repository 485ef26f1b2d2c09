import base64

import pytest

from stator.errors import ExpiredIteratorException, ValidationException
from stator.journal.iterator import LIFETIME_SECONDS, Iterator, parse, render
from stator.journal.lineage import Name

ACCOUNT, REGION, NOW = "123456789012", "eu-west-1", 1_750_000_000.5
PLACE = Iterator(Name(ACCOUNT, REGION, "things", "2025-06-15T15:06:40.000"), 3, 12, 4567)


def test_an_iterator_reads_back() -> None:
    assert parse(render(PLACE, NOW), ACCOUNT, REGION, NOW) == PLACE


def test_it_is_good_for_fifteen_minutes() -> None:
    token = render(PLACE, NOW)
    assert parse(token, ACCOUNT, REGION, NOW + LIFETIME_SECONDS) == PLACE
    with pytest.raises(ExpiredIteratorException):
        parse(token, ACCOUNT, REGION, NOW + LIFETIME_SECONDS + 0.01)


@pytest.mark.parametrize(("account", "region"), [("000000000000", REGION), (ACCOUNT, "us-east-1")])
def test_it_is_of_one_account_and_region(account: str, region: str) -> None:
    with pytest.raises(ValidationException):
        parse(render(PLACE, NOW), account, region, NOW)


@pytest.mark.parametrize("token", ["x", "é", "====", "AAAA", "a" * 2048, "AAAA" * 6])
def test_what_was_made_up_is_refused(token: str) -> None:
    with pytest.raises(ValidationException, match="Invalid ShardIterator"):
        parse(token, ACCOUNT, REGION, NOW)


def test_no_bit_of_it_can_be_changed() -> None:
    raw = base64.b64decode(render(PLACE, NOW))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(ValidationException):
            parse(base64.b64encode(changed).decode(), ACCOUNT, REGION, NOW)


def test_the_longest_one_fits_the_limit_of_the_service() -> None:
    longest = Iterator(Name("9" * 12, "ap-northeast-99", "t" * 255, "2025-06-15T15:06:40.000"), 3, 16**6, 10**18)
    assert len(render(longest, NOW)) <= 2048
