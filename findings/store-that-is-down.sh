#!/usr/bin/env bash
# How long a look-up waits for a store that is not there.
# Guess: redis-py says so at once, ioredis after 20 attempts in about 10 s, node-redis queues the look-up without end.
# Seen with a port that nobody listens on: redis 8.1.0 (PyPI) tries eleven times and answers after some 4 s, at each
# look-up anew; redis 6.3.1 (npm) gives every command 5 s; ioredis 6.0.0 waits up to 5 s between attempts, so its 20 take
# more than a minute (70 to 74 s by its own pauses; watched for 20).
# Why it matters: with an allowlist in that store each click waits that long before `on_failure` is even asked, and
# a blocking worker waits with it: three new defaults, three different outages from the same failure.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check redis==8.1.0
npm install --silent --no-audit --no-fund redis@6.3.1 ioredis@6.0.0
cat >look.py <<'EOF'
import socket, time
import redis

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
store, took = redis.Redis(port=port), []
for _ in range(2):
    start = time.monotonic()
    try:
        store.get("ann")
    except redis.ConnectionError:
        took.append(time.monotonic() - start)
print(*(round(seconds, 1) for seconds in took))
EOF
cat >look.mjs <<'EOF'
import { createServer } from 'node:net'
import { createClient } from 'redis'
import Redis from 'ioredis'
const port = await new Promise(done => {
  const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => done(port)) })
})
const start = Date.now()
const until = (promise, limit) => Promise.race([promise.catch(() => {}), new Promise(done => setTimeout(done, limit * 1000))])
  .then(() => Math.round((Date.now() - start) / 100) / 10)
const node = createClient({ socket: { port, host: '127.0.0.1' } })
const io = new Redis({ port, host: '127.0.0.1' })
for (const client of [node, io]) client.on('error', () => {})
node.connect().catch(() => {})
const took = await Promise.all([until(node.get('ann'), 20), until(io.get('ann'), 20)])
let planned = 0
for (let i = 1; i <= io.options.maxRetriesPerRequest; i++) planned += io.options.retryStrategy(i) / 1000
console.log(...took, Math.round(planned))
process.exit()
EOF
venv/bin/python look.py >python.txt &
node look.mjs >node.txt
wait
read -r first second <python.txt
read -r node io planned <node.txt
echo "redis 8.1.0 (Python) answered after $first s, the next time after $second s"
echo "redis 6.3.1 (Node) answered after $node s; ioredis 6.0.0 was still waiting after $io s, its 20 pauses are $planned s long"
awk -v a="$first" -v b="$second" -v n="$node" -v i="$io" -v p="$planned" \
    'BEGIN { exit !(a > 1.5 && a < 10 && b > 1.5 && b < 10 && n > 4.5 && n < 7 && i > 19 && p > 60 && p < 80) }' ||
    { echo "differs: expected about 4, 4 and 5 s; more than 20 s, and 70 to 74" >&2; exit 1; }
