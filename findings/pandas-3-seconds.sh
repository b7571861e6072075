#!/usr/bin/env bash
# Think times a thousand times too short, without a warning.
# Guess (from pandas 2): times as integers are nanoseconds, so .astype("int64") / 1e9 are seconds.
# Seen with pandas 3.1.1: times read from text, and from numbers of seconds, are kept in microseconds, so the same line
# gives thousandths of seconds. A column made from nanoseconds stays in nanoseconds, so the unit depends on where a
# column came from. .dt.total_seconds() of a difference is right in all.
# Why it matters: a script that fits think times or sessions from a log and worked last year now says that people
# click a thousand times faster; every ratio and every picture without an axis looks the same as before.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check pandas==3.1.1
venv/bin/python - <<'EOF'
import sys
import pandas as pd

text = pd.Series(["2026-11-02T08:00:00Z", "2026-11-02T08:00:07Z"])
epoch_s = pd.Series([1793606400, 1793606407])
columns = {
    "text": pd.to_datetime(text),
    "epoch seconds": pd.to_datetime(epoch_s, unit="s"),
    "epoch nanoseconds": pd.to_datetime(epoch_s * 10**9),
}
seen = [round((times.astype("int64") / 1e9).diff()[1], 6) for times in columns.values()]
for (name, times), pause in zip(columns.items(), seen):
    print(f"pandas 3.1.1, {name}: kept as {times.dtype}; a pause of 7 s by .astype('int64') / 1e9: {pause}; "
          f"by total_seconds: {times.diff().dt.total_seconds()[1]}")
if seen != [0.007, 0.007, 7.0]:
    sys.exit("differs: expected 0.007, 0.007 and 7")
EOF
