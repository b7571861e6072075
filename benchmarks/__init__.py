"""How fast this simulator is, against others and against the machine: `python -m benchmarks`."""
