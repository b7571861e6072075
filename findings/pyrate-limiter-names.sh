#!/usr/bin/env bash
# The name that is given with a request does not choose a bucket.
# Guess: Limiter(Rate(3, 1 s)) keeps three a second for each name, and try_acquire answers False when they are gone.
# Seen with pyrate-limiter 4.5.1: all names draw on one bucket, so bob is refused since ann was busy; and the default
# is to wait, so a limit costs delay (the fourth call comes back after a second, True) and refuses nobody. A bucket a
# name needs a bucket factory of one's own.
# Why it matters: read as "three a person", the host's limit is overstated by the number of people; read as
# refusing, its cost appears in response times instead.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check pyrate-limiter==4.5.1
venv/bin/python - <<'EOF'
import sys, time
from pyrate_limiter import Duration, Limiter, Rate

gate = Limiter(Rate(3, Duration.SECOND))
answers = [gate.try_acquire(name, blocking=False) for name in ("ann", "ann", "ann", "bob", "eve")]
print("pyrate-limiter 4.5.1, 3 a second, ann three times, then bob and eve:", answers)

gate, start = Limiter(Rate(3, Duration.SECOND)), time.monotonic()
waited = [(gate.try_acquire("ann"), round(time.monotonic() - start, 2)) for _ in range(4)]
print("by default, four calls (answer, seconds since the first call):", waited)

if answers != [True, True, True, False, False]:
    sys.exit("differs: names have buckets of their own now")
if not (waited[3][0] and 0.9 < waited[3][1] < 1.5):
    sys.exit("differs: the fourth call no longer waits for its place")
EOF
