"""`python -m sim` is `lastclick`."""

from sim.cli import main

if __name__ == "__main__":
    main(prog_name="lastclick")
