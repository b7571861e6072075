#!/usr/bin/env bash
# A host whose clock is one second ahead: half of the libraries refuse its new tokens.
# Guess: `iat` says when a token was made and decides nothing; a fresh token passes, or all libraries agree.
# Seen with a token whose `iat` is 2 s ahead and whose `exp` is 300 s ahead: PyJWT 2.15.1, joserfc 1.8.0 and Authlib
# 1.9.10 refuse it until the verifier's clock has caught up; jose 6.2.12, jsonwebtoken 9.0.3 and fast-jwt 6.3.6 take
# it. jose refuses it too once maxTokenAge is set.
# Why it matters: with the first three a click right after a page load or a renewal is refused, for as long as the
# clocks differ, and a client that renews on refusal goes round in circles; that is an interruption no token
# lifetime explains. A leeway of the size of the skew ends it, and lengthens every window by as much.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check PyJWT==2.15.1 joserfc==1.8.0 Authlib==1.9.10
npm install --silent --no-audit --no-fund jose@6.2.12 jsonwebtoken@9.0.3 fast-jwt@6.3.6
cat >verify.mjs <<'EOF'
import * as jose from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { createVerifier } from 'fast-jwt'
const [token, key] = process.argv.slice(2)
const tries = {
  jose: () => jose.jwtVerify(token, Buffer.from(key)),
  'jose with maxTokenAge': () => jose.jwtVerify(token, Buffer.from(key), { maxTokenAge: '5 min' }),
  jsonwebtoken: () => jsonwebtoken.verify(token, key),
  'fast-jwt': () => createVerifier({ key })(token)
}
for (const [name, verify] of Object.entries(tries)) {
  try { await verify(); tries[name] = 'taken' } catch { tries[name] = 'refused' }
}
console.log(JSON.stringify(tries))
EOF
venv/bin/python -W ignore - <<'EOF'
import json, subprocess, sys, time
import jwt
from authlib.jose import jwt as authlib_jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey

key = "thirty-two bytes at the very least"

def look(ahead_s: int) -> dict[str, str]:
    now = int(time.time())
    token = jwt.encode({"sub": "ann", "iat": now + ahead_s, "exp": now + 300}, key, "HS256")
    claims = joserfc_jwt.decode(token, OctKey.import_key(key)).claims
    tries = {
        "PyJWT": lambda: jwt.decode(token, key, ["HS256"]),
        "PyJWT with leeway 3": lambda: jwt.decode(token, key, ["HS256"], leeway=3),
        "joserfc": lambda: joserfc_jwt.JWTClaimsRegistry().validate(claims),
        "Authlib": lambda: authlib_jwt.decode(token, key).validate(),
    }
    for name, verify in tries.items():
        try:
            verify()
            tries[name] = "taken"
        except Exception:
            tries[name] = "refused"
    node = subprocess.run(["node", "verify.mjs", token, key], capture_output=True, text=True, check=True)
    return tries | json.loads(node.stdout)

ahead, level = look(2), look(0)
for name in ahead:
    print(f"{name}: issuer 2 s ahead {ahead[name]}, clocks level {level[name]}")
refused = {name for name in ahead if ahead[name] == "refused"}
if refused != {"PyJWT", "joserfc", "Authlib", "jose with maxTokenAge"} or set(level.values()) != {"taken"}:
    sys.exit(f"differs: refused by {sorted(refused)}")
EOF
