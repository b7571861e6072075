#!/usr/bin/env bash
# A cache told to keep answers for zero seconds.
# Guess: nothing is kept, each call asks anew; a library that cannot mean that refuses the number.
# Seen, three calls 50 ms apart: asked three times by cachetools 8.0.2, dogpile.cache 1.5.0, diskcache 5.6.3, async-lru 2.4.0,
# expiringdict 1.2.2 and Django 5.2.19; refused by theine 2.0.0, moka-py 0.5.0, cachebox 6.2.10, memoization 0.4.0 (PyPI),
# @isaacs/ttlcache 2.1.5, quick-lru 7.3.0 and memory-cache 0.2.0 (npm). Asked once, and kept without an end, by ten:
# Flask-Caching 2.5.1, cacheout 0.17.0, aiocache 0.12.3, cashews 7.6.0 (PyPI), lru-cache 11.5.3, node-cache 5.1.2, keyv 5.6.0,
# cache-manager 7.2.9, memoizee 0.4.17 and tiny-lru 13.1.0 (npm).
# Why it matters: whoever turns a cache of permissions off by setting its life to 0 opens it for ever; `check.allow_for = 0` of a
# scenario means that nothing is kept.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund lru-cache@11.5.3 node-cache@5.1.2 keyv@5.6.0 cache-manager@7.2.9 \
    @isaacs/ttlcache@2.1.5 memoizee@0.4.17 quick-lru@7.3.0 tiny-lru@13.1.0 memory-cache@0.2.0
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check cachetools==8.0.2 dogpile.cache==1.5.0 \
    diskcache==5.6.3 async-lru==2.4.0 expiringdict==1.2.2 Django==5.2.19 theine==2.0.0 moka-py==0.5.0 cachebox==6.2.10 \
    memoization==0.4.0 Flask-Caching==2.5.1 cacheout==0.17.0 aiocache==0.12.3 cashews==7.6.0
cat >kept.py <<'EOP'
import asyncio, datetime, tempfile, time
import aiocache, async_lru, cachebox, cacheout, cachetools, cashews, diskcache, expiringdict, memoization, moka_py, theine
import django.conf
from django.core.cache.backends.locmem import LocMemCache
from dogpile.cache import make_region
from flask import Flask
from flask_caching import Cache

django.conf.settings.configure()


def told(name, asks):
    try:
        print(name, asks())
    except Exception as error:
        print(name, "refuses" if "positive" in str(error) else error)


def calls(cached):
    """How often a function is run that is called three times through a cache."""
    runs = []

    @cached
    def ask():
        runs.append(1)
        return "yes"

    for _ in range(3):
        ask()
        time.sleep(0.05)
    return len(runs)


async def awaits(cached):
    runs = []

    @cached
    async def ask():
        runs.append(1)
        return "yes"

    for _ in range(3):
        await ask()
        await asyncio.sleep(0.05)
    return len(runs)


def looks(get, put):
    runs = 0
    for _ in range(3):
        if get("k") is None:
            runs += 1
            put("k", "yes")
        time.sleep(0.05)
    return runs


def in_flask():
    app = Flask("app")
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    with app.app_context():
        return calls(cache.memoize(timeout=0))


def of_django():
    cache = LocMemCache("", {})
    return looks(cache.get, lambda key, value: cache.set(key, value, timeout=0))


def of_expiringdict():
    cache = expiringdict.ExpiringDict(max_len=9, max_age_seconds=0)
    return looks(cache.get, cache.__setitem__)


def of_dogpile():
    region = make_region().configure("dogpile.cache.memory", expiration_time=0)
    return calls(region.cache_on_arguments())


cashews.cache.setup("mem://")
told("cachetools", lambda: calls(cachetools.cached(cachetools.TTLCache(9, ttl=0))))
told("dogpile.cache", of_dogpile)
told("diskcache", lambda: calls(diskcache.Cache(tempfile.mkdtemp(dir=".")).memoize(expire=0)))
told("async-lru", lambda: asyncio.run(awaits(async_lru.alru_cache(ttl=0))))
told("expiringdict", of_expiringdict)
told("Django", of_django)
told("theine", lambda: calls(theine.Memoize(9, ttl=datetime.timedelta(0))))
told("moka-py", lambda: calls(moka_py.cached(maxsize=9, ttl=0)))
told("cachebox", lambda: calls(cachebox.cached(cachebox.TTLCache(9, 0))))
told("memoization", lambda: calls(memoization.cached(ttl=0)))
told("Flask-Caching", in_flask)
told("cacheout", lambda: calls(cacheout.Cache(ttl=0).memoize()))
told("aiocache", lambda: asyncio.run(awaits(aiocache.cached(ttl=0))))
told("cashews", lambda: asyncio.run(awaits(cashews.cache(ttl=0))))
EOP
cat >kept.mjs <<'EOJ'
import { LRUCache } from 'lru-cache'
import NodeCache from 'node-cache'
import Keyv from 'keyv'
import { createCache } from 'cache-manager'
import { TTLCache } from '@isaacs/ttlcache'
import memoizee from 'memoizee'
import QuickLRU from 'quick-lru'
import { lru } from 'tiny-lru'
import memoryCache from 'memory-cache'
const pause = () => new Promise(done => setTimeout(done, 50))
async function told (name, make) {
  let runs = 0
  try {
    const [get, put] = make()
    for (let i = 0; i < 3; i++) {
      if ((await get('k')) == null) { runs++; await put('k', 'yes') }
      await pause()
    }
  } catch (error) { runs = /positive|greater than 0/.test(error.message) ? 'refuses' : error.message }
  console.log(name, runs)
}
const of = cache => [key => cache.get(key), (key, value) => cache.set(key, value)]
await told('@isaacs/ttlcache', () => of(new TTLCache({ max: 9, ttl: 0 })))
await told('quick-lru', () => of(new QuickLRU({ maxSize: 9, maxAge: 0 })))
await told('memory-cache', () => [key => memoryCache.get(key), (key, value) => memoryCache.put(key, value, 0)])
await told('lru-cache', () => of(new LRUCache({ max: 9, ttl: 0 })))
await told('node-cache', () => of(new NodeCache({ stdTTL: 0 })))
await told('keyv', () => of(new Keyv({ ttl: 0 })))
await told('cache-manager', () => of(createCache({ ttl: 0 })))
let runs = 0
const ask = memoizee(() => { runs++; return 'yes' }, { maxAge: 0 })
for (let i = 0; i < 3; i++) { ask(); await pause() }
console.log('memoizee', runs)
await told('tiny-lru', () => of(lru(9, 0)))
EOJ
{ venv/bin/python kept.py; node kept.mjs; } | tee seen
cat >expected <<'EOP'
cachetools 3
dogpile.cache 3
diskcache 3
async-lru 3
expiringdict 3
Django 3
theine refuses
moka-py refuses
cachebox refuses
memoization refuses
Flask-Caching 1
cacheout 1
aiocache 1
cashews 1
@isaacs/ttlcache refuses
quick-lru refuses
memory-cache refuses
lru-cache 1
node-cache 1
keyv 1
cache-manager 1
memoizee 1
tiny-lru 1
EOP
diff expected seen
