from typing import Any
from urllib.parse import urlsplit


def test_the_endpoint_is_the_one_that_was_asked(dynamodb: Any) -> None:
    (endpoint,) = dynamodb.describe_endpoints()["Endpoints"]
    assert endpoint == {"Address": urlsplit(dynamodb.meta.endpoint_url).netloc, "CachePeriodInMinutes": 1440}
