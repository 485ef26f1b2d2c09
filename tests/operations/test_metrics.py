"""GET /metrics of a whole server."""

import http.client
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.operations.conftest import create_table
from tests.running import RunningServer, new_account, start_server

LABELS = ("account", "region", "table", "index")


def get(server: RunningServer, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server.port, timeout=20)
    connection.request("GET", "/metrics", headers=headers)
    reply = connection.getresponse()
    body = reply.read().decode()
    connection.close()
    return reply.status, body


def samples(text: str) -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *(sample.labels[name] for name in LABELS if name in sample.labels)): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture(scope="module")
def public() -> Iterator[RunningServer]:
    running = start_server(host="0.0.0.0", allow_unauthenticated=True, public_metrics=True)
    yield running
    running.close()


def test_tables_and_indexes_are_told(server: RunningServer, tmp_path: Any) -> None:
    running = start_server(data_dir=tmp_path)
    try:
        account = new_account(running.url)
        client = account.client()
        table = create_table(client, "things", "pk:S", indexes={"by-g": {"hash": ["g:S"]}})
        before = samples(get(running)[1])
        client.put_item(TableName=table, Item={"pk": {"S": "a"}, "g": {"S": "b"}})
        client.put_item(TableName=table, Item={"pk": {"S": "c"}})
        after = samples(get(running)[1])
    finally:
        running.close()
    place = (account.number, "eu-west-1", "things")
    assert after[("stator_table_items", *place)] == 2
    assert after[("stator_table_size_bytes", *place)] == 8
    assert after[("stator_index_entries", *place, "by-g")] == 1
    assert after[("stator_index_size_bytes", *place, "by-g")] == 5
    assert after[("stator_connections",)] >= 1
    assert after[("stator_replies_total",)] - before[("stator_replies_total",)] == 3  # two puts, and the first look
    if not running.settings.store:  # whose files are its own
        assert after[("stator_database_file_bytes",)] > 0
        assert after[("stator_write_ahead_log_file_bytes",)] > 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8000", "[::1]:1"])
def test_loopback_names_are_answered(server: RunningServer, host: str) -> None:
    assert get(server, Host=host)[0] == 200


@pytest.mark.parametrize(
    "headers", [{"Host": "db.example"}, {"Host": "127.0.0.1.example"}, {"Origin": "https://evil.example"}]
)
def test_pages_from_elsewhere_and_other_names_are_refused(server: RunningServer, headers: dict[str, str]) -> None:
    status, body = get(server, **headers)
    assert (status, "stator_" in body) == (400, False)


def test_a_public_bind_shows_none_unless_told_to(public: RunningServer) -> None:
    assert get(public, Host="db.example")[0] == 200
    assert get(public, Host="db.example", Origin="https://evil.example")[0] == 400
    running = start_server(host="0.0.0.0", allow_unauthenticated=True)
    try:
        assert get(running)[0] == 404
    finally:
        running.close()
