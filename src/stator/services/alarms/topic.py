"""An endpoint with SNS's Publish, which topics of alarms are reached at."""

from hashlib import sha256
from typing import Final
from urllib.parse import urlencode, urlsplit

from stator.auth.moment import basic_format
from stator.auth.signature import ALGORITHM, SigningKey
from stator.clock import Clock
from stator.metrics.alarm_record import Notice
from stator.services.triggers.target import InvocationFault, post

TIMEOUT_SECONDS: Final = 5.0
_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
_SIGNED = "content-type;host;x-amz-date"


class Topics:
    """`clock` tells the real time, for signatures."""

    def __init__(self, endpoint: str, access_key: str, secret_key: str, clock: Clock) -> None:
        self._url = endpoint.rstrip("/") + "/"
        self._access_key, self._secret_key, self._clock = access_key, secret_key, clock

    async def publish(self, notice: Notice) -> None:
        """Raises InvocationFault."""
        fields = {
            "Action": "Publish",
            "Version": "2010-03-31",
            "TopicArn": notice.action,
            "Subject": notice.subject,
            "Message": notice.message,
        }
        body = urlencode(fields).encode()
        region = (notice.action.split(":") + [""] * 4)[3] or notice.region
        status, _, answer = await post(self._url, body, self._headers(body, region), TIMEOUT_SECONDS)
        if not 200 <= status < 300:
            raise InvocationFault(f"{self._url} answered {status}: {answer[:200]!r}")

    def _headers(self, body: bytes, region: str) -> dict[str, str]:
        parts = urlsplit(self._url)
        date = basic_format(self._clock())
        scope = f"{date[:8]}/{region}/sns/aws4_request"
        signed = {"content-type": _TYPE, "host": parts.netloc, "x-amz-date": date}
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        canonical = f"POST\n{parts.path}\n\n{lines}\n{_SIGNED}\n{sha256(body).hexdigest()}"
        text = f"{ALGORITHM}\n{date}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = SigningKey(self._secret_key, date[:8], region, "sns").sign(text.encode())
        credential = f"Credential={self._access_key}/{scope}"
        authorization = f"{ALGORITHM} {credential}, SignedHeaders={_SIGNED}, Signature={signature}"
        return {"Content-Type": _TYPE, "Host": parts.netloc, "X-Amz-Date": date, "Authorization": authorization}
