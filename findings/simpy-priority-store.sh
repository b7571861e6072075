#!/usr/bin/env bash
# Among equals, the store of priorities does not keep the order in which they came.
# Guess: SimPy's PriorityStore hands out items of one priority first come, first served, as its PriorityResource does.
# Seen with SimPy 4.1.2: eight items of one priority come out in the order of a heap, 0 2 6 5 7 4 1 3. PriorityResource
# keeps the order of arrival. A number beside the priority (when it came) mends it.
# Why it matters: webhooks or jobs of equal rank overtake one another. Means of waits hold, since no work is lost,
# but their spread and tail grow, and the longest wait (a bound) is somebody else's.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check simpy==4.1.2
venv/bin/python - <<'EOF'
import random, statistics, sys
import simpy

def order(rank) -> list[int]:
    env, out = simpy.Environment(), []
    store, desk = simpy.PriorityStore(env), simpy.PriorityResource(env)
    def hand_out():
        for i in range(8):
            yield store.put(simpy.PriorityItem(rank(i), i))
        for _ in range(8):
            out.append((yield store.get()).item)
    env.process(hand_out())
    env.run()
    return out

def waits(rank) -> list[float]:
    """Waits in a queue at 90 % load, all of one priority."""
    env, draw, seen = simpy.Environment(), random.Random(7), []
    store = simpy.PriorityStore(env)
    def arrive():
        for i in range(20_000):
            yield env.timeout(draw.expovariate(0.9))
            store.put(simpy.PriorityItem(rank(i), env.now))
    def serve():
        for _ in range(20_000):
            item = yield store.get()
            seen.append(env.now - item.item)
            yield env.timeout(1)
    env.process(arrive())
    env.process(serve())
    env.run()
    return seen

plain, mended = (lambda i: 1), (lambda i: (1, i))
print("SimPy 4.1.2, PriorityStore, eight of one priority:", order(plain), "with their number beside it:", order(mended))
heap, fifo = waits(plain), waits(mended)
print(f"queue at 90 %: mean wait {statistics.fmean(heap):.2f} and {statistics.fmean(fifo):.2f}, "
      f"p99 {statistics.quantiles(heap, n=100)[-1]:.1f} and {statistics.quantiles(fifo, n=100)[-1]:.1f}")
if order(plain) == list(range(8)) or order(mended) != list(range(8)):
    sys.exit("differs: the store keeps the order of arrival now")
EOF
