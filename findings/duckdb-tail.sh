#!/usr/bin/env bash
# An approximate quantile that is not near, where it matters.
# Guess: DuckDB's approx_quantile (a t-digest) is nearest at the ends: within 1 % at p99 and beyond.
# Seen with DuckDB 2.0.1 on a million response times, one thread: of lognormal ones p99 is 1 % off, p99.9 6 %, p99.99 34 %.
# With a bump of 4 in 1,000 at 300 s (a timeout) p99.5 comes out 12 % too high. With more threads the same numbers gave
# other figures (17 % and 42 % once). `quantile_cont` is exact.
# Why it matters: p99 and beyond of a response time, or the rare long windows, are looked up in logs with this function.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check duckdb==2.0.1 numpy==2.4.6 pandas==3.1.1
venv/bin/python - <<'EOP'
import sys
import duckdb, numpy, pandas
draw = numpy.random.default_rng(3)
usual = draw.lognormal(0, 1.5, 1_000_000)
bump = numpy.where(draw.random(1_000_000) < 0.004, 300 + draw.random(1_000_000), usual)
database = duckdb.connect()
database.execute("set threads = 1")

def error(times: numpy.ndarray, share: float) -> float:
    frame = pandas.DataFrame({"s": times})
    database.register("answers", frame)
    near, exact = database.sql(f"select approx_quantile(s, {share}), quantile_cont(s, {share}) from answers").fetchall()[0]
    assert abs(exact / numpy.quantile(times, share) - 1) < 1e-9
    print(f"  p{100 * share:g}: exact {exact:.1f} s, approx_quantile {near:.1f} s ({near / exact - 1:+.1%})")
    return near / exact - 1

print("DuckDB 2.0.1, a million lognormal times:")
median, *_, far = (error(usual, share) for share in (0.5, 0.99, 0.999, 0.9999))
print("4 in 1,000 at 300 s:")
beside = error(bump, 0.995)
if not (abs(median) < 0.01 and far > 0.15 and beside > 0.05):
    sys.exit("differs from what is written here")
EOP
