"""The forms of log that can be read, and which of them a file has."""

from sim.workload.logs.form import Form, Head
from sim.workload.logs.forms.headed import CLOUDFRONT, CSV, LTSV, W3C
from sim.workload.logs.forms.json_forms import GENERIC, HELD, NAMED, SEVERAL
from sim.workload.logs.forms.patterns import (
    ALB,
    COMMON,
    CONFLUENCE,
    ENVOY,
    HAPROXY,
    KEYCLOAK,
    TRAEFIK,
)
from sim.workload.logs.problems import LogError, printable

# The first of those that read most of the head is taken.
FORMS: tuple[Form, ...] = (
    *(CLOUDFRONT, W3C, TRAEFIK, COMMON, CONFLUENCE, HAPROXY, ENVOY, ALB, KEYCLOAK),
    *(HELD, *NAMED, GENERIC, SEVERAL),
    *(LTSV, CSV),
)
_PARQUET = ("Parquet", "exports; names as in CSV", "what it has columns for", "")


def form_of(head: Head, name: str) -> Form:
    """The form of a log by its first lines. Raises LogError where it has none that is known."""
    best, most = FORMS[0], 0.0
    for form in FORMS:
        share = form.share(head)
        if share > most:
            best, most = form, share
    if not most:
        number, text = int(head.block.numbers[0]), printable(head.texts[0])
        raise LogError(
            f"{name}: no log in a known form. It is none of those that `lastclick fit --help` lists, nor CSV under a"
            f" line of column names; line {number} is: {text}"
        )
    return best


def rows_of_table() -> list[tuple[str, str, str, str]]:
    """Form, where it comes from, what is found, what is missing: a row for each form."""
    rows = [(f.name, f.where, f.found_words(), f.missing_words()) for f in FORMS]
    return [*rows, _PARQUET]
