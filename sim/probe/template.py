"""The probe file to fill in, and what a run would send."""

import json
from collections.abc import Iterator

from sim.basics.wording import format_duration
from sim.probe.run import modes_of
from sim.probe.settings import Action, Probe, Request

TEXT = """\
# How long does access live on in our system? Filled in, run by: lastclick probe THIS_FILE
# Use a test account. Nothing is sent to another machine unless it is named here and by --host.
format = 1
title  = "our app"

[target]
base = "http://127.0.0.1:8080"       # relative addresses below start here
# ca_file = "our_ca.pem"             # certificates are always verified

[secrets]                            # from the environment or a command; they stand in no result and no message
password = { env = "PROBE_PASSWORD" }
# admin_token = { command = ["pass", "show", "admin"] }

[sign_in]                            # how the test account signs in; or: command = ["./sign-in"], which prints the credential
request    = { method = "POST", url = "/login", json = { user = "probe", password = "{password}" } }
credential = { json = "access_token" }   # or { cookie = "session" }, { header = "X-Token" }

[try]                                # a request that the account may make; redirects are not followed and count as a refusal
request  = { url = "/api/me", headers = { Authorization = "Bearer {credential}" } }
accepted = [200]

# [renew]                            # where clients renew a refused credential: like [sign_in]; {credential} is the old one
# request    = { method = "POST", url = "/refresh", headers = { Authorization = "Bearer {credential}" } }
# credential = { json = "access_token" }

[revoke]                             # takes the account's access away: a request, or a command
command = ["./revoke", "probe"]

[give_back]                          # returns it; also done after Ctrl-C and after every error
command = ["./give-back", "probe"]

# [ungated]                          # the same work without the gate, to see what the gate costs
# url = "http://127.0.0.1:8081/api/me"

# [connection]                       # a web socket of the same person, held open; an answered message counts as accepted
# url     = "/live"
# headers = { Authorization = "Bearer {credential}" }
# send    = "ping"

[run]
rate        = "5/s"                  # at most; all requests together
repetitions = 12                     # while clicking; half as many after staying away, a third with a second session
watch       = "2min"                 # how long to watch for an end
quiet       = "5s"                   # refused for so long: it has ended
back_within = "1min"                 # what was given back works again after so long at most
at_most     = "1h"                   # then stop; a run that is called again goes on
"""


def dry_run_text(probe: Probe) -> str:
    """Every request and command of the file, in order, and how often; placeholders stay as written."""
    return "\n".join(_lines(probe))


def _lines(probe: Probe) -> Iterator[str]:
    modes = modes_of(probe)
    counted = ", ".join(f"{modes.count(mode)} {mode}" for mode in dict.fromkeys(modes))
    yield f"{len(modes)} repetitions ({counted}), at most {probe.run.rate_per_s:g} requests a second,"
    yield f"each watched for at most {format_duration(probe.run.watch_s)}; nothing is sent now."
    yield ""
    yield f"sign in    {_action(probe, probe.sign_in)}"
    yield f"try        {_request(probe, probe.trial.request)}"
    if probe.renew is not None:
        yield f"renew      {_action(probe, probe.renew)}   when refused"
    if probe.ungated is not None:
        yield f"ungated    {_request(probe, probe.ungated)}"
    if probe.connection is not None:
        yield f"connection {probe.address(probe.connection.url)}   {json.dumps(probe.connection.headers)}"
    yield f"revoke     {_action(probe, probe.revoke)}"
    yield f"give back  {_action(probe, probe.give_back)}"


def _action(probe: Probe, action: Action) -> str:
    if action.request is not None:
        return _request(probe, action.request)
    return " ".join(action.command or [])


def _request(probe: Probe, request: Request) -> str:
    body = request.json_body if request.json_body is not None else request.form
    parts = [request.method, probe.address(request.url)]
    parts += [json.dumps(part) for part in (request.headers or None, body) if part is not None]
    return " ".join(parts)
