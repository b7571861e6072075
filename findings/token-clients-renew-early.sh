#!/usr/bin/env bash
# A short token is fetched anew for every call, by clients that renew early.
# Guess: a client library keeps an access token until shortly before its end, so a token of five minutes costs one
# fetch in five minutes.
# Seen: MSAL 1.39.0 hands out a cached token only while more than 300 s of it are left, google-auth 2.62.2 225 s, Authlib
# 1.9.10 60 s, botocore 1.44.8 900 s (credentials from a container endpoint). Whoever issues tokens that live no longer
# than that is asked at each use, ten times for ten calls in a row.
# Why it matters: shortening a lifetime past the client's margin turns `host` renewal into `host_each`: no window is
# gained that a check would not give, each click pays a round trip, and the issuer's rate limit is the next to go.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check \
    msal==1.39.0 google-auth==2.62.2 Authlib==1.9.10 botocore==1.44.8 requests==2.34.2
AWS_CONFIG_FILE=none AWS_SHARED_CREDENTIALS_FILE=none AWS_EC2_METADATA_DISABLED=true venv/bin/python -W ignore - <<'EOF'
import http.server, json, os, sys, threading, time
import botocore.session, msal, requests
from authlib.integrations.requests_client import OAuth2Session
from google.auth.transport.requests import Request
from google.oauth2.credentials import Credentials

class Issuer(http.server.BaseHTTPRequestHandler):
    life_s, fetches = 0, 0

    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        if "openid-configuration" in self.path:
            answer = {name: "https://issuer.example/tenant" for name in ("issuer", "authorization_endpoint", "token_endpoint")}
        else:
            Issuer.fetches += 1
            end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + Issuer.life_s))
            answer = {"access_token": "a", "token_type": "Bearer", "expires_in": Issuer.life_s,
                      "AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": end}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET
    log_message = lambda *_: None

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
threading.Thread(target=server.serve_forever, daemon=True).start()
here = f"http://127.0.0.1:{server.server_port}"
os.environ |= {"AUTHLIB_INSECURE_TRANSPORT": "1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": here + "/credentials"}

class Here:  # MSAL insists on https; its requests for the name issuer.example come to this process
    get = staticmethod(lambda url, **options: requests.get(url.replace("https://issuer.example", here), params=options.get("params")))
    post = staticmethod(lambda url, **options: requests.post(url.replace("https://issuer.example", here), data=options.get("data")))
    close = staticmethod(lambda: None)

def microsoft():
    app = msal.ConfidentialClientApplication("panel", client_credential="secret", http_client=Here(), instance_discovery=False,
                                             oidc_authority="https://issuer.example/tenant")
    return lambda: app.acquire_token_for_client(["read"])["access_token"]

def google():
    held = Credentials(None, refresh_token="r", token_uri=here + "/token", client_id="panel", client_secret="secret")
    return lambda: held.before_request(Request(), "GET", here, {})

def authlib():
    client = OAuth2Session("panel", "secret", token_endpoint=here + "/token", grant_type="client_credentials")
    return lambda: client.ensure_active_token(client.token) if client.token else client.fetch_token(here + "/token")

def amazon():
    session = botocore.session.Session()
    return lambda: session.get_credentials().get_frozen_credentials()

differs = False
for client, margin_s in ((microsoft, 300), (google, 225), (authlib, 60), (amazon, 900)):
    seen = []
    for Issuer.life_s in (margin_s - 5, margin_s + 60):
        Issuer.fetches, use = 0, client()
        for _ in range(10):
            use()
        seen.append(Issuer.fetches)
    print(f"{client.__name__}: ten uses in a row fetch {seen[0]} tokens of {margin_s - 5} s, {seen[1]} of {margin_s + 60} s")
    differs |= seen[0] < 10 or seen[1] != 1
sys.exit("differs: expected ten or more, then one" if differs else 0)
EOF
