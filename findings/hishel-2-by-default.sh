#!/usr/bin/env bash
# An HTTP cache that does not read HTTP's caching headers, since its second version.
# Guess (from version 1): hishel follows the caching standard: "no-store" is not stored, "max-age=1" is served for a
# second, and what was asked with somebody's Authorization is looked at with care.
# Seen with hishel 2.0.0: by default every successful GET is kept by method and address alone and served without end
# (unless a ttl is given), whatever the headers say and whoever asks: bob is given the answer that ann got (the class
# says so). With rfc=True it keeps no answer to a request that carries Authorization.
# Why it matters: a permission check or introspection through such a client is open for everybody after an upgrade,
# and no header that the host sends can change it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check 'hishel[httpx]==2.0.0' httpx==0.28.1
venv/bin/python - <<'EOF'
import http.server, sys, threading, time
from hishel import SqliteStorage
from hishel.httpx import CacheClient

class Host(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Host.asked += 1
        body = f"{Host.asked}: {self.headers['authorization']} may".encode()
        self.send_response(200)
        self.send_header("cache-control", self.path[1:])
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    log_message = lambda *_: None

host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
threading.Thread(target=host.serve_forever, daemon=True).start()
seen = {}
for name, options in (("as it comes", {}), ("rfc=True", {"rfc": True})):
    client = CacheClient(storage=SqliteStorage(database_path=f"{name}.db"), **options)
    for control in ("no-store", "max-age=1", "max-age=60"):
        answers = []
        for who in ("ann", "ann", "bob"):
            answers.append(client.get(f"http://127.0.0.1:{host.server_port}/{control}", headers={"authorization": who}).text)
            time.sleep(1.5 if control == "max-age=1" else 0)
        seen[name, control] = len(set(answers))
        print(f"hishel 2.0.0, {name}, {control}: ann, ann again, bob are told {answers}")
if list(seen.values()) != [1, 1, 1, 3, 3, 3]:
    sys.exit("differs: expected one answer for all three as it comes, an answer for each with rfc=True")
EOF
