"""Write the table of forms of logs into docs/workloads.md, from the readers themselves. Run it from the project's root."""

from pathlib import Path

from sim.workload.logs.forms import rows_of_table

PAGE = Path(__file__).with_name("workloads.md")
BEGIN, END = "<!-- forms: written by docs/make_forms.py -->\n", "<!-- end of forms -->"


def page() -> str:
    """The page with its table as the readers have it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + table() + END + rest.partition(END)[2]


def table() -> str:
    """The table."""
    head = "| form | where it comes from | found | missing |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(row)} |\n" for row in rows_of_table())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
