#!/usr/bin/env bash
# A signing key is withdrawn: how long do verifiers go on with it?
# Guess: until the age that their cache of keys was given, here one second.
# Seen, tokens of a key that is in the set no more, 0.1, 3 and 6 s after that: jose 6.2.18, jwks-rsa 4.1.0,
# express-oauth2-jwt-bearer 1.10.0 and PyJWT 2.15.1 refuse from 3 s on, and hono 4.13.19, which asks for the set at each
# request, at once. get-jwks 11.0.3 says yes once more at 3 s although it has just read the new set. PyJWT with
# `cache_keys=True` and aws-jwt-verify 5.2.1, which has no age to set, never read the set again for a key they know.
# Why it matters: withdrawing a key ends all tokens at once only where the set is read again; for those who never do, the
# window is the token's lifetime, as without a withdrawal.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund jose@6.2.18 jwks-rsa@4.1.0 get-jwks@11.0.3 aws-jwt-verify@5.2.1 jsonwebtoken@9.0.3 \
    express-oauth2-jwt-bearer@1.10.0 express@5.3.0 hono@4.13.19
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check "PyJWT==2.15.1" cryptography==50.0.2
cat >verifiers.mjs <<'EOJ'
import http from 'node:http'
import { JwtVerifier } from 'aws-jwt-verify'
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import getJwks from 'get-jwks'
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
import { SimpleJwksCache } from 'aws-jwt-verify/jwk'
import * as jose from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import jwksRsa from 'jwks-rsa'
const pause = ms => new Promise(done => setTimeout(done, ms))
const pair = () => jose.generateKeyPair('RS256', { extractable: true })
const named = async (pair, kid) => ({ ...await jose.exportJWK(pair.publicKey), kid, alg: 'RS256', use: 'sig' })
const [old, next] = [await pair(), await pair()]
let keys = [await named(old, 'old')]
const host = http.createServer((_, answer) => {
  answer.setHeader('Content-Type', 'application/json')
  answer.end(JSON.stringify({ keys }))
}).listen(0, '127.0.0.1')
await pause(100)
const base = `http://127.0.0.1:${host.address().port}/`
const uri = `${base}.well-known/jwks.json`
const token = await new jose.SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'old' }).setIssuer(base).setAudience('app')
  .setSubject('somebody').setIssuedAt().setExpirationTime('1h').sign(old.privateKey)
const headers = { Authorization: `Bearer ${token}` }
const ok = response => { if (!response.ok) throw new Error(String(response.status)) }
const set = jose.createRemoteJWKSet(new URL(uri), { cacheMaxAge: 1000 })
const rsa = jwksRsa({ jwksUri: uri, cache: true, cacheMaxAge: 1000 })
const got = getJwks({ ttl: 1000, issuersWhitelist: [base] })
const fetcher = { fetch: async at => new Uint8Array(await (await fetch(at)).arrayBuffer()) } // its own speaks https only
const aws = JwtVerifier.create({ issuer: base, audience: 'app', jwksUri: uri }, { jwksCache: new SimpleJwksCache({ fetcher }) })
const app = express()
app.use(auth({ issuer: base, audience: 'app', jwksUri: uri, cacheMaxAge: 1000 }))
app.use((request, response) => response.send('in'))
app.use((error, request, response, next) => response.sendStatus(error.status))
const served = app.listen(0, '127.0.0.1')
await pause(100)
const small = new Hono().use('/', jwk({ jwks_uri: uri, alg: ['RS256'] })).get('/', c => c.text('in'))
const verifiers = {
  jose: () => jose.jwtVerify(token, set),
  'jwks-rsa': async () => jsonwebtoken.verify(token, (await rsa.getSigningKey('old')).getPublicKey()),
  'express-oauth2-jwt-bearer': async () => ok(await fetch(`http://127.0.0.1:${served.address().port}/`, { headers })),
  hono: async () => ok(await small.request('/', { headers })),
  'get-jwks': async () => jsonwebtoken.verify(token, await got.getPublicKey({ kid: 'old', alg: 'RS256', domain: base })),
  'aws-jwt-verify': () => aws.verify(token)
}
const seen = Object.fromEntries(Object.keys(verifiers).map(name => [name, []]))
const ask = async () => {
  for (const [name, verify] of Object.entries(verifiers)) {
    seen[name].push(await Promise.resolve().then(verify).then(() => 'in', () => 'refused'))
  }
}
await ask()
keys = [await named(next, 'next')]
await pause(100)
for (let i = 0; i < 3; i++) { await ask(); await pause(3000) }
for (const [name, said] of Object.entries(seen)) console.log(name, ...said)
process.exit()
EOJ
cat >verifiers.py <<'EOP'
import http.server, json, threading, time
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

old, following = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
named = lambda key, kid: json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "use": "sig", "alg": "RS256"}
keys = [named(old, "old")]


class Host(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        content = json.dumps({"keys": keys}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_): pass


host = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Host)
threading.Thread(target=host.serve_forever, daemon=True).start()
token = jwt.encode({"sub": "somebody"}, old, algorithm="RS256", headers={"kid": "old"})
uri = f"http://127.0.0.1:{host.server_port}/"
clients = [jwt.PyJWKClient(uri, lifespan=1, cache_keys=kept) for kept in (False, True)]


def ask():
    for client, said in zip(clients, seen):
        try:
            jwt.decode(token, client.get_signing_key_from_jwt(token), algorithms=["RS256"])
            said.append("in")
        except jwt.PyJWTError:
            said.append("refused")


seen = [[], []]
ask()
keys[:] = [named(following, "next")]
time.sleep(0.1)
for _ in range(3):
    ask()
    time.sleep(3)
print("PyJWT", *seen[0])
print("PyJWT, cache_keys=True", *seen[1])
EOP
{ node verifiers.mjs; venv/bin/python verifiers.py; } | tee seen
cat >expected <<'EOP'
jose in in refused refused
jwks-rsa in in refused refused
express-oauth2-jwt-bearer in in refused refused
hono in refused refused refused
get-jwks in in in refused
aws-jwt-verify in in in in
PyJWT in in refused refused
PyJWT, cache_keys=True in in in in
EOP
diff expected seen
