from stator.partiql.java import hash_set_order


def test_the_order_of_a_hash_set() -> None:
    """The first two as the service printed them; the others worked out by hand from String.hashCode and the table
    sizes of HashMap."""
    assert hash_set_order(["b", "a"]) == ["a", "b"]
    assert hash_set_order(["zz", "aa", "mm"]) == ["zz", "aa", "mm"]
    assert hash_set_order(["q", "a", "p"]) == ["p", "q", "a"]
    letters = [chr(code) for code in range(ord("a"), ord("a") + 13)]
    assert hash_set_order(letters[::-1]) == letters
    assert hash_set_order([]) == []
