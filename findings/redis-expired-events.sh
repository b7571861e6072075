#!/usr/bin/env bash
# "Expired" is said when Redis comes across the key, not when the key expires.
# Guess: with keyspace notifications on, the event comes within a tenth of a second (the server's clock ticks ten
# times a second), however much else is stored.
# Seen with Redis 7.0 (Debian 12) and redis 8.1.0 (PyPI): ten times a second the server looks at some twenty of the
# keys that have a TTL. With n of them a key that nobody reads is found after up to n / 200 s, half of that on average:
# 2,000 live sessions delay the event by up to 10 s (with one it is a tenth of a second). A read finds it at once.
# Why it matters: an app that drops sockets or tells others on "expired" has a window that grows with the number of
# people signed in; in a test with three sessions it does not exist.
set -euo pipefail
command -v redis-server >/dev/null || { echo "this needs redis-server (Debian: apt-get install redis-server)" >&2; exit 1; }
dir=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; wait; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check redis==8.1.0
redis-server --port 0 --unixsocket "$dir/socket" --save '' --notify-keyspace-events Ex >/dev/null &
server=$!
venv/bin/python - <<'EOF'
import sys, threading, time
import redis

store = redis.Redis(unix_socket_path="socket", decode_responses=True)
for _ in range(100):
    try:
        version = store.info("server")["redis_version"]
        break
    except redis.ConnectionError:
        time.sleep(0.05)

def delays(others: int) -> list[float]:
    """Seconds from the expiry of forty sessions to their events, `others` live sessions beside them."""
    store.flushall()
    with store.pipeline() as pipe:
        for i in range(others):
            pipe.set(f"live:{i}", "ann", ex=36_000)
        pipe.execute()
    events: dict[str, float] = {}
    heard = store.pubsub()
    heard.subscribe("__keyevent@0__:expired")
    end = time.time() + 1
    for i in range(40):
        store.set(f"ends:{i}", "bob", px=1000)
    while len(events) < 40 and time.time() < end + 25:
        message = heard.get_message(ignore_subscribe_messages=True, timeout=0.1)
        if message:
            events[message["data"]] = time.time() - end
    return sorted(events.values())

few, many = delays(0), delays(2000)
mean = sum(many) / len(many)
print(f"Redis {version}: alone, {len(few)} of 40 events, the last {few[-1]:.2f} s after the expiry")
print(f"beside 2,000 live sessions: {len(many)} of 40 events, mean {mean:.1f} s, last {many[-1]:.1f} s")
if few[-1] > 1 or mean < 2 or many[-1] < 4:
    sys.exit("differs: expected 0.2 s at most alone; a mean near 5 s and a last near 10 s beside 2,000")
EOF
