#!/usr/bin/env bash
# Does what happens at the very end of a run happen?
# Guess: a run until 3 covers [0, 3) in every simulator; an event at 3 is not executed.
# Seen with a clock that strikes at 1, 2, 3: SimPy 4.1.2, simulus 1.2.1 and Ciw 3.2.7 stop before the stroke at 3,
# salabim 26.0.9 and asimpy 0.20.0 execute it.
# Why it matters: events by the clock fall on the horizon as a matter of course (a token of 8 h in a day of 8 h, a case at
# the end, a sweep each minute), so counts of the same model differ by one a clock, and a window that ends exactly at
# the horizon is whole in one simulator and censored in the other.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check \
    simpy==4.1.2 simulus==1.2.1 ciw==3.2.7 salabim==26.0.9 asimpy==0.20.0
venv/bin/python -W ignore - <<'EOF'
import sys
import asimpy, ciw, salabim, simpy, simulus

def with_simpy() -> list[float]:
    env, strokes = simpy.Environment(), []
    def clock():
        while True:
            yield env.timeout(1)
            strokes.append(env.now)
    env.process(clock())
    env.run(until=3)
    return strokes

def with_simulus() -> list[float]:
    sim, strokes = simulus.simulator(), []
    def clock():
        while True:
            sim.sleep(1)
            strokes.append(sim.now)
    sim.process(clock)
    sim.run(3)
    return strokes

def with_ciw() -> list[float]:
    network = ciw.create_network(arrival_distributions=[ciw.dists.Deterministic(1.0)], number_of_servers=[9],
                                 service_distributions=[ciw.dists.Deterministic(0.0)])
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(3)
    return sorted(record.arrival_date for record in simulation.get_all_records())

def with_salabim() -> list[float]:
    env, strokes = salabim.Environment(yieldless=False), []
    class Clock(salabim.Component):
        def process(self):
            while True:
                yield self.hold(1)
                strokes.append(env.now())
    Clock()
    env.run(till=3)
    return strokes

def with_asimpy() -> list[float]:
    env, strokes = asimpy.Environment(), []
    class Clock(asimpy.Process):
        async def run(self):
            while True:
                await self.timeout(1)
                strokes.append(self.now)
    Clock(env)
    env.run(until=3)
    return strokes

runs = (with_simpy, with_simulus, with_ciw, with_salabim, with_asimpy)
seen = {run.__name__.removeprefix("with_"): [float(t) for t in run()] for run in runs}
for name, strokes in seen.items():
    print(f"{name}, run until 3: strokes at {strokes}")
if [len(strokes) for strokes in seen.values()] != [2, 2, 2, 3, 3]:
    sys.exit("differs: expected 2, 2, 2, 3, 3 strokes")
EOF
