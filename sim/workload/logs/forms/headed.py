"""Tables under a line of column names, and LTSV, which names each cell."""

from collections.abc import Callable

from sim.workload.logs.form import Form, Head, Reader
from sim.workload.logs.problems import BadLines

Open = Callable[[Head, BadLines], Reader]


def _csv_share(head: Head) -> float:
    from sim.workload.logs.readers import headed

    return headed.csv_share(head)


def _csv(head: Head, bad: BadLines) -> Reader:
    from sim.workload.logs.readers import headed

    return headed.csv_reader(head, bad)


def _w3c_share(head: Head) -> float:
    from sim.workload.logs.readers import headed

    return headed.w3c_share(head)


def _cloudfront_share(head: Head) -> float:
    from sim.workload.logs.readers import headed

    return headed.cloudfront_share(head)


def _w3c(name: str) -> Open:
    def reader(head: Head, bad: BadLines) -> Reader:
        from sim.workload.logs.readers import headed

        return headed.W3CReader(name, head, bad)

    return reader


def _ltsv_share(head: Head) -> float:
    from sim.workload.logs.readers import headed

    return headed.ltsv_share(head)


def _ltsv(head: Head, bad: BadLines) -> Reader:
    from sim.workload.logs.readers import headed

    return headed.LtsvReader(head, bad)


CSV = Form(
    "CSV",
    "exports; separated by comma, semicolon, tab or bar under a line of names",
    (),
    _csv_share,
    _csv,
    "two of the names must be known, or given by --column",
)
CLOUDFRONT = Form(
    "CloudFront access log",
    "AWS CloudFront, standard logs",
    ("ts", "method", "host", "path", "status", "bytes", "agent"),
    _cloudfront_share,
    _w3c("CloudFront access log"),
    "a cookie may be it: --column 'user=cs(Cookie)'",
    utc=True,
)
W3C = Form(
    "W3C Extended Log Format",
    "IIS and others that write `#Fields:`; times are UTC",
    ("ts", "user", "method", "path", "status", "agent"),
    _w3c_share,
    _w3c("W3C Extended Log Format"),
    "they are found where sc-bytes is logged",
    utc=True,
)
LTSV = Form(
    "LTSV",
    "labelled values between tabs (ltsv.org), nginx and Apache set up for it",
    ("ts", "user", "method", "path", "status", "bytes", "agent"),
    _ltsv_share,
    _ltsv,
)
