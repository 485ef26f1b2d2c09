import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stator.archive.job import STATES, Job, decode, encode, job_key, put

FULL = Job(
    kind="export",
    id="01234567890123-a1b2c3d4",
    account="123456789012",
    region="eu-west-1",
    table="music",
    created=1.5,
    request={"S3Bucket": "b", "n": [1, None]},
    progress={"chunk": 7},
    spaces=(3, 4),
    state="FAILED",
    updated=2.5,
    failure=("S3NoSuchBucket", "It is not there"),
    owner="process",
    until=9.5,
)


def test_every_field_survives() -> None:
    plain = Job("export", "x", "0", "r")
    same = [name for name in Job.__struct_fields__ if getattr(FULL, name) == getattr(plain, name)]
    assert same == ["kind"]
    assert decode(encode(FULL)) == FULL
    assert decode(encode(plain)) == plain


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abü", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abc", max_size=3), JSON, max_size=4), st.sampled_from(STATES))
def test_whatever_a_runner_writes_down_it_reads_again(progress: dict[str, object], state: str) -> None:
    job = replace(FULL, progress=progress, request=progress, state=state)
    assert decode(encode(job)) == job


def test_a_newer_format_is_refused() -> None:
    stored = orjson.loads(encode(FULL)) | {"format": 2}
    with pytest.raises(ValueError, match="job of format 2; this version reads format 1"):
        decode(orjson.dumps(stored))


def test_a_job_has_one_place() -> None:
    assert put(FULL).key == FULL.key == job_key("export", "123456789012", "eu-west-1", FULL.id)
    others = [replace(FULL, **{name: "other"}) for name in ("kind", "id", "account", "region")]
    assert len({job.key for job in [FULL, *others]}) == 5
    assert replace(FULL, table="other", state="RUNNING", owner=None).key == FULL.key


@pytest.mark.parametrize(
    ("state", "finished", "cancelling"),
    [
        ("RUNNING", False, False),
        ("CANCELLING", False, True),
        ("COMPLETED", True, False),
        ("FAILED", True, False),
        ("CANCELLED", True, False),
    ],
)
def test_what_a_state_says(state: str, finished: bool, cancelling: bool) -> None:
    job = replace(FULL, state=state)
    assert (job.finished, job.cancelling) == (finished, cancelling)
