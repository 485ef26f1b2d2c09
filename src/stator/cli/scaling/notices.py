"""Telling people: by an SNS topic, by a POST to a URL, or by a command of theirs."""

import http.client
import logging
import os
import re
import shlex
import subprocess
from typing import NamedTuple
from urllib.parse import urlencode

import orjson
from msgspec.structs import replace

from stator.autoscaling.dynamic.options import Options
from stator.cli.client import Api, Client
from stator.cli.complaint import Complaint
from stator.cli.endpoint import Endpoint
from stator.cli.scaling.status import status_of

_log = logging.getLogger(__name__)

_SNS = Api("sns", "", "application/x-www-form-urlencoded; charset=utf-8")
_TOPIC = re.compile(r"arn:(aws[a-z-]*):sns:([a-z0-9-]+):\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_SECONDS = 30.0
_SUBJECT_CHARACTERS_MAX = 100  # SNS's


class Notice(NamedTuple):
    kinds: tuple[str, ...]  # scale-up, scale-down, high-throughput-alarm, low-throughput-alarm
    subject: str
    message: str


class Notices:
    """What fails is logged: nobody shall go without capacity because nobody could be told."""

    def __init__(self, endpoint: Endpoint, sns_url: str | None, command: str | None) -> None:
        self._endpoint = endpoint
        self._sns_url = sns_url
        self._command = shlex.split(command) if command else []

    def send(self, options: Options, notice: Notice) -> None:
        if not set(notice.kinds) & set(options.sns_message_types):
            return
        topic = options.sns_topic_arn
        try:
            if topic is not None and topic.startswith(("http://", "https://")):
                _post(topic, notice)
            elif topic is not None:
                self._publish(topic, notice)
            if self._command:
                self._run(notice)
        except (Complaint, OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError) as error:
            _log.error("a notice could not be sent: %s", error)

    def _publish(self, topic: str, notice: Notice) -> None:
        match = _TOPIC.fullmatch(topic)
        if match is None:
            raise ValueError(f"sns-topic-arn is neither the ARN of a topic nor a URL: {topic}")
        region = match[2]
        if self._sns_url is None and not self._endpoint.is_amazon:
            raise ValueError("where is SNS? Name it with --sns-url")
        host = "amazonaws.com.cn" if match[1] == "aws-cn" else "amazonaws.com"
        url = self._sns_url or f"https://sns.{region}.{host}"
        client = Client(replace(self._endpoint, url=url.rstrip("/"), region=region, flag="--sns-url"), _SNS)
        subject = notice.subject[:_SUBJECT_CHARACTERS_MAX]
        members = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": topic, "Subject": subject}
        client.send("POST", "/", urlencode(members | {"Message": notice.message}).encode())

    def _run(self, notice: Notice) -> None:
        told = {"STATOR_NOTICE_SUBJECT": notice.subject, "STATOR_NOTICE_TYPES": ",".join(notice.kinds)}
        subprocess.run(  # noqa: S603  whoever starts us names it, on the command line
            self._command,
            input=notice.message.encode(),
            env=os.environ | told,
            timeout=_SECONDS,
            check=True,
            stdout=subprocess.DEVNULL,
        )


def _post(url: str, notice: Notice) -> None:
    body = {"Type": "Notification", "Subject": notice.subject, "Message": notice.message, "Kinds": notice.kinds}
    status = status_of("POST", url, _SECONDS, orjson.dumps(body), {"content-type": "application/json"})
    if not 200 <= status < 300:
        raise ValueError(f"it answered with status {status}")
