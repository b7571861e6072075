#!/usr/bin/env bash
# Percentiles of a load test with two digits.
# Guess: Locust's percentiles are values that were measured, to the millisecond.
# Seen with Locust 2.47.0: times from 100 ms on are kept with two digits (from 10 s on still two): 147 and 152 ms are both
# 150, 3,449 ms is 3,400, 58,760 ms is 59,000, which is more than the largest, which is kept as it is. The mean is exact.
# Why it matters: a gate that costs 4 ms of 150 is not seen in p50 or p95 at all, or as 10 ms, by the luck of where the
# value lies; the difference of two means shows it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check locust==2.47.0
venv/bin/python - <<'EOP'
import sys
from locust.stats import RequestStats

def told(times: list[int]) -> tuple[float, ...]:
    stats = RequestStats()
    for ms in times:
        stats.log_request("GET", "/", ms, 0)
    entry = stats.get("/", "GET")
    return (*(entry.get_response_time_percentile(p) for p in (0.5, 0.95)), entry.avg_response_time, entry.max_response_time)

without, with_gate = told([147] * 100), told([151] * 100)
slow = told([3449] * 50 + [58760] * 50)
print(f"Locust 2.47.0, p50, p95, mean, largest: 147 ms each: {without}; with a gate of 4 ms: {with_gate}")
print(f"  half 3,449 and half 58,760 ms: {slow}")
if (without, with_gate, slow[1], slow[3]) != ((150, 150, 147, 147), (150, 150, 151, 151), 59000, 58760):
    sys.exit("differs from what is written here")
EOP
