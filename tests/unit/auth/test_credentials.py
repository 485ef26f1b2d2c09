from stator.auth.credentials import Credential, Credentials

KEY = Credential("AKID", "secret", "123456789012")


def test_the_door_is_open_until_the_first_key_is_made() -> None:
    credentials = Credentials(anyone=True)
    was_open = [credentials.open]
    for known in ([KEY], []):
        credentials.replace(known)
        was_open.append(credentials.open)
    assert was_open == [True, False, False]
    assert credentials.find("AKID") is None


def test_the_door_is_shut_where_nobody_opened_it() -> None:
    assert not Credentials().open
    assert not Credentials([KEY], anyone=True).open


def test_an_unchanged_key_stays_itself() -> None:
    credentials = Credentials([KEY])
    credentials.replace([Credential("AKID", "secret", "123456789012")])
    assert credentials.find("AKID") is KEY
    credentials.replace([KEY._replace(secret="other")])
    assert credentials.find("AKID") is not KEY


def test_secrets_are_not_shown() -> None:
    assert "secret=..." in repr(KEY)
