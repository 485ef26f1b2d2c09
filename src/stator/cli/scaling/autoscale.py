"""`stator autoscale`: Dynamic DynamoDB's daemon, with its configuration file, for any DynamoDB."""

import logging
import logging.config
import logging.handlers
import signal
import sys
import threading
import time
from argparse import Namespace
from pathlib import Path
from types import FrameType

import orjson
from msgspec import to_builtins
from msgspec.structs import replace

from stator.autoscaling.dynamic.configuration import Configuration, ConfigurationFault, parse
from stator.autoscaling.dynamic.options import GLOBAL, LOGGING
from stator.cli.client import Client
from stator.cli.complaint import Complaint, Interrupted
from stator.cli.endpoint import Endpoint, Keys, find_endpoint
from stator.cli.scaling import daemon
from stator.cli.scaling.flags import OPTIONS
from stator.cli.scaling.gauges import CLOUDWATCH, Gauges
from stator.cli.scaling.notices import Notices
from stator.cli.scaling.watch import Watch

_log = logging.getLogger(__name__)

_KEPT_LOGS = 5


def autoscale(found: Namespace) -> int:
    """Look at all tables every check-interval until told to stop."""
    configuration = read(found)
    if found.show_config:
        return _show(configuration)
    file = daemon.PidFile(Path(found.pid_file_dir) / f"stator-autoscale.{found.instance}.pid")
    if found.daemon == "stop":
        return daemon.stop(file)
    if found.daemon == "restart":
        daemon.stop(file)
    endpoint = _endpoint(found, configuration)
    if found.daemon in ("start", "restart"):
        return daemon.start(file, lambda: _run(found, configuration, endpoint))
    if found.daemon == "foreground":
        file.hold()
    return _run(found, configuration, endpoint)


def read(found: Namespace) -> Configuration:
    """The file, and what was typed beside it. Raises Complaint."""
    if not (found.config or found.table_name):
        raise Complaint("which tables? Name a file with --config, or a table with --table-name.")
    given = {name: value for name, value in vars(found).items() if name in OPTIONS}
    for_tables = [name for name in given if name not in GLOBAL and name not in LOGGING]
    if for_tables and not found.table_name:
        raise Complaint(f"--{for_tables[0]} needs --table-name: which table is it for?")
    text = ""
    if found.config:
        try:
            text = Path(found.config).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Complaint(f"cannot read {found.config}: {getattr(error, 'strerror', None) or error}.") from error
    try:
        return parse(text, given, found.table_name)
    except ConfigurationFault as fault:
        raise Complaint(f"{found.config or 'the options'}: {fault}.") from fault


def _endpoint(found: Namespace, configuration: Configuration) -> Endpoint:
    general = configuration.general
    endpoint = find_endpoint(found.url, found.region or general.region, found.profile)
    if general.aws_access_key_id and general.aws_secret_access_key_id:
        keys = Keys(general.aws_access_key_id, general.aws_secret_access_key_id)
        endpoint = replace(endpoint, keys=keys)
    return endpoint


def _cloudwatch(found: Namespace, endpoint: Endpoint) -> Endpoint:
    if found.cloudwatch_url is not None:
        return replace(endpoint, url=found.cloudwatch_url.rstrip("/"), flag="--cloudwatch-url")
    return endpoint.beside("monitoring")


def _run(found: Namespace, configuration: Configuration, endpoint: Endpoint) -> int:
    _log_as(configuration)
    for passed_over in configuration.unknown:
        _log.warning("the configuration says %s, which is no option", passed_over)
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    watch = Watch(
        configuration,
        Client(endpoint, stop=stop),
        Gauges(Client(_cloudwatch(found, endpoint), CLOUDWATCH, stop=stop)),
        Notices(endpoint, found.sns_url, found.notify_command),
        dry_run=found.dry_run,
    )
    while True:
        began = time.monotonic()
        try:
            watch.run_once(time.time())
        except Interrupted:
            return 0
        except Complaint as complaint:
            if found.run_once:
                raise
            _log.error("%s", complaint)  # whoever is away comes back
        if found.run_once:
            return 0
        if stop.wait(max(0.0, configuration.general.check_interval - (time.monotonic() - began))):
            return 0


def _log_as(configuration: Configuration) -> None:
    general = configuration.general
    if general.log_config_file:
        try:
            logging.config.fileConfig(general.log_config_file, disable_existing_loggers=False)
        except Exception as error:  # what a faulty file raises has no common class
            raise Complaint(f"log-config-file {general.log_config_file} cannot be used: {error}") from error
        return
    handler: logging.Handler = logging.StreamHandler(sys.stdout)
    if general.log_file:
        try:
            handler = logging.handlers.TimedRotatingFileHandler(
                general.log_file, when="midnight", backupCount=_KEPT_LOGS, encoding="utf-8", delay=False
            )
        except OSError as error:
            raise Complaint(f"cannot write log-file {general.log_file}: {error.strerror}.") from error
    handler.setFormatter(logging.Formatter("%(asctime)s - stator-autoscale - %(levelname)s - %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(general.log_level.upper())


def _show(configuration: Configuration) -> int:
    told = to_builtins(configuration)
    if told["general"]["aws_secret_access_key_id"]:
        told["general"]["aws_secret_access_key_id"] = "(not shown)"
    print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    return 0
