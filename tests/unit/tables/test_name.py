import pytest

from stator.errors import AccessDeniedException, ValidationException, WireError
from stator.tables.name import resolve, resolve_resource

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/music"


def test_names_and_arns() -> None:
    assert resolve(ACCOUNT, REGION, "music") == "music"
    assert resolve(ACCOUNT, REGION, ARN) == "music"
    assert resolve(ACCOUNT, REGION, ARN.replace("arn:aws:", "arn:aws-cn:")) == "music"
    assert resolve_resource(ACCOUNT, REGION, ARN) == "music"


@pytest.mark.parametrize(
    "name, error, message",
    [
        (
            ARN.replace(REGION, "us-east-1"),
            ValidationException,
            "1 validation error detected: Invalid AWS region in '{}'",
        ),
        (ARN.replace(ACCOUNT, "999999999999"), AccessDeniedException, "Access is denied"),
        (ARN + "/index/by-year", ValidationException, "1 validation error detected: Invalid resource type in '{}'"),
        (ARN[:-3], ValidationException, "1 validation error detected: Invalid resource type in '{}'"),
        ("arn:aws:s3:::bucket", ValidationException, "1 validation error detected: Invalid ARN format in '{}'"),
    ],
)
def test_names_that_stand_for_nothing(name: str, error: type[WireError], message: str) -> None:
    with pytest.raises(error) as caught:
        resolve(ACCOUNT, REGION, name)
    assert caught.value.message == message.format(name)


@pytest.mark.parametrize(
    "arn, error, message",
    [
        ("music", ValidationException, "Invalid TableArn: Invalid ResourceArn provided as input {}"),
        (
            "arn:aws:s3:::bucket",
            ValidationException,
            "Invalid TableArn: Invalid ResourceArn provided as input {}",
        ),
        (ARN.replace(ACCOUNT, "999999999999"), AccessDeniedException, "Access is denied"),
        (ARN.replace(REGION, "x"), ValidationException, "Invalid TableArn: Invalid ResourceArn provided as input {}"),
        (ARN + "/index/by-year", ValidationException, "Invalid TableArn: Invalid ResourceArn provided as input {}"),
    ],
)
def test_resources_that_are_no_table(arn: str, error: type[WireError], message: str) -> None:
    with pytest.raises(error) as caught:
        resolve_resource(ACCOUNT, REGION, arn)
    assert caught.value.message == message.format(arn)
