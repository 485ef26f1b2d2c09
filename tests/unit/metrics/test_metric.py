"""Figures as text."""

from prometheus_client.parser import text_string_to_metric_families

from stator.metrics.metric import METRICS, REPLIES, TABLE_ITEMS, Figure, render


def test_every_metric_comes_back_from_the_text() -> None:
    figures = [
        Figure(metric, tuple(f'{label} "\\\n' for label in metric.labels), at) for at, metric in enumerate(METRICS)
    ]
    families = list(text_string_to_metric_families(render(figures).decode()))
    assert [family.documentation for family in families] == [metric.text for metric in METRICS]
    for at, (family, metric) in enumerate(zip(families, METRICS, strict=True)):
        (sample,) = family.samples
        assert sample.name == metric.name + "_total" * metric.counter
        assert sample.labels == {label: f'{label} "\\\n' for label in metric.labels}
        assert (sample.value, family.type) == (at, "counter" if metric.counter else "gauge")


def test_figures_of_one_metric_stand_together() -> None:
    figures = [Figure(TABLE_ITEMS, ("1", "r", "a"), 5), Figure(REPLIES, (), 1), Figure(TABLE_ITEMS, ("1", "r", "b"), 6)]
    first, second = text_string_to_metric_families(render(figures).decode())
    assert [sample.labels["table"] for sample in first.samples] == ["a", "b"]
    assert second.name == REPLIES.name


def test_names_are_unlike() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
