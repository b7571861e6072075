"""People one after the other (model, section 10): where nobody meets others, each is run alone to the end, with the same steps.

A station then gives everybody a server at once, and a bucket a token; `cells` of time keep how much that takes, and whoever has
run it looks afterwards whether there was so much at any time (`sim.engine.capacity`). Records are sums of whole numbers and draws
have addresses, so the record does not depend on it.
"""

from sim.engine.state import CELLS, NONE, World
from sim.engine.steps.binding import memory

PARTS = len(CELLS)
CALLS = PARTS - 1  # after the stations


def turn(w: World, person: int) -> None:
    """Everything is as it was before the first event, but for what is recorded; the place of a person is the next one's."""
    w.now, w.heap, w.hole = 0.0, 0, 0
    w.woken = w.logout_person = w.line = NONE
    w.held = 0
    for number in range(w.n_hosts):
        memory.host(w, number).is_down = 0
    for number in range(w.n_channels):
        c = memory.channel(w, number)
        c.is_down = c.held = 0
    empty_pools(w)
    memory.turn_to(w, person)


def empty_pools(w: World) -> None:
    """All places are free again, of pools that were used."""
    if w.pages_left < w.n_pages:
        for i in range(w.n_pages):
            memory.page(w, i).stamped = i + 1.0
        w.free_page, w.pages_left = 0, w.n_pages
    if w.tasks_left < w.n_tasks:
        for i in range(w.n_tasks):
            memory.task(w, i).next = i + 1
        w.free_task, w.tasks_left = 0, w.n_tasks
    if w.credentials_left < w.n_credentials:
        for i in range(w.n_credentials):
            memory.credential(w, i).next = i + 1
        w.free_credential, w.credentials_left = 0, w.n_credentials


def is_there(w: World, station: int, since: float, until: float) -> None:
    """Somebody is served at a station from one instant to another: it counts in each cell that he touches."""
    cells = w.n_cells // PARTS
    first, last = cell_of(w, since), cell_of(w, min(until, w.end))
    memory.cell(w, station * cells + first).x += 1
    memory.cell(w, station * cells + last + 1).x -= 1


def calls(w: World) -> None:
    """A call of now takes a token out of each bucket."""
    memory.cell(w, CALLS * (w.n_cells // PARTS) + cell_of(w, w.now)).x += 1


def cell_of(w: World, time: float) -> int:
    """The cell in which an instant lies."""
    return int(time * w.cells_per_s)
