#!/usr/bin/env bash
# Told to come back in three seconds: who listens.
# Guess: a client library that repeats a request after 429 waits as long as Retry-After says, and its own waits are for
# answers without it.
# Seen, Retry-After: 3: got 14.6.6, ky 1.14.3, axios-retry 4.5.0, undici 7.30.2 (RetryAgent), requests 2.34.2 and
# httpx-retries 0.6.0 wait 3 s. superagent 10.4.2 (`retry`) is back within 0.1 s, aiohttp-retry 2.9.1 after 0.2 s,
# fetch-retry 6.0.0 after 1 s. undici's longest wait of 30 s and urllib3's `retry_after_max` hold for Retry-After too:
# told 3 s and set to at most 1 s, both are back after 1 s.
# Why it matters: at a host that counts refused calls, clients that come back early keep everybody refused; the wait
# after a 429 is a setting of the client, not of the host that names it.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund got@14.6.6 ky@1.14.3 axios@1.21.1 axios-retry@4.5.0 superagent@10.4.2 \
    undici@7.30.2 fetch-retry@6.0.0
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check requests==2.34.2 urllib3==2.8.0 httpx==0.28.1 \
    httpx-retries==0.6.0 aiohttp-retry==2.9.1
cat >host.py <<'EOP'
import http.server, time
asked = {}

class Host(http.server.BaseHTTPRequestHandler):
    """The first call of each path is one too many; the second prints how long it waited."""
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        first = asked.setdefault(self.path, time.monotonic())
        waited = time.monotonic() - first
        self.send_response(200 if waited > 0.01 else 429)
        if waited > 0.01:
            print(self.path[1:], round(waited, 1), flush=True)
        else:
            self.send_header("Retry-After", "3")
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
print(server.server_port, flush=True)
server.serve_forever()
EOP
venv/bin/python host.py >waits &
server=$!
until [ -s waits ]; do sleep 0.1; done
export HOST="http://127.0.0.1:$(head -n 1 waits)"
cat >clients.mjs <<'EOJ'
import got from 'got'
import ky from 'ky'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import superagent from 'superagent'
import fetchRetry from 'fetch-retry'
import { Agent, RetryAgent, fetch as undici } from 'undici'
const at = name => `${process.env.HOST}/${name}`
axiosRetry(axios, { retries: 3, retryCondition: error => error.response?.status === 429 })
await Promise.all([
  got(at('got')), ky(at('ky')), axios.get(at('axios-retry')), superagent.get(at('superagent')).retry(3),
  fetchRetry(fetch, { retries: 3, retryOn: [429] })(at('fetch-retry')),
  undici(at('undici'), { dispatcher: new RetryAgent(new Agent()) }),
  undici(at('undici-at-most-1'), { dispatcher: new RetryAgent(new Agent(), { maxTimeout: 1000 }) })
])
process.exit()
EOJ
cat >clients.py <<'EOP'
import asyncio, os
import httpx, requests
from aiohttp_retry import ExponentialRetry, RetryClient
from httpx_retries import RetryTransport
from requests.adapters import HTTPAdapter
from urllib3 import Retry

at = lambda name: f"{os.environ['HOST']}/{name}"
for name, retries in (("requests", 3), ("urllib3-at-most-1", Retry(3, status_forcelist=[429], retry_after_max=1))):
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retries))
    session.get(at(name))
httpx.Client(transport=RetryTransport()).get(at("httpx-retries"))

async def main():
    async with RetryClient(retry_options=ExponentialRetry(attempts=3, statuses={429})) as client:
        await client.get(at("aiohttp-retry"))
asyncio.run(main())
EOP
node clients.mjs
venv/bin/python clients.py
echo "told to come back in 3 s; back after, in seconds:"
tail -n +2 waits | sort | sed 's/^/  /'
tail -n +2 waits | venv/bin/python -c '
import sys
waits = {name: float(seconds) for name, seconds in map(str.split, sys.stdin)}
obey = {"got", "ky", "axios-retry", "undici", "requests", "httpx-retries"}
most = {"superagent": 0.3, "aiohttp-retry": 0.5, "fetch-retry": 1.5, "undici-at-most-1": 1.5, "urllib3-at-most-1": 1.5}
same = waits.keys() == obey | most.keys() and all(2.9 <= waits[name] <= 3.6 for name in obey)
sys.exit(0 if same and all(waits[name] <= limit for name, limit in most.items()) else "differs from what is written here")'
