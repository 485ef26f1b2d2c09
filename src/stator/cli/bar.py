"""The bar that a terminal shows. Imported where there is one, since rich takes its time to load."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Bar:
    """Shown on the error stream when made, until `close`."""

    def __init__(self, text: str, total: int | None, unit: str) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[done]}"),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        self._unit = unit
        self._total = total
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._progress.start()
        self._task = self._progress.add_task(text, total=total, done="", rate="")

    def show(self, count: int, size: int, rate: float) -> None:
        if self._total is not None and count > self._total:  # services count the items of a table every few hours
            self._total = None
            self._progress.update(self._task, total=None)
        of = f"/{self._total:,}" if self._total is not None else ""
        each = size / count if count else 0.0
        speed = f"{rate:,.0f}/s" + (f" {rate * each / 1e6:.1f} MB/s" if size else "")
        self._progress.update(self._task, completed=count, done=f"{count:,}{of} {self._unit}", rate=speed)

    def close(self) -> None:
        self._progress.stop()
