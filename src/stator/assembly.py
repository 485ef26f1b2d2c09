"""Where the house is put together: the only place that knows which engine there is."""

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import pkgutil
import platform
import secrets
import signal
import ssl
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import uvloop
from msgspec import Struct
from msgspec.structs import replace

import stator.api.autoscaling
import stator.api.cloudwatch
import stator.api.dynamodb
import stator.api.instance
import stator.api.streams
from stator.api.again import attentive
from stator.api.call import Parts
from stator.api.registry import OPERATIONS, Operation
from stator.archive.companion import companion
from stator.archive.jobs import Jobs
from stator.archive.places.buckets import Buckets
from stator.archive.places.location import ArchiveError, Location
from stator.auth.credentials import Credential, Credentials
from stator.autoscaling.scalings import Scalings
from stator.background import Alarming, Background, scaling_duties
from stator.clock import Clock, system_clock
from stator.config import ConfigurationError, Settings
from stator.engines import figures, nodes_of, open_store
from stator.http.front import Front, FrontSettings
from stator.http.server import Listener, serve_front, tls_context
from stator.items.charge import ChargedWriter
from stator.items.read import Reader
from stator.journal.mappings import Mappings
from stator.journal.streams import Streams
from stator.metrics.alarm_action import Actions
from stator.metrics.alarms import Alarms
from stator.metrics.custom import Custom
from stator.metrics.insight_store import InsightStore
from stator.metrics.series_store import SeriesStore
from stator.services.budget import Budgets
from stator.services.chains.barrier import steady_clock
from stator.services.cluster.heartbeat import BEAT_SECONDS, Heartbeat
from stator.services.cluster.router import Oneself
from stator.services.cluster.view import ClusterView
from stator.services.figures import Figures
from stator.services.insights import Insights
from stator.services.joint_store import JointStore
from stator.services.metering import Metering
from stator.services.parts import JobParts
from stator.services.shards import Shards
from stator.services.supervisor import Duty
from stator.services.triggers.target import Targets
from stator.services.triggers.triggers import Triggers
from stator.services.vitals import Body, Place, Vitals
from stator.storage.keyfile import KeyFile
from stator.storage.keyring import KeyRing
from stator.storage.routers.membership import Membership
from stator.storage.sqlite.schema import FILE_NAME
from stator.storage.store import Store
from stator.tables.catalog import Catalog

_log = logging.getLogger(__name__)

# How long a thread that packs or hashes keeps the loop waiting for the interpreter. Python's own 5 ms were most of
# what PutItem's p99 rose by while a backup ran.
_SWITCH_SECONDS = 0.0001

_KEYS_SECONDS = 1.0


class Server(Struct):
    """A running server; `port` is the one really bound."""

    scheme: str
    host: str
    port: int
    listener: Listener
    background: Background
    budgets: Budgets
    routers: Membership | None
    let_go: Callable[[], Awaitable[None]]  # of the store

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    async def close(self) -> None:
        """Finish what runs, then let go of the store."""
        async with contextlib.AsyncExitStack() as stack:  # the last comes first, and none keeps the others from it
            stack.push_async_callback(self.let_go)
            if self.routers is not None:
                stack.push_async_callback(self.routers.leave)
            stack.push_async_callback(self.budgets.close)
            stack.push_async_callback(self.background.close)
            stack.push_async_callback(self.listener.close)


async def start(settings: Settings, clock: Clock = system_clock, *, shared: Store | None = None) -> Server:
    """Open the store and listen. Raises ConfigurationError, OSError or a StoreError.

    `shared` is a store that others use as well, and whose owner closes it.
    """
    tls = _tls(settings)
    router = secrets.token_hex(8)
    store = shared or await open_store(settings, router)
    let_go = _keep if shared is not None else store.close
    routers: Membership | None = None
    try:
        keys = _keys(settings, store)
        credentials = await _credentials(settings, keys)
        targets = Targets.parse(settings.lambda_endpoint, settings.trigger_functions, settings.trigger_destinations)
        is_shared = shared is not None or bool(settings.store)
        place = store, settings, clock
        oneself = Oneself(router, clock)
        parts, job_parts, budgets, duties = await _furnish(*place, targets, oneself=oneself, is_shared=is_shared)
        routers = job_parts.routers
        known = operations()
        if routers is not None:
            routers.start()
            known = attentive(known, routers.refresh, lambda: routers.generation)
        front = Front(known, parts, _front_settings(settings), credentials, clock, recorder=parts.recorder)
        if routers is not None:
            front.in_touch = lambda: routers.in_touch
        host = settings.host.strip("[]")  # as IPv6 addresses are written in URLs
        listener = await serve_front(front, host, settings.port, tls)
    except BaseException:
        if routers is not None:
            await routers.leave()
        await let_go()
        raise
    job_parts = replace(job_parts, replies=lambda: front.renderer.replies)
    triggers = Triggers(parts.mappings, targets, settings.trigger_timeout_seconds)
    if keys is not None:
        duties.append(Duty("keys", partial(_refresh_keys, credentials, keys), _KEYS_SECONDS, everywhere=True))
    body = Body(lambda: listener.connections, partial(_storage_bytes, settings))
    vitals = Vitals(_place(settings, listener.port), body)
    insights = Insights(job_parts, parts.meters, parts.insights)
    shards = Shards(parts.cluster, parts.series, clock)
    metering = Metering(job_parts, parts.series, parts.meters, vitals=vitals, insights=insights, shards=shards)
    alarming = Alarming.furnish(parts.alarms, parts.series, settings, clock)
    duties += alarming.duties()
    duties += scaling_duties(job_parts, parts.scalings, parts.series, parts.alarms, settings.autoscaling_low_seconds)
    background = Background.begin(job_parts, parts.streams, triggers, settings, metering=metering, more=duties)
    if settings.public_metrics or not settings.public:
        database = None if settings.in_memory or settings.store else settings.data_dir / FILE_NAME
        tellers = [background.figures, metering.figures, alarming.figures, lambda: figures(store)]
        front.metrics = Figures(job_parts, lambda: listener.connections, database, tellers).text
    scheme = "http" if tls is None else "https"
    server = Server(scheme, host, listener.port, listener, background, budgets, routers, let_go)
    oneself.url, oneself.connections = server.url, lambda: listener.connections
    return server


async def _keep() -> None:
    """Leave a store to whom it belongs."""


async def _furnish(
    engine: Store, settings: Settings, clock: Clock, targets: Targets, *, oneself: Oneself, is_shared: bool
) -> tuple[Parts, JobParts, Budgets, list[Duty]]:
    """What operations use, what those who do jobs do, and what keeps both in step with other processes."""
    router = oneself.id
    steady = await steady_clock(engine, clock)
    shared = await JointStore.open(engine, steady, router, {"started": clock()}) if is_shared else None
    store, told = (engine, engine) if shared is None else (shared.fence, shared.told)
    routers = None if shared is None else shared.membership
    catalog = await Catalog.open(told, clock, settings.transition_seconds, steady=steady, routers=routers)
    catalog.accompany(companion(steady))
    streams = Streams(store, steady)
    mappings = Mappings(store, streams, steady, targets.has, targets.may_fail_to, told=told)
    archive, buckets = _locations(settings)
    jobs = Jobs(store, clock, router) if shared is None else shared.jobs(clock)
    await jobs.load()
    budgets = await Budgets.open(store, clock, settings.throttling, router)
    catalog.watch(budgets.meters.follow)
    job_parts = replace(
        JobParts.furnish(catalog, store, clock, steady=steady, jobs=jobs, archive=archive, shared=shared),
        buckets=buckets,
        meters=budgets.meters,
    )
    if shared is not None:
        await shared.join(catalog, jobs, mappings, job_parts.backups, job_parts.reach)
    oneself.requests = job_parts.recorder.requests
    view, beats = _cluster(settings, oneself, job_parts)
    parts = Parts(
        catalog=catalog,
        reader=Reader(store),
        writer=ChargedWriter(job_parts.writer, job_parts.meters),
        clock=clock,
        streams=streams,
        mappings=mappings,
        jobs=jobs,
        backups=job_parts.backups,
        archive=archive,
        reach=job_parts.reach,
        buckets=buckets,
        series=SeriesStore(store, clock),
        insights=InsightStore(store, clock),
        recorder=job_parts.recorder,
        kinesis=bool(settings.kinesis_endpoint),
        alarms=Alarms(store, clock, _alarm_actions(settings)),
        custom=Custom(store, clock),
        scalings=Scalings(store, clock),
        cluster=view.describe,
        meters=job_parts.meters,
    )
    return parts, job_parts, budgets, [*budgets.duties(catalog), *beats]


def _cluster(settings: Settings, oneself: Oneself, parts: JobParts) -> tuple[ClusterView, list[Duty]]:
    """What operators see of the instance, and what has this router seen by others if there may be any."""
    nodes = nodes_of(settings)
    if parts.routers is None:
        return ClusterView(nodes, oneself, parts.catalog), []
    heartbeat = Heartbeat(parts.store, oneself, parts.clock)
    view = ClusterView(nodes, oneself, parts.catalog, (heartbeat, parts.routers))
    return view, [Duty("heartbeat", heartbeat.run_once, BEAT_SECONDS, everywhere=True)]


def serve(settings: Settings) -> int:
    """Run a server until SIGTERM or SIGINT. Returns 0; raises what `start` raises."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))
    return 0


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, _interrupt, stop)
    server = await start(settings)
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.freeze()  # modules and shapes stay: looking through them for garbage held up the loop for 45 ms now and then
    print(f"stator listening on {server.url}", flush=True)  # noqa: T201
    await stop.wait()
    await server.close()


def _interrupt(stop: asyncio.Event) -> None:
    """Stop; the second time at once, which loses nothing that was acknowledged."""
    if stop.is_set():
        print("stator: stopped without waiting for what runs", file=sys.stderr, flush=True)  # noqa: T201
        os._exit(130)
    stop.set()


def operations() -> Mapping[str, Operation]:
    """Every operation there is: importing its file registers it."""
    others = stator.api.cloudwatch, stator.api.autoscaling
    for package in (stator.api.dynamodb, stator.api.streams, stator.api.instance, *others):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    return OPERATIONS


def _place(settings: Settings, port: int) -> Place:
    """What metrics call this process and what it works on. The embedded engine is one shard."""
    return Place(f"{platform.node()}:{port}", None if settings.store else "0", "stator")


def _storage_bytes(settings: Settings) -> int | None:
    """What the database takes on disk, its log included; None in memory and where it is PostgreSQL's."""
    if settings.in_memory or settings.store:
        return None
    files = [settings.data_dir / f"{FILE_NAME}{suffix}" for suffix in ("", "-wal")]
    return sum(file.stat().st_size for file in files if file.exists())


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    return tls_context(str(settings.tls_cert), str(settings.tls_key))


def _keys(settings: Settings, store: Store) -> KeyFile | KeyRing | None:
    if settings.store:
        return KeyRing(store)
    return None if settings.in_memory else KeyFile(settings.data_dir)


async def _credentials(settings: Settings, keys: KeyFile | KeyRing | None) -> Credentials:
    """The keys to check signatures against. Until the first is made, whoever reaches a loopback port is let in."""
    anyone = not settings.public or settings.allow_unauthenticated
    if keys is not None:
        await keys.refresh()
    known = _known(keys)
    if isinstance(keys, KeyFile) and keys.exposed:
        _log.warning("others on this machine may read the secrets in %s; chmod 600 it", keys.path)
    if not anyone and not known:
        raise ConfigurationError(
            f"refusing to listen on {settings.host}, where others can reach it, without an access key. "
            "Make one with `stator keys create`, or pass --allow-unauthenticated to let anyone in."
        )
    if keys is not None and keys.keys and not known:
        _log.warning("every access key is revoked, so nobody is let in; make one with `stator keys create`")
        anyone = False
    return Credentials(known, anyone=anyone, account=settings.account)


def _alarm_actions(settings: Settings) -> Actions:
    return Actions.parse(settings.alarm_urls, settings.alarm_commands, settings.alarm_sns_endpoint)


def _known(keys: KeyFile | KeyRing | None) -> list[Credential]:
    return [
        Credential(key.access_key_id, key.secret_access_key, key.account)
        for key in (() if keys is None else keys.keys)
        if not key.revoked
    ]


def _front_settings(settings: Settings) -> FrontSettings:
    return FrontSettings(
        connections_max=settings.connections_max,
        idle_seconds=settings.idle_timeout_seconds,
        head_seconds=settings.request_timeout_seconds,
        body_seconds=settings.request_timeout_seconds,
        public_metrics=settings.public_metrics,
    )


async def _refresh_keys(credentials: Credentials, keys: KeyFile | KeyRing) -> int:
    """Take up what `stator keys` wrote meanwhile."""
    if not await keys.refresh():
        return 0
    credentials.replace(_known(keys))
    return 1


def _locations(settings: Settings) -> tuple[Location, Buckets]:
    """The archive, and a bucket by its name. Nothing is looked at yet."""
    if settings.store and not settings.archive:
        _log.warning("archive is not set: backups go to %s, which every router must reach", settings.archive_url)
    try:
        archive = Location.open(settings.archive_url)
    except ArchiveError as error:
        raise ConfigurationError(f"archive: {error}") from None
    try:
        Location.open(settings.buckets_url.replace("{bucket}", "bucket"))
    except ArchiveError as error:
        raise ConfigurationError(f"buckets: {error}") from None
    private = [archive]
    if not (settings.in_memory or settings.store):
        private.append(Location.open(str(settings.data_dir)))
    return archive, Buckets(settings.buckets_url, private)
