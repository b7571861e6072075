#!/usr/bin/env bash
# "Everything before now is void" is said to one process only.
# Guess: region.invalidate() of a dogpile.cache region with a shared backend voids what all processes have stored.
# Seen with dogpile.cache 1.5.0: the time of the invalidation is kept in the memory of the process that called it. The
# other one goes on serving the old value from the shared store, until that process, by asking anew, replaces it.
# delete(key) on the shared store holds for both at once. (The documentation says so; the name does not.)
# Why it matters: "log everybody out" reaches one worker of four, and which one answers is chance: yes and no in turn.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check dogpile.cache==1.5.0
cat >worker.py <<'EOF'
import sys
from dogpile.cache import make_region

region = make_region().configure("dogpile.cache.dbm", expiration_time=600, arguments={"filename": "shared"})
for line in sys.stdin:
    word, *value = line.split()
    if word == "ask":
        print(region.get_or_create("ann", lambda: value[0]), flush=True)
    else:
        print(getattr(region, word)(*value), flush=True)
EOF
venv/bin/python - <<'EOF'
import subprocess, sys

def worker():
    process = subprocess.Popen([sys.executable, "worker.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    def tell(line: str) -> str:
        process.stdin.write(line + "\n")
        process.stdin.flush()
        return process.stdout.readline().strip()
    return process, tell

(one, first), (two, second) = worker(), worker()
first("ask yes")
first("invalidate")
after = [second("ask no"), first("ask no"), second("ask no")]
first("delete ann")
deleted = second("ask gone")
for process in (one, two):
    process.stdin.close()
    process.wait()
print("dogpile.cache 1.5.0, the first process has invalidated its region; the host would now say no:")
print(f"second is told {after[0]}, first {after[1]}, second again {after[2]}; after delete by the first: {deleted}")
if after != ["yes", "no", "no"] or deleted != "gone":
    sys.exit("differs: expected yes, no, no, gone")
EOF
