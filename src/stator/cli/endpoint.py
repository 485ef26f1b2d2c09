"""Where a DynamoDB is and who asks it: the flags, variables and files that say so. Secrets are never flags."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from stator.address import is_url
from stator.cli.complaint import Complaint

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_REGION = "us-east-1"
AMAZON = "aws"  # may be typed in place of Amazon's URL

_AMAZON_HOST = re.compile(r"(?:streams\.)?dynamodb\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws)")


class Keys(Struct, frozen=True):
    access_key: str
    secret: str
    token: str | None = None  # of a session


class Endpoint(Struct, frozen=True):
    url: str  # without a slash at its end
    region: str
    keys: Keys
    flag: str = "--url"  # what told the URL, for messages

    @property
    def is_amazon(self) -> bool:
        return _AMAZON_HOST.fullmatch(self.url.partition("://")[2]) is not None

    def beside(self, service: str) -> "Endpoint":
        """Where another service is: Amazon has a host for each, others answer for all at one address."""
        if not self.is_amazon:
            return self
        domain = "amazonaws.com.cn" if self.url.endswith(".cn") else "amazonaws.com"
        return replace(self, url=f"https://{service}.{self.region}.{domain}")

    @property
    def streams(self) -> "Endpoint":
        """Where its streams are read: Amazon has a host of their own for them."""
        scheme, _, host = self.url.partition("://")
        if self.is_amazon and not host.startswith("streams."):
            return replace(self, url=f"{scheme}://streams.{host}")
        return self


def find_endpoint(
    url: str | None, region: str | None = None, profile: str | None = None, *, flag: str = "--url"
) -> Endpoint:
    """What the flags and the variables of the AWS command line mean. Raises Complaint; `flag` is what told the URL."""
    files = _profile_members(profile)
    wanted = region or _region_of(url) or files.get("region")
    wanted = wanted or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if url == AMAZON:
        if not wanted:
            raise Complaint(f"in which region? Name it with {_sibling(flag, 'region')} or AWS_REGION.")
        url = f"https://dynamodb.{wanted}.amazonaws.com"
    url = (url or DEFAULT_URL).rstrip("/")
    if not is_url(url) or urlsplit(url).query or urlsplit(url).fragment:
        raise Complaint(f"{url} is no URL of a server, such as {DEFAULT_URL}. Name one with {flag}.")
    if "@" in urlsplit(url).netloc:
        raise Complaint(
            f"keys do not belong in a URL, where others see them. Put them in a profile, or see {flag} in --help."
        )
    return Endpoint(url, wanted or DEFAULT_REGION, _find_keys(url, profile, files, flag), flag)


def _find_keys(url: str, profile: str | None, files: Mapping[str, str], flag: str) -> Keys:
    if profile is None:
        access_key, secret = os.environ.get("AWS_ACCESS_KEY_ID"), os.environ.get("AWS_SECRET_ACCESS_KEY")
        if access_key and secret:
            return Keys(access_key, secret, os.environ.get("AWS_SESSION_TOKEN") or None)
        if access_key and not _region_of(url):  # names an account of a server without keys
            return Keys(access_key, "stator")
    if "aws_access_key_id" in files and "aws_secret_access_key" in files:
        return Keys(files["aws_access_key_id"], files["aws_secret_access_key"], files.get("aws_session_token"))
    if profile is not None:
        raise Complaint(
            f"profile {profile} has no aws_access_key_id and aws_secret_access_key. See ~/.aws/credentials."
        )
    if _region_of(url):
        raise Complaint(
            "Amazon wants an access key. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of"
            f" ~/.aws/credentials with {_sibling(flag, 'profile')}."
        )
    return Keys("stator", "stator")  # a server without keys minds neither


def _profile_members(profile: str | None) -> dict[str, str]:
    """What AWS's own files say of a profile; nothing is asked of them unless one is named, by flag or AWS_PROFILE."""
    name = profile or os.environ.get("AWS_PROFILE")
    if not name:
        return {}
    from configparser import ConfigParser  # `stator serve` reads this module for its --help, and is in a hurry
    from configparser import Error as BrokenFile

    home = Path.home() / ".aws"
    members: dict[str, str] = {}
    places = (
        (Path(os.environ.get("AWS_CONFIG_FILE") or home / "config"), name if name == "default" else f"profile {name}"),
        (Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials"), name),
    )
    for path, section in places:
        parser = ConfigParser(interpolation=None, default_section="")
        try:
            parser.read(path, encoding="utf-8")
        except (BrokenFile, OSError, UnicodeDecodeError) as error:
            raise Complaint(f"cannot read {path}: {error}") from error
        if parser.has_section(section):
            members |= dict(parser.items(section))
    if not members and profile:
        raise Complaint(f"there is no profile {profile} in ~/.aws/credentials or ~/.aws/config.")
    return members


def _region_of(url: str | None) -> str | None:
    """The region in an address of Amazon's; None for the addresses of others."""
    found = _AMAZON_HOST.fullmatch(urlsplit(url).hostname or "") if url and "://" in url else None
    return found[1] if found else None


def _sibling(flag: str, noun: str) -> str:
    return f"--{noun}" if flag == "--url" else f"{flag}-{noun}"
