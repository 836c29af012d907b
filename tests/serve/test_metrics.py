"""Numbers as Prometheus reads them."""

import re

from rogue_scan.serve.metrics import Histogram, Metrics

LINE = re.compile(r'[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? -?[0-9.]+(e-?[0-9]+)?')


def test_buckets_add_up() -> None:
    histogram = Histogram()
    for seconds in (0.001, 0.005, 0.3, 1000):
        histogram.add(seconds)
    lines = list(histogram.lines("x", "Says."))
    assert 'x_bucket{le="0.005"} 2' in lines
    assert 'x_bucket{le="0.5"} 3' in lines
    assert 'x_bucket{le="+Inf"} 4' in lines
    assert "x_count 4" in lines


def test_every_line_can_be_read() -> None:
    metrics = Metrics()
    metrics.requests["GET", "/v1/apps", 200] += 2
    metrics.uploaded = 5
    text = metrics.text({("done", "clean"): 3, ("failed", ""): 1}, 1, 2, "1.0", "abc")
    for line in text.splitlines():
        assert line.startswith("# ") or LINE.fullmatch(line), line
    assert 'rogue_scan_apps{state="done",verdict="clean"} 3' in text
    assert 'rogue_scan_requests_total{method="GET",route="/v1/apps",status="200"} 2' in text
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names))
