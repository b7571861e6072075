#!/usr/bin/env bash
# Restarting the server ends the sessions? Not the streams that are open.
# Guess: a server that is told to stop gives open responses half a minute at most, then cuts them.
# Seen with a stream of events that never ends: Hypercorn 0.18.0 cuts it after 3 s, gunicorn 27.0.1 after 30 s, uvicorn
# 0.54.0 never (it was still sent when watching ended, 35 s after the signal), since its timeout_graceful_shutdown is
# unset; set to 5 s it cuts after 5.
# Why it matters: "we restart after revoking" ends tokens kept in memory, and leaves the person who has the panel open
# with its stream: the window of a held connection has the old process's life for a bound, which may be none.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check uvicorn==0.54.0 Hypercorn==0.18.0 gunicorn==27.0.1
cat >app.py <<'EOF'
import asyncio, time

async def asgi(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"data: in\n\n", "more_body": True})
            await asyncio.sleep(0.2)
    while (message := (await receive())["type"]):
        await send({"type": message + ".complete"})
        if message == "lifespan.shutdown":
            return

def wsgi(environ, start):
    start("200 OK", [])
    while True:
        yield b"data: in\n\n"
        time.sleep(0.2)
EOF
venv/bin/python - <<'EOF'
import signal, socket, subprocess, sys, threading, time, urllib.request

commands = {
    "Hypercorn": "hypercorn -b 127.0.0.1:{} app:asgi",
    "gunicorn": "gunicorn -b 127.0.0.1:{} app:wsgi",
    "uvicorn": "uvicorn --port {} app:asgi",
    "uvicorn, 5 s": "uvicorn --timeout-graceful-shutdown 5 --port {} app:asgi",
}
seen: dict[str, float] = {}

def watch(name: str, watched_s: float = 35) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["venv/bin/" + word if i == 0 else word for i, word in enumerate(commands[name].format(port).split())]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                stream = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=watched_s)
                break
            except OSError:
                time.sleep(0.1)
        stream.readline()
        server.send_signal(signal.SIGTERM)
        start = last = time.monotonic()
        try:
            while last < start + watched_s and stream.readline():
                last = time.monotonic()
        except OSError:
            pass
        seen[name] = last - start
    finally:
        server.kill()
        server.wait()

threads = [threading.Thread(target=watch, args=(name,)) for name in commands]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for name in commands:
    print(f"{name}: the stream went on for {seen[name]:.1f} s after the signal")
expected = {"Hypercorn": (2, 5), "gunicorn": (28, 33), "uvicorn": (35, 36), "uvicorn, 5 s": (4, 7)}
if not all(low <= seen[name] <= high for name, (low, high) in expected.items()):
    sys.exit("differs: expected 3, 30, 35 (no end seen) and 5 s")
EOF
