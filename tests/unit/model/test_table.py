"""What a table's definition says of itself."""

import pytest

from stator.limits import DAY_SECONDS
from stator.model.table import Recovery


@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        (1000.0, 1000.0),
        (1000.0 + 2 * DAY_SECONDS, 1000.0),
        (1000.5 + 2 * DAY_SECONDS, 1000.5),
        (1000.0 + 9 * DAY_SECONDS, 1000.0 + 7 * DAY_SECONDS),
    ],
)
def test_recovery_covers_its_period_and_nothing_from_before_it_was_on(now: float, earliest: float) -> None:
    assert Recovery(since=1000.0, period_days=2).earliest(now) == earliest
