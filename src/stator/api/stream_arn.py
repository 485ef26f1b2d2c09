"""The stream that a StreamArn means."""

import re

from stator.api.call import Call
from stator.errors import AccessDeniedException, ResourceNotFoundException, ValidationException
from stator.journal.lineage import Name, StreamRecord

PREFIX = "DynamoDBStreams_20120810"

_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]*):([0-9]*):table/([a-zA-Z0-9_.-]{3,255})/stream/([0-9T:.-]+)")


def parse_arn(call: Call, arn: str) -> Name:
    """Raises ValidationException for what is no stream's ARN in this region, AccessDeniedException for another
    account's."""
    place = _ARN.fullmatch(arn)
    if place is None:
        raise ValidationException(f"Invalid StreamArn: {arn}")
    region, account, table, label = place.groups()
    if region != call.region:
        raise ValidationException(f"Invalid StreamArn: {arn}")
    if account != call.account:
        raise AccessDeniedException("Access is denied")
    return Name(account, region, table, label)


async def stream_of(call: Call, name: Name) -> StreamRecord:
    stream = await call.parts.streams.find(name)
    if stream is None:
        raise ResourceNotFoundException(f"Requested resource not found: Stream: {name.arn} not found")
    return stream
