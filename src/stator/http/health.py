"""`GET /`: what load balancers ask."""


def healthy(region: str) -> bytes:
    """The service's text, trailing blank included."""
    return f"healthy: dynamodb.{region}.amazonaws.com ".encode()
