#!/usr/bin/env bash
# Ten replications that are one, and a neighbour's numbers with them.
# Guess: a model that sets no seed gives other numbers in each run, and a simulator's seed is its own affair.
# Seen with salabim 26.0.9: importing it sets Python's global generator to a fixed seed, so `random` gives the same
# numbers in every process, in code that never calls salabim; and each new Environment sets it, and NumPy's global
# generator, to 1234567 again. Three runs one after the other are the same run three times.
# Why it matters: over such replications the standard deviation is 0 and the interval has no width: a stopping rule
# is content after the first look. A bootstrap or a workload drawn in between with the global generators repeats too.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check salabim==26.0.9 numpy==2.4.6
cat >model.py <<'EOF'
import random
import numpy, salabim

at_import = random.random()

def mean_length() -> float:
    """Mean length of a queue at 80 % load over 500 services, no seed given."""
    env = salabim.Environment(yieldless=False)
    server, service = salabim.Resource(), salabim.Exponential(1)
    class Person(salabim.Component):
        def process(self):
            yield self.request(server)
            yield self.hold(service.sample())
    salabim.ComponentGenerator(Person, iat=salabim.Exponential(1.25))
    env.run(till=500)
    return server.requesters().length.mean()

runs, beside = [], []
for _ in range(3):
    runs.append(mean_length())
    salabim.Environment(yieldless=False)
    beside.append((random.random(), float(numpy.random.random())))
print(at_import, len(set(runs)), len(set(beside)))
EOF
for _ in 1 2 3; do venv/bin/python -W ignore model.py; done >seen.txt
cat <<EOF
salabim 26.0.9, in three processes of three runs each:
  first number of Python's generator after the import: $(cut -d' ' -f1 seen.txt | sort -u | wc -l) value
  different runs in a process: $(cut -d' ' -f2 seen.txt | xargs)
  different numbers of Python's and NumPy's generators after a new Environment: $(cut -d' ' -f3 seen.txt | xargs)
EOF
[ "$(sort -u seen.txt | wc -l) $(cut -d' ' -f2- seen.txt | sort -u)" = "1 1 1" ] || { echo "differs: expected 1 value, then ones" >&2; exit 1; }
