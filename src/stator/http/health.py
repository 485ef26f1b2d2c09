"""`GET /`: what load balancers ask."""

OUT_OF_TOUCH = b"this router has lost touch with the others "
"""What one of several routers answers, with 503, while it refuses to read and write."""


def healthy(region: str) -> bytes:
    """The service's text, trailing blank included."""
    return f"healthy: dynamodb.{region}.amazonaws.com ".encode()
