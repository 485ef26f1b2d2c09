"""The reserved words: all of them, no more, in any case."""

from hashlib import sha256

from stator.expressions.reserved import RESERVED_WORDS, is_reserved


def test_the_list_is_the_guides() -> None:
    assert len(RESERVED_WORDS) == 573
    # Of the sorted words, one a line, as the developer guide's appendix has them.
    digest = sha256("\n".join(sorted(RESERVED_WORDS)).encode()).hexdigest()
    assert digest == "2269c45be257f14faa7d264a5cad5641164bd21173cfecd0e4f670a599d06347"


def test_case_does_not_matter() -> None:
    assert is_reserved("status")
    assert is_reserved("Zone")
    assert is_reserved("ABORT")


def test_words_that_look_like_it_are_free() -> None:
    for word in ("pk", "id", "statuses", "FLATTEN", "_status", "version"):
        assert not is_reserved(word)
