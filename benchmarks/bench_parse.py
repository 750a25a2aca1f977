"""One parse of real expressions, beside promql-parser, a compiled parser. usage: bench_parse.py [rounds=2000]"""

import sys
import time
from collections.abc import Callable

import promql_parser

from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from report import Row, percentile, report

EXPRESSIONS = {
    "selector": "node_memory_MemAvailable_bytes",
    "rate": 'rate(node_network_receive_bytes_total{device!~"lo|veth.*"}[1m])',
    "cpu stack": 'sum by (mode) (rate(node_cpu_seconds_total{job="node", mode!="idle"}[1m]))',
    "memory share": "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
    "alert": (
        '(node_filesystem_avail_bytes{fstype!="",mountpoint!=""} / node_filesystem_size_bytes{fstype!=""} * 100 < 5 '
        'and node_filesystem_readonly{fstype!=""} == 0) * on (instance, device) group_left (nodename) node_uname_info'
    ),
    "quantile": "histogram_quantile(0.99, sum by (le, job) (rate(http_request_duration_seconds_bucket[5m] offset 1d)))",
    "subquery": "max_over_time(deriv(rate(distance_covered_total[5s])[30s:5s] @ end())[10m:])",
}


def main(rounds: int) -> None:
    rows = []
    for name, text in EXPRESSIONS.items():
        ours = _median_us(lambda text=text: parse(text, SIGNATURES), rounds)  # type: ignore[misc]
        theirs = _median_us(lambda text=text: promql_parser.parse(text), rounds)  # type: ignore[misc]
        rows.append(Row(name=f"parse, {name}", figure=ours, unit="us", reference="promql-parser", ratio=ours / theirs))
    report("parse", rows)


def _median_us(call: Callable[[], object], rounds: int) -> float:
    spent = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        spent.append(time.perf_counter() - started)
    return percentile(spent, 0.5) * 1e6


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
