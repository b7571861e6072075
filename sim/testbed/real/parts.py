"""The real parts that can stand in front of the host, by the name of their profile."""

from sim.basics.names import known
from sim.testbed.real.apache import APACHE
from sim.testbed.real.express import EXPRESS
from sim.testbed.real.haproxy import HAPROXY
from sim.testbed.real.nginx import NGINX
from sim.testbed.real.part import Part

PARTS = {one.profile: one for one in (*NGINX, *HAPROXY, *APACHE, *EXPRESS)}


def part(name: str) -> Part:
    """A part by the name of its profile. Raises UnknownName."""
    return PARTS[known("gate of the testbed", name, PARTS)]
