#!/usr/bin/env bash
# A test that travels an hour ahead ends the token and leaves the cache alive.
# Guess: with the clock of a test set an hour ahead, all that was to live ten minutes has ended.
# Seen with freezegun 1.5.5 and time-machine 3.6.0: a JWT (PyJWT 2.15.1) and a diskcache 5.6.3 entry have ended; an
# entry of cachetools 8.0.2's TTLCache has not, since it counts on the monotonic clock, which time-machine leaves
# alone and which the cache took hold of before freezegun replaced it. Sent to sleep for the same second, all end.
# Why it matters: such a test shows the shorter of two windows. A cached decision that outlives the token is
# not seen in it, and a cache that never ends would pass as well.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check \
    freezegun==1.5.5 time-machine==3.6.0 PyJWT==2.15.1 cachetools==8.0.2 diskcache==5.6.3
venv/bin/python - <<'EOF'
import contextlib, sys, time
from datetime import datetime, timedelta, timezone
import diskcache, freezegun, jwt, time_machine
from cachetools import TTLCache

key = "thirty-two bytes at the very least"

def alive_after(life_s: float, travel, sleep_s: float = 0) -> str:
    token = jwt.encode({"exp": time.time() + life_s}, key, "HS256")
    memory, disk = TTLCache(9, life_s), diskcache.Cache("disk")
    memory["ann"] = True
    disk.set("ann", True, expire=life_s)
    time.sleep(sleep_s)
    with travel:
        try:
            alive = [jwt.decode(token, key, ["HS256"]) and "token"]
        except jwt.ExpiredSignatureError:
            alive = []
        alive += ["TTLCache"] * ("ann" in memory) + ["diskcache"] * (disk.get("ann") is not None)
    return ", ".join(alive) or "nothing"

later = datetime.now(timezone.utc) + timedelta(hours=1)
seen = [alive_after(600, freezegun.freeze_time(later)), alive_after(600, time_machine.travel(later)),
        alive_after(1, contextlib.nullcontext(), 1.2)]
for name, alive in zip(("freezegun 1.5.5, an hour on", "time-machine 3.6.0, an hour on", "1.2 s slept, life 1 s"), seen):
    print(f"{name}: still alive: {alive}")
if seen != ["TTLCache", "TTLCache", "nothing"]:
    sys.exit("differs: expected TTLCache, TTLCache, nothing")
EOF
