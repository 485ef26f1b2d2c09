"""Signatures of Lambda's operations are checked with their method, path and query."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stator.storage.keyfile import AccessKey, KeyFile
from tests.running import RunningServer, start_server


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[RunningServer]:
    KeyFile(tmp_path).replace([AccessKey("STTRKEY", "secret", "123456789012", 1.0)])
    running = start_server(tmp_path, lambda_endpoint="http://127.0.0.1:9")
    running.clock.now = time.time()
    yield running
    running.close()


def client(server: RunningServer, secret: str, service: str = "lambda") -> Any:
    return boto3.client(
        service,
        endpoint_url=server.url,
        region_name="eu-west-1",
        aws_access_key_id="STTRKEY",
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_right_signatures_are_let_in(guarded: RunningServer) -> None:
    triggers = client(guarded, "secret")
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/things/stream/2026-01-01T00:00:00.000"
    assert triggers.list_event_source_mappings(EventSourceArn=arn, FunctionName="f")["EventSourceMappings"] == []
    for call in (triggers.get_event_source_mapping, triggers.delete_event_source_mapping):
        with pytest.raises(triggers.exceptions.ResourceNotFoundException):
            call(UUID="a b/ä" * 8)
    with pytest.raises(triggers.exceptions.ResourceNotFoundException):
        triggers.update_event_source_mapping(UUID="a" * 36, BatchSize=3)
    with pytest.raises(triggers.exceptions.InvalidParameterValueException, match="Stream not found"):
        triggers.create_event_source_mapping(EventSourceArn=arn, FunctionName="f", StartingPosition="LATEST")
    triggers.close()


def test_wrong_signatures_are_not(guarded: RunningServer) -> None:
    triggers = client(guarded, "other")
    with pytest.raises(ClientError, match="InvalidSignatureException"):
        triggers.list_event_source_mappings()
    triggers.close()


def test_a_signature_for_dynamodb_opens_no_other_door(guarded: RunningServer) -> None:
    dynamodb = client(guarded, "secret", "dynamodb")

    def redirect(request: Any, **_: Any) -> None:
        request.url += "2015-03-31/event-source-mappings"

    dynamodb.meta.events.register("before-sign", redirect)
    with pytest.raises(ClientError, match="correct service: 'lambda'"):
        dynamodb.list_tables()
    dynamodb.close()
