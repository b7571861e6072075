#!/usr/bin/env bash
# What time does a line of an access log carry?
# Guess: the same in all: a line in Common Log Format is written when a request ends and carries that time.
# Seen with a click that takes 3 s, and a quick one a second after it: nginx 1.22.1 writes the end (the slow one seems to
# come 3 s later than it did, and behind the quick one); Apache 2.4.71 writes the line at the end with the time of the
# start, so its file is not in order of time; gunicorn 27.0.1 writes the end; uvicorn 0.54.0 writes its line when the
# answer's head is sent, without a time, before it is known whether the body will get through.
# Why it matters: a think time is a gap less the response of the first click (Apache) or of the second (nginx). Sessions
# that end with a slow request end too late in one, and the order of lines is not that of clicks in the other.
set -euo pipefail
for program in nginx apache2; do
    command -v $program >/dev/null || { echo "this needs $program (Debian: apt-get install nginx-light apache2-bin)" >&2; exit 1; }
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check gunicorn==27.0.1 uvicorn==0.54.0
cat >app.py <<'EOF'
import asyncio, time

def wsgi(environ, start):
    start("200 OK", [])
    time.sleep(3 if environ["PATH_INFO"] == "/slow" else 0)
    yield b"in"

async def asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(3 if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.body", "body": b"in"})
EOF
venv/bin/python - <<'EOF'
import re, socket, subprocess, sys, threading, time, urllib.request
from datetime import datetime
from pathlib import Path

here = Path.cwd()

def free() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]

ports = {name: free() for name in ("gunicorn", "uvicorn", "nginx", "Apache")}
back = f"http://127.0.0.1:{ports['gunicorn']}"
temporary = "".join(f"{kind}_temp_path {here}/t;" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
Path("nginx.conf").write_text(f"""daemon off; pid {here}/nginx.pid; error_log {here}/nginx.error; events {{}}
    http {{ {temporary} server {{ listen 127.0.0.1:{ports['nginx']}; access_log {here}/nginx.log; location / {{ proxy_pass {back}; }} }} }}""")
modules = "\n".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
                    for name in ("mpm_event", "authz_core", "proxy", "proxy_http"))
Path("apache.conf").write_text(f"""{modules}\nServerName localhost\nListen 127.0.0.1:{ports['Apache']}\nPidFile {here}/apache.pid
    ErrorLog {here}/apache.error\nLogFormat "%h %l %u %t \\"%r\\" %>s %b" common\nCustomLog {here}/Apache.log common
    ProxyPass / {back}/\n""")
commands = {
    "gunicorn": ["venv/bin/gunicorn", "--threads", "4", "-b", back[7:], "--access-logfile", "gunicorn.log", "app:wsgi"],
    "uvicorn": ["venv/bin/uvicorn", "--port", str(ports["uvicorn"]), "--lifespan", "off", "app:asgi"],
    "nginx": ["nginx", "-p", here, "-c", here / "nginx.conf"],
    "Apache": ["apache2", "-d", here, "-f", here / "apache.conf", "-D", "FOREGROUND"],
}
servers = [subprocess.Popen(command, stdout=open(f"{name}.said", "w"), stderr=subprocess.STDOUT) for name, command in commands.items()]

def look(name: str) -> tuple[str, str]:
    """When the slow click's line appeared, and the time that it carries: both near its start or its end."""
    log = Path(f"{name}.said" if name == "uvicorn" else f"{name}.log")
    get = lambda path: urllib.request.urlopen(f"http://127.0.0.1:{ports[name]}{path}", timeout=20).read()
    for _ in range(100):
        try:
            get("/first")
            break
        except OSError:
            time.sleep(0.1)
    start = time.time()
    slow = threading.Thread(target=get, args=("/slow",))
    slow.start()
    time.sleep(1)
    get("/quick")
    early = "/slow" in log.read_text()
    slow.join()
    time.sleep(0.5)
    lines = log.read_text().splitlines()
    line = next(line for line in lines if "/slow" in line)
    stamp = re.search(r"\[(\d\d/\w+/\d{4}:[\d:]+ [+-]\d{4})\]", line)
    carries = "none" if stamp is None else "start" if datetime.strptime(stamp[1], "%d/%b/%Y:%H:%M:%S %z").timestamp() < start + 1.5 else "end"
    print(f"{name}: the line is written at the {'start' if early else 'end'}, the time in it: {carries}")
    return ("start" if early else "end"), carries

try:
    seen = {name: look(name) for name in commands}
finally:
    for server in servers:
        server.terminate()
        server.wait()
if seen != {"gunicorn": ("end", "end"), "uvicorn": ("start", "none"), "nginx": ("end", "end"), "Apache": ("end", "start")}:
    sys.exit(f"differs: {seen}")
EOF
