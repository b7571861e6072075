#!/usr/bin/env bash
# A sealed cookie that is good after its end.
# Guess: a session that lies sealed or signed in the cookie itself ends when the life that was set for it is over.
# Seen: with a life of 1 s iron-session 8.0.4 takes the seal for 61 s and Auth.js (@auth/core 0.41.3) for 16 s, since
# both allow for clocks that differ, by 60 s and 15 s (both sources say so). @fastify/secure-session 8.4.0 ends at 1 s
# if `expiry` says so; with `cookie.maxAge` alone only the browser is told, as with cookie-session 2.1.1, whose cookie
# also goes on after the server has answered a logout.
# Why it matters: nothing is kept at the server, so the end in the cookie is the only bound there is; a life of 5 min
# means 6 min, and a `maxAge` bounds nothing for whoever holds a copy.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund iron-session@8.0.4 @auth/core@0.41.3 cookie-session@2.1.1 express@5.2.1 \
    fastify@5.6.2 @fastify/secure-session@8.4.0
cat >cookies.mjs <<'EOJ'
import { sealData, unsealData } from 'iron-session'
import { encode, decode } from '@auth/core/jwt'
import express from 'express'
import cookieSession from 'cookie-session'
import fastify from 'fastify'
import secureSession from '@fastify/secure-session'
const pause = ms => new Promise(done => setTimeout(done, ms))
const secret = 'a key for this run, 32 bytes long'

async function lastGood (ask, upto) {
  const began = Date.now()
  let last = 0
  while (Date.now() - began < upto * 1000) {
    if (await ask().catch(() => false)) last = (Date.now() - began) / 1000
    await pause(200)
  }
  return Math.round(last)
}
async function iron () {
  const seal = await sealData({ user: 'ann' }, { password: secret, ttl: 1 })
  return lastGood(async () => (await unsealData(seal, { password: secret, ttl: 1 })).user === 'ann', 70)
}
async function authjs () {
  const key = { secret, salt: 'session' }
  const token = await encode({ ...key, token: { sub: 'ann' }, maxAge: 1 })
  return lastGood(async () => (await decode({ ...key, token })).sub === 'ann', 25)
}
async function secure (life) {
  const app = fastify()
  await app.register(secureSession, { key: Buffer.alloc(32, 1), ...life })
  app.get('/in', (request, reply) => { request.session.set('user', 'ann'); reply.send('in') })
  app.get('/who', (request, reply) => reply.send(request.session.get('user') ?? 'nobody'))
  const cookie = (await app.inject('/in')).headers['set-cookie'].split(';')[0]
  return lastGood(async () => (await app.inject({ url: '/who', headers: { cookie } })).body === 'ann', 8)
}
async function signed () {
  const app = express()
  app.use(cookieSession({ keys: [secret], maxAge: 1000 }))
  app.get('/in', (request, response) => { request.session.user = 'ann'; response.end() })
  app.get('/out', (request, response) => { request.session = null; response.end() })
  app.get('/who', (request, response) => response.end(request.session.user ?? 'nobody'))
  const server = await new Promise(done => { const s = app.listen(0, '127.0.0.1', () => done(s)) })
  const get = (path, cookie = '') => fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: { cookie } })
  const cookie = (await get('/in')).headers.getSetCookie().map(line => line.split(';')[0]).join('; ')
  await get('/out', cookie)
  const last = await lastGood(async () => (await (await get('/who', cookie)).text()) === 'ann', 8)
  server.close()
  return last
}
console.log((await Promise.all([iron(), authjs(), secure({ expiry: 1 }), secure({ cookie: { maxAge: 1 } }), signed()])).join(' '))
process.exit()
EOJ
read -r iron authjs expiry max_age signed < <(node cookies.mjs)
echo "a life of 1 s; last accepted after: iron-session $iron s, Auth.js $authjs s, secure-session with expiry $expiry s;"
echo "looked at for 8 s: secure-session with cookie.maxAge $max_age s, cookie-session after a logout $signed s"
((iron >= 60 && iron <= 62 && authjs >= 14 && authjs <= 17 && expiry <= 2 && max_age >= 7 && signed >= 7)) ||
    { echo "differs from what is written here" >&2; exit 1; }
