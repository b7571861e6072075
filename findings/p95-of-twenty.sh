#!/usr/bin/env bash
# The 95th percentile of one and the same twenty numbers.
# Guess: quantile(0.95) is one number, by linear interpolation between the 19th and the 20th value.
# Seen: NumPy 2.4.6 and DuckDB 2.0.1's quantile_cont give 362.95; DuckDB's quantile and polars 2.1.0 the nearest value,
# 361; Python's own statistics.quantiles 398.05. In polars quantile(0.5) is not median(), and describe() follows
# quantile.
# Why it matters: with few cases (20 firings a replication) the choice of library moves a p95 by a tenth, more than
# many a difference between strategies; "p95 under 380 ms" passes in one notebook and fails in the next.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check \
    numpy==2.4.6 polars==2.1.0 duckdb==2.0.1
venv/bin/python - <<'EOF'
import statistics, sys
import duckdb, numpy, polars

x = [float(i * i) for i in range(1, 21)]
table = "select {} from (select unnest($x) as v)"
ask = lambda what: float(duckdb.sql(table.format(what), params={"x": x}).fetchall()[0][0])
described = polars.Series(x).describe(percentiles=[0.95])
seen = {
    "numpy.quantile": numpy.quantile(x, 0.95),
    "duckdb quantile_cont": ask("quantile_cont(v, 0.95)"),
    "duckdb quantile": ask("quantile(v, 0.95)"),
    "polars quantile": polars.Series(x).quantile(0.95),
    "polars describe": described.filter(polars.col("statistic") == "95%")["value"][0],
    "statistics.quantiles": statistics.quantiles(x, n=20)[-1],
}
for name, value in seen.items():
    print(f"{name}: {value:.2f}")
half = (polars.Series([1.0, 2.0]).quantile(0.5), polars.Series([1.0, 2.0]).median())
print("polars, of 1 and 2: quantile(0.5) and median():", half)
expected = [362.95, 362.95, 361, 361, 361, 398.05]
if [round(float(value), 2) for value in seen.values()] != expected or half != (2.0, 1.5):
    sys.exit(f"differs: expected {expected}, and 2.0 and 1.5")
EOF
