#!/usr/bin/env bash
# "Remember me for two seconds" is a request to the browser; the server does not count.
# Guess: a remember cookie past REMEMBER_COOKIE_DURATION is refused, as a Flask session past its lifetime is.
# Seen with Flask-Login 0.6.3, Flask 3.1.3: the cookie carries the user's id and a signature, no time. The duration
# only becomes the cookie's Expires, so a client that keeps it is signed in without end (until the key or the id
# changes), and every use starts a new session (see the project's issue 422). `is_active = False` ends it at the next click.
# Why it matters: modelled as a token of that duration its window is bounded; what is there is a token without expiry
# for whoever holds a copy (a taker, a script, a browser that restores its cookies).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check Flask==3.1.3 Flask-Login==0.6.3
venv/bin/python - <<'EOF'
import sys, time
from datetime import timedelta
import flask, flask_login

app = flask.Flask("panel")
app.config.update(SECRET_KEY="a key for this run", REMEMBER_COOKIE_DURATION=timedelta(seconds=2),
                  PERMANENT_SESSION_LIFETIME=timedelta(seconds=2))
logins = flask_login.LoginManager(app)

class Person(flask_login.UserMixin):
    id, is_active = "ann", True

ann = Person()
logins.user_loader(lambda key: ann)

@app.get("/in")
def sign_in():
    flask.session.permanent = True
    flask_login.login_user(ann, remember=True)
    return ""

@app.get("/panel")
@flask_login.login_required
def panel():
    return ""

made = app.test_client().get("/in").headers.getlist("Set-Cookie")
cookies = {cookie.split("=")[0]: cookie.split(";")[0] for cookie in made}
expires = next(part for cookie in made if "remember" in cookie for part in cookie.split("; ") if "Expires" in part)
time.sleep(5)
client = app.test_client(use_cookies=False)
look = lambda name: client.get("/panel", headers={"Cookie": cookies[name]}).status_code
seen = {"session": look("session"), "remember_token": look("remember_token")}
ann.is_active = False
seen["remember_token, person inactive"] = look("remember_token")
print(f"Flask-Login 0.6.3, 5 s after sign-in, both set to last 2 s (sent with {expires}):", seen)
if list(seen.values()) != [401, 200, 401]:
    sys.exit("differs: expected 401, 200, 401")
EOF
