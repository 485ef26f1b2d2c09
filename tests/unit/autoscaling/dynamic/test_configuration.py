"""The configuration file of Dynamic DynamoDB: every option, sections by regular expression, faults named."""

import pytest

from stator.autoscaling.dynamic.configuration import Configuration, ConfigurationFault, parse
from stator.autoscaling.dynamic.options import READ, SHARED, WRITE, Options, Side

FULL = """
[global]
# keys
aws-access-key-id: AKIDEXAMPLE
aws-secret-access-key-id: hidden
region: eu-west-1
check-interval: 60
circuit-breaker-url: http://me:pw@127.0.0.1:9/up?x=1
circuit-breaker-timeout: 500

[logging]
log-level: WARNING
log-file: /var/log/scale.log

[default_options]
reads-upper-threshold: 80
writes-upper-threshold = 70

[gsi: ^by_.*$ table: ^log_[0-9]+$]
min-provisioned-writes: 100

[table: ^log_[0-9]+$]
reads-upper-threshold: 85
enable-reads-down-scaling = false
maintenance-windows: 22:00-23:59,00:00-06:00
increase-consumed-reads-scale: {0: 0, 0.25: 5, 0.5: 10, 1: 20, 2: 50, 5: 100}
sns-message-types: scale-up, high-throughput-alarm

[table: log_.*]
reads-upper-threshold: 60
"""


def side(text: str) -> Side:
    return parse(f"[table: t]\n{text}").sections[0].options.read


def test_a_file_with_all_kinds_of_sections() -> None:
    found = parse(FULL)
    general = found.general
    assert (general.region, general.check_interval, general.circuit_breaker_timeout) == ("eu-west-1", 60, 500)
    assert (general.log_level, general.log_file) == ("warning", "/var/log/scale.log")
    assert general.aws_secret_access_key_id == "hidden"
    assert "hidden" not in repr(found)
    first, second = found.sections
    assert first.options.read.upper_threshold == 85
    assert first.options.write.upper_threshold == 70
    assert not first.options.read.down_scaling
    scale = [(0, 0), (0.25, 5), (0.5, 10), (1, 20), (2, 50), (5, 100)]
    assert list(first.options.read.increase_consumed_scale) == scale
    assert list(first.options.maintenance_windows) == [(1320, 1439), (0, 360)]
    assert first.options.sns_message_types == ("scale-up", "high-throughput-alarm")
    assert first.indexes[0].options.write.min_provisioned == 100
    assert first.indexes[0].options.read.upper_threshold == 80
    assert second.options.read.upper_threshold == 60
    assert found.unknown == ()


def test_the_first_section_that_a_name_begins_with_a_match_of_counts() -> None:
    found = parse(FULL)
    first, second = found.sections
    assert found.section_of("log_12") is first
    assert found.section_of("log_12x") is second
    assert found.section_of("a_log_12") is None
    assert found.index_section(first, "by_day") is first.indexes[0]
    assert found.index_section(first, "day") is None


def test_defaults_are_those_of_the_daemon() -> None:
    options = parse("[table: t]").sections[0].options
    assert options == Options()
    for each in (options.read, options.write):
        assert (each.upper_threshold, each.lower_threshold, each.throttled_upper_threshold) == (90, 30, 0)
        assert (each.increase_with, each.increase_unit, each.decrease_with, each.decrease_unit) == (
            50,
            "percent",
            50,
            "percent",
        )
        assert (each.checks_before_scale_down, each.checks_reset_percent) == (1, 0)
    assert (options.lookback_window_start, options.lookback_period) == (15, 5)
    assert parse("[table: t]").general.check_interval == 300


def value_of(name: str) -> str:
    for ending, value in (
        ("-unit", "units"),
        ("-scale", "{5: 7}"),
        ("-scaling", "false"),
        ("autoscaling", "off"),
        ("-on-0-percent", "true"),
        ("together", "yes"),
        ("windows", "01:00-02:00"),
        ("-arn", "arn:aws:sns:us-east-1:123456789012:topic"),
        ("-types", "scale-down"),
        ("-url", "http://127.0.0.1/"),
    ):
        if name.endswith(ending):
            return value
    return "7"


@pytest.mark.parametrize("name", [*READ, *WRITE, *SHARED])
def test_every_option_changes_what_it_is_for(name: str) -> None:
    told = parse(f"[table: t]\n{name}: {value_of(name)}")
    assert told.unknown == ()
    options, default = told.sections[0].options, Options()
    assert options != default
    assert (options.read != default.read) == (name in READ)
    assert (options.write != default.write) == (name in WRITE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has no section [table: NAME]"),
        ("[table: a]\nreads-upper-threshold: much", "[table: a] reads-upper-threshold is no number: much"),
        ("[table: a]\nreads-upper-threshold: nan", "must be a number from 0 on"),
        ("[table: a]\nreads-upper-threshold: 0", "may not be lower than 1: 0"),
        ("[table: a]\nmin-provisioned-reads: 1.5", "must be a whole number"),
        ("[table: a]\nincrease-reads-unit: units ", ""),
        ("[table: a]\nincrease-reads-unit: unit", "must be set to either percent or units"),
        ("[table: a]\nenable-reads-up-scaling: maybe", "is neither true nor false"),
        ("[table: a]\nincrease-consumed-reads-scale: [1]", "must be thresholds with their steps"),
        ("[table: a]\nincrease-consumed-reads-scale: {1: open}", "must be thresholds with their steps"),
        ("[table: a]\nincrease-consumed-reads-scale: {1: -1}", "has something else than numbers from 0 on"),
        ("[table: a]\nincrease-consumed-reads-scale: " + "{" * 10_000, "must be thresholds with their steps"),
        ("[table: a]\nmaintenance-windows: 22-23", "must be times in UTC"),
        ("[table: a]\nmaintenance-windows: 22:00-06:00", "goes past midnight"),
        ("[table: a]\nsns-message-types: scale-sideways", "knows scale-up"),
        ("[table: a]\nlookback-window-start: 0", "may not be lower than 1"),
        ("[table: a]\nmin-provisioned-reads: 9\nmax-provisioned-reads: 8", "may not be higher than"),
        ("[table: a(]", "names no regular expression"),
        ("[gsi: i table: b]\n[table: a]", "there is no section [table: b]"),
        ("[logging]\nlog-level: loud\n[table: a]", "must be one of debug, info, warning, error"),
        ("[table: a]\n[table: a]", "it cannot be read"),
        ("reads-upper-threshold: 9", "it cannot be read"),
    ],
)
def test_faults_are_named(text: str, said: str) -> None:
    if not said:
        assert isinstance(parse(text), Configuration)
        return
    with pytest.raises(ConfigurationFault) as raised:
        parse(text)
    assert said in str(raised.value)
    assert len(str(raised.value)) < 20_000


def test_what_is_no_option_is_passed_over_and_told() -> None:
    found = parse("[table: t]\ndisable-reads-up-scaling = false\n[other]\nx: 1")
    assert set(found.unknown) == {"[table: t] disable-reads-up-scaling", "[other]"}


def test_what_is_typed_goes_before_the_file() -> None:
    given = {"check-interval": "5", "reads-upper-threshold": "55", "log-level": "debug"}
    found = parse(FULL, given, "^music$")
    assert found.general.check_interval == 5
    assert found.general.log_level == "debug"
    assert found.general.region == "eu-west-1"
    (section,) = found.sections
    assert section.matches("music")
    assert section.options.read.upper_threshold == 55
    assert section.options.write.upper_threshold == 90
