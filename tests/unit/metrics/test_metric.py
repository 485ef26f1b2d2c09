"""Figures as text."""

from prometheus_client.parser import text_string_to_metric_families

from stator.metrics.metric import LATENCY, METRICS, REPLIES, TABLE_ITEMS, Figure, render


def test_every_metric_comes_back_from_the_text() -> None:
    figures = [
        Figure(
            metric,
            tuple(f'{label} "\\\n' for label in metric.labels),
            at,
            [("0.5", 1), ("+Inf", 2)] if metric.histogram else (),
        )
        for at, metric in enumerate(METRICS)
    ]
    families = list(text_string_to_metric_families(render(figures).decode()))
    assert [family.documentation for family in families] == [metric.text for metric in METRICS]
    for at, (family, metric) in enumerate(zip(families, METRICS, strict=True)):
        if metric.histogram:
            assert family.type == "histogram"
            continue
        (sample,) = family.samples
        assert sample.name == metric.name + "_total" * metric.counter
        assert sample.labels == {label: f'{label} "\\\n' for label in metric.labels}
        assert (sample.value, family.type) == (at, "counter" if metric.counter else "gauge")


def test_figures_of_one_metric_stand_together() -> None:
    figures = [Figure(TABLE_ITEMS, ("1", "r", "a"), 5), Figure(REPLIES, (), 1), Figure(TABLE_ITEMS, ("1", "r", "b"), 6)]
    first, second = text_string_to_metric_families(render(figures).decode())
    assert [sample.labels["table"] for sample in first.samples] == ["a", "b"]
    assert second.name == REPLIES.name


def test_histograms_have_buckets_a_count_and_a_sum() -> None:
    figure = Figure(LATENCY, ("GetItem",), 1.25, [("0.5", 3.0), ("+Inf", 4.0)])
    (family,) = text_string_to_metric_families(render([figure]).decode())
    told = {(sample.name, sample.labels.get("le")): sample.value for sample in family.samples}
    assert told == {
        ("stator_request_latency_seconds_bucket", "0.5"): 3,
        ("stator_request_latency_seconds_bucket", "+Inf"): 4,
        ("stator_request_latency_seconds_count", None): 4,
        ("stator_request_latency_seconds_sum", None): 1.25,
    }


def test_names_are_unlike() -> None:
    assert len({metric.name for metric in METRICS}) == len(METRICS)
