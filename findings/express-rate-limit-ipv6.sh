#!/usr/bin/env bash
# One limit for a whole office, if it speaks IPv6.
# Guess: a limit by address counts each address: two machines have a limit each, in IPv6 as in IPv4.
# Seen with express-rate-limit 8.7.4 (a default since version 8): IPv6 addresses are counted by their first 56 bits. A
# site is commonly given a /56 or /48, so all its machines share one limit: the first busy one shuts the others out.
# IPv4 addresses are counted one by one. (Addresses are those reserved for documentation, sent as a proxy would.)
# Why it matters: the same people behind the same settings meet another limit by the protocol they happen to use.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund express@5.2.1 express-rate-limit@8.7.4
node --input-type=module - <<'EOF'
import express from 'express'
import { rateLimit } from 'express-rate-limit'
const app = express()
app.set('trust proxy', 1)
app.use(rateLimit({ windowMs: 60_000, limit: 3 }))
app.get('/', (request, response) => response.send('in'))
const server = app.listen(0, '127.0.0.1', async () => {
  const ask = async from =>
    (await fetch(`http://127.0.0.1:${server.address().port}/`, { headers: { 'x-forwarded-for': from } })).status
  const pairs = {
    'same /64': ['2001:db8:0:1::1', '2001:db8:0:1::2'],
    'same /56, other /64': ['2001:db8:1:1::1', '2001:db8:1:2::1'],
    'other /56': ['2001:db8:2:100::1', '2001:db8:2:200::1'],
    'IPv4 neighbours': ['192.0.2.1', '192.0.2.2']
  }
  const seen = []
  for (const [name, [busy, other]] of Object.entries(pairs)) {
    for (let i = 0; i < 3; i++) await ask(busy)
    seen.push(await ask(other))
    console.log(`express-rate-limit 8.7.4, ${name}: after three requests of one the other gets ${seen.at(-1)}`)
  }
  server.close()
  const same = seen.join() === '429,429,200,200'
  if (!same) console.error('differs: expected 429, 429, 200, 200')
  process.exit(same ? 0 : 1)
})
EOF
