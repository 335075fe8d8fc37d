"""The counts of a process in the text format of Prometheus.

Nothing is registered with the library's own global registry: what is shown is built from
values at each look, so that a process may hold several, as tests do.
"""

from collections.abc import Iterable
from math import isinf

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from bot.metric import Family, Kind

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def render_metrics(families: Iterable[Family]) -> bytes:
    """The families, with what this process takes of memory, time and files on Linux."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Shown([_metric_of(family) for family in families]))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Shown(Collector):
    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics

    def describe(self) -> Iterable[Metric]:
        """The registry looks here for names given twice."""
        return self._metrics


def _metric_of(family: Family) -> Metric:
    if family.kind is Kind.HISTOGRAM:
        histogram = HistogramMetricFamily(family.name, family.about, labels=family.labels)
        for labels, found in sorted(family.distributions.items()):
            buckets = [
                ("+Inf" if isinf(bound) else str(float(bound)), number)
                for bound, number in found.buckets
            ]
            histogram.add_metric(labels, buckets, found.total)
        return histogram
    made: CounterMetricFamily | GaugeMetricFamily = (
        CounterMetricFamily(family.name, family.about, labels=family.labels)
        if family.kind is Kind.COUNTER
        else GaugeMetricFamily(family.name, family.about, labels=family.labels)
    )
    for labels, value in sorted(family.values.items()):
        made.add_metric(labels, value)
    return made
