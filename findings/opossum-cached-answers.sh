#!/usr/bin/env bash
# A circuit breaker with its cache switched on keeps the first answer without end.
# Guess: `cache: true` keeps an answer for some seconds or minutes, as caches of decisions do.
# Seen with opossum 10.0.0: the default life of an entry is 0, which means for ever. A permission check behind such a
# breaker answers yes from memory for as long as the process lives, whatever the host has decided since; with
# `cacheTTL` set the answer ends, and clicks do not prolong it.
# Why it matters: a cached check is then not "covered with bound allow_for" but open.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund opossum@10.0.0
node --input-type=module - <<'EOF'
import CircuitBreaker from 'opossum'
const pause = ms => new Promise(done => setTimeout(done, ms))
async function lastYes (options) {
  let allowed = true
  const check = new CircuitBreaker(async person => allowed, { cache: true, ...options })
  await check.fire('ann')
  allowed = false
  const start = Date.now()
  let last = 0
  while (Date.now() - start < 4000) {
    if (await check.fire('ann')) last = Date.now() - start
    await pause(50)
  }
  const elsewhere = await check.fire('bob')
  check.shutdown()
  return { last, elsewhere }
}
const [unset, set] = await Promise.all([lastYes({}), lastYes({ cacheTTL: 1000 })])
console.log(`opossum 10.0.0, cache without cacheTTL: last yes ${unset.last} ms after the revocation, when watching ended (4000)`)
console.log(`cacheTTL 1000: last yes after ${set.last} ms; somebody who was not asked about before: ${unset.elsewhere}`)
if (unset.last < 3900 || set.last > 1100 || unset.elsewhere) {
  console.error('differs: the cache now has an end of its own, or cacheTTL does not end it')
  process.exit(1)
}
EOF
