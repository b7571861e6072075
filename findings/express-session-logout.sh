#!/usr/bin/env bash
# A request that is under way at logout brings the session back.
# Guess: after logout the session is gone from the server's store, whatever else is going on.
# Seen with express-session 1.19.0 (memory store): sessions are written back when a request ends. With `resave` left at
# its default a slow request that began before the logout restores the session at its end, and the old cookie is good
# again for a whole new lifetime; with resave false it does so only if it changes the session. (The package's own page
# and its issue 632 say so.) Django 5.2.19 answers the slow request with 400 and leaves the session deleted.
# Why it matters: a logout that carries no bound, and only for people who were busy, which are those who count; a
# panel that polls or streams always has a request under way.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund express@5.2.1 express-session@1.19.0
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check Django==5.2.19
cat >panel.py <<'EOF'
import sys, threading, time
from django.conf import settings
settings.configure(SECRET_KEY="a key for this run", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"],
                   SESSION_ENGINE="django.contrib.sessions.backends.cache", SESSION_SAVE_EVERY_REQUEST=True,
                   MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware"])
import django
django.setup()
from django.http import HttpResponse
from django.test import Client
from django.urls import path

def sign_in(request):
    request.session["user"] = "ann"
    return HttpResponse()

def slow(request):
    assert request.session["user"] == "ann"
    time.sleep(0.6)
    request.session["seen"] = True
    return HttpResponse()

def sign_out(request):
    request.session.flush()
    return HttpResponse()

urlpatterns = [path("in", sign_in), path("slow", slow), path("out", sign_out),
               path("who", lambda request: HttpResponse(request.session.get("user", "nobody")))]
new = lambda cookie: Client(headers={"cookie": cookie}, raise_request_exception=False)
first = Client()
first.get("/in")
cookie = "sessionid=" + first.cookies["sessionid"].value
codes = []
thread = threading.Thread(target=lambda: codes.append(new(cookie).get("/slow").status_code))
thread.start()
time.sleep(0.2)
new(cookie).get("/out")
thread.join()
print(codes[0], new(cookie).get("/who").content.decode())
EOF
cat >panel.mjs <<'EOF'
import express from 'express'
import session from 'express-session'
const pause = ms => new Promise(done => setTimeout(done, ms))
async function afterLogout (options, writes) {
  const app = express()
  app.use(session({ secret: 'a key for this run', saveUninitialized: false, ...options }))
  app.get('/in', (request, response) => { request.session.user = 'ann'; response.end() })
  app.get('/out', (request, response) => request.session.destroy(() => response.end()))
  app.get('/who', (request, response) => response.end(request.session.user ?? 'nobody'))
  app.get('/slow', async (request, response) => { await pause(600); if (writes) request.session.seen = 1; response.end() })
  const server = await new Promise(done => { const s = app.listen(0, '127.0.0.1', () => done(s)) })
  const get = (path, cookie = '') => fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { cookie } })
  const cookie = (await get('/in')).headers.getSetCookie()[0].split(';')[0]
  const slow = get('/slow', cookie)
  await pause(200)
  await get('/out', cookie)
  const during = await (await get('/who', cookie)).text()
  await slow
  const after = await (await get('/who', cookie)).text()
  server.close()
  return `${during}, ${after}`
}
console.log(await afterLogout({}, false))
console.log(await afterLogout({ resave: false }, false))
console.log(await afterLogout({ resave: false }, true))
process.exit()
EOF
mapfile -t seen < <(node panel.mjs 2>/dev/null; venv/bin/python panel.py 2>/dev/null)
echo "express-session 1.19.0, who the old cookie is right after logout, and after the slow request has ended:"
echo "  resave as it comes: ${seen[0]}; resave false: ${seen[1]}; resave false, slow request writes: ${seen[2]}"
echo "Django 5.2.19, slow request writes: answered ${seen[3]/ /, then }"
[ "${seen[*]}" = "nobody, ann nobody, nobody nobody, ann 400 nobody" ] || { echo "differs from what is written here" >&2; exit 1; }
