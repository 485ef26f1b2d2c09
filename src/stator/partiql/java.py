"""The order in which the service names things that it keeps in a hash set: that of Java's HashSet."""

from collections.abc import Sequence

_LOAD = 0.75
_BUCKETS_MIN = 16


def hash_set_order(texts: Sequence[str]) -> list[str]:
    """Distinct texts in the order of iteration over a set to which they were added one by one."""
    buckets = _BUCKETS_MIN
    while len(texts) > buckets * _LOAD:
        buckets *= 2
    return sorted(texts, key=lambda text: _spread(text) % buckets)  # stable: first come, first named


def _spread(text: str) -> int:
    code = 0
    units = text.encode("utf-16-be", "surrogatepass")
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (31 * code + (high << 8 | low)) & 0xFFFFFFFF
    return code ^ (code >> 16)
