"""What each key of a scenario file means, in a line: for the schema that editors read, for `new`, and for the explorer."""

from sim.model.causes import CAUSE_EVENTS

_LIMIT = {"mean": "the mean", "p50": "the median", "p95": "95 % of them", "p99": "99 % of them", "max": "each of them"}  # fmt: skip

_TABLES = {
    "format": "The format of this file: 1.",
    "title": "What is studied, in a line.",
    "question": "What the study is to answer; it stands above the verdict.",
    "include": "Other scenario files, whose values this one overrides.",
    "run": "How long, how often, from which seed.",
    "organisation": "The people.",
    "workload": "What people do when they visit, from laws or from a log.",
    "cases": "Who loses access, why and when, and what follows.",
    "behaviour": "What people do once they are told.",
    "directory": "The identity provider upstream of the host.",
    "host": "The product that the app lives in, and that knows who may do what.",
    "app": "The service under design.",
    "auth_server": 'The app\'s own authorization server, asked where a token has renewal = "app".',
    "store": "Where entries of an allowlist are kept.",
    "push": "The channel of events from the host to the app: webhooks, shared signals.",
    "channels": "Further channels by name, with the words of `push`; what is left out there is neutral.",
    "deciders": "Who else answers checks, by name; what is left out there answers at once and knows what the host knows.",
    "network": "Round trips.",
    "strategies": "What is compared: names of the catalogue, changed where a table says so, or new ones.",
    "sweep": 'For `lastclick sweep`: "a.path.of.this.file" = [values], and method = "grid", "zip" or { latin_hypercube = N }.',
    "goals": "What the answer must keep; without them stand-ins judge.",
    "sources": 'Where a value comes from: "host.check" = "measured by us (M)".',
}

_KEYS = {
    "run.seed": "The seed of all draws: the same seed, the same result to the bit.",
    "run.horizon": "How long is simulated, for instance a working day.",
    "run.warm_up": 'What is cut from the beginning of honest people\'s figures; "auto" for stationary studies.',
    "run.replications": "How many independent days are simulated at most; `compare` and `recommend` stop sooner where figures are told.",
    "run.drain": "Time after the horizon in which revoked people may still act.",
    "run.precision": "Relative half widths at which to stop instead: { exposure = 0.05 }.",
    "run.max_replications": "As far as `precision` and `recommend` may go.",
    "organisation.people": "How many people use the app.",
    "organisation.admins": "The share of people who are administrators.",
    "organisation.shift": "Visits begin inside it.",
    "organisation.shift.start": "When the first visits can begin.",
    "organisation.shift.end": "When the last visits can begin.",
    "organisation.visits": "The pause between the end of a visit and the next.",
    "organisation.devices": "How many devices a person uses.",
    "workload.think": "The pause between an answer and the next click.",
    "workload.think.read": "The pause before a click that reads, or turns a page.",
    "workload.think.write": "The pause before a click that writes: what is typed meanwhile can be lost.",
    "workload.think.admin": "The pause before a click that needs administration.",
    "workload.poll": 'A read that an open page sends by itself; or "none".',
    "workload.poll.every": "From one to the next, counted from when the page is seen.",
    "workload.poll.when": "While the page is open, or only during a visit there.",
    "workload.hidden_tabs": 'Timers of pages that nobody uses run seldom, as in browsers; or "none".',
    "workload.hidden_tabs.after": "How long a page must have been left alone.",
    "workload.hidden_tabs.timers_every": "The instants at which such timers run.",
    "workload.requests_per_page": "Clicks on a page before it is loaded again or another one is opened.",
    "workload.pages_per_visit": "Pages of a visit.",
    "workload.visit_ends": "How visits end, as shares that sum to 1.",
    "workload.visit_ends.logout": "The share of visits that end with a logout.",
    "workload.visit_ends.close": "The share of visits that end with the tab closed.",
    "workload.visit_ends.leave_open": "The share of visits after which the page stays open.",
    "workload.kinds": "What clicks do, as shares that sum to 1.",
    "workload.kinds.read": "The share of clicks that read.",
    "workload.kinds.write": "The share of clicks that write.",
    "workload.kinds.admin": "The share of clicks that need administration.",
    "workload.read_size": "Bytes that a read gives away.",
    "workload.tabs": "How many tabs a visit has open.",
    "workload.daily": "24 weights: how busy each hour of the day is.",
    "workload.log": "An access log to take the workload from.",
    "workload.mode": "synthetic: the laws here; fitted: those of the log; replayed: its visits.",
    "workload.log_options": "How the log is read, as `lastclick fit` has it.",
    "cases.from": "When the first access can end.",
    "cases.until": "When the last access can end.",
    "cases.notice_lead": "From the cut to the notice; above 0 access is cut before the person is told.",
    "cases.detected_after": "From the revocation until somebody notices and repairs.",
    "cases.rollback_window": "How far back writes can be rolled back.",
    "behaviour.probabilities": "What people do after the notice, as shares that sum to 1.",
    "behaviour.probabilities.leave": "The share of people who leave their desk.",
    "behaviour.probabilities.continue": "The share of people who go on as before.",
    "behaviour.probabilities.storm": "The share of people who click as fast as they can.",
    "behaviour.probabilities.cut_off": "The share of people whose network is cut off with the notice.",
    "behaviour.storm": "Clicking fast after the notice.",
    "behaviour.storm.think": "The pause between the clicks of a storm.",
    "behaviour.storm.kinds": "What the clicks of a storm do, as shares that sum to 1.",
    "behaviour.storm.kinds.read": "The share of a storm's clicks that read.",
    "behaviour.storm.kinds.write": "The share of a storm's clicks that write.",
    "behaviour.storm.kinds.admin": "The share of a storm's clicks that need administration.",
    "behaviour.storm.gives_up_after": "Refusals in a row after which a storm ends.",
    "behaviour.storm.duration": "How long a storm lasts at most.",
    "behaviour.takeover": "Somebody else at the page after a logout.",
    "behaviour.takeover.probability": "The share of logouts after which somebody else sits down.",
    "behaviour.takeover.delay": "From the logout until somebody else sits down.",
    "behaviour.takeover.behaviour": "What that person does: continue or storm.",
    "directory.propagation": "From the deactivation in the directory until the host knows.",
    "host.servers": "Requests that the host works on at the same time.",
    "host.page_load": "The host's time for a page.",
    "host.renewal": "The host's time for a new token.",
    "host.check": "The host's time to answer whether somebody may; without the network.",
    "host.retry_after": "The pause after a failed page load or renewal.",
    "host.rate_limit": 'How many checks and renewals the host takes; or "none".',
    "host.rate_limit.per_second": "Calls a second in the long run.",
    "host.rate_limit.burst": "Calls that may come at once.",
    "host.rate_limit.per_hour": "Calls an hour, beside those a second.",
    "host.rate_limit.kind": "The rule by which calls are counted: a bucket, windows, a log, a counter, or calls that wait their turn.",
    "host.rate_limit.counts_refused": "Whether calls that are refused count as well.",
    "host.rate_limit.retry_after": "What Retry-After says of the wait: it exactly, whole seconds, or nothing.",
    "host.clock_offset": "By how much its clock, which stamps tokens, is ahead of true time.",
    "host.outages": 'When the host does not answer; or "none".',
    "app.nodes": "Nodes of the app behind its balancer.",
    "app.routing": "Which node a request goes to: any at random, or the one of its device (sticky).",
    "app.workers": "Requests that each node of the app works on at the same time.",
    "app.holds_worker": "Whether a request holds its worker while it waits for the host.",
    "app.verify": "The app's time to verify a token.",
    "app.clock_offset": "By how much its clock, which judges tokens, is ahead of true time.",
    "app.service": "The app's own work on a request.",
    "app.service.read": "The app's work on a read.",
    "app.service.write": "The app's work on a write.",
    "app.service.admin": "The app's work on a request of administration.",
    "auth_server.servers": "Renewals that it works on at the same time.",
    "auth_server.renewal": "Its time for a new token.",
    "auth_server.clock_offset": "By how much its clock, which stamps what it renews, is ahead of true time.",
    "store.lookup": "The time to look an entry up.",
    "push.delay": "From the host's knowing until the event is at the app.",
    "push.loss": "The probability that an attempt to deliver is lost.",
    "push.retries": "Further attempts to deliver.",
    "push.retries.most": "How many further attempts there are.",
    "push.retries.wait": "The wait before a further attempt.",
    "push.retries.backoff": "What each further wait is multiplied by.",
    "push.retries.first": "The first wait, where it is of another law.",
    "push.every": 'A sweep: what is new is told each so often; or "none".',
    "push.disabled_after": 'Failed attempts in a row after which the sender stops; or "none".',
    "push.disabled_for": 'How long it then stops; "none": for good.',
    "push.fan_out": "From the app's receipt of an event to each node that keeps it for itself.",
    "push.reaches": "Whether events get to all nodes that keep them, or to one of them.",
    "push.outages": 'When the channel does not deliver; or "none".',
    "push.on_outage": "Whether events wait in an outage (hold) or are gone (lose).",
    "network.client_app": "The round trip between the browser and the app.",
    "network.client_host": "The round trip between the browser and the host.",
    "network.app_host": "The round trip between the app and the host.",
    "goals.prefer": "What to prefer among settings that keep every limit.",
    "goals.host_calls_per_s": "The limit of calls a second at the host.",
    "goals.interruptions_per_person_hour": "The limit of reloads that refusals force on an honest person in an hour.",
}

_STRATEGY = {
    "from": "A profile to start from: a real part, of `lastclick gates`.",
    "sentence": "What it does, in a sentence.",
    "source": "Where it comes from.",
    "token": 'Gate: the token that a request presents has not expired. "none" takes it away.',
    "token.lifetime": "From its stamp until it expires.",
    "token.clock": "Whether its end is exact or counted in whole seconds, as the part does it.",
    "token.leeway": "What a verifier adds to the end for clocks that differ.",
    "token.absolute": "From the page load until no renewal is given.",
    "token.renewal": "How the client gets the next one: page, sliding, host, host_each, app.",
    "token.refresh_at": "The share of the lifetime after which it is renewed in the background.",
    "token.refresh_lifetime": 'How long the refresh token of renewal = "app" lives.',
    "token.revalidates": "What a renewal asks about: account, session, permission, admin.",
    "token.uses": "After so many accepted requests it is spent.",
    "token.not_before": "Whether a token from the verifier's future is refused, leeway included.",
    "token.rotation": 'Whether each renewal spends its refresh token and brings a new one; or "none".',
    "token.rotation.grace": "How long the one spent last is still forgiven.",
    "token.rotation.on_reuse": "What a spent one does: it is refused, or all of its family are ended.",
    "token.held_by": "Whether each page has its own (page) or all tabs of a browser share one (device).",
    "allowlist": 'Gate: the server holds a live entry for the page. "none" takes it away.',
    "allowlist.lifetime": "From its writing at page load until it expires.",
    "allowlist.clock": "Whether its end is exact or counted in whole seconds.",
    "allowlist.renewal": "Whether each accepted request prolongs it (sliding: a server session) or only a page load writes it (page).",
    "allowlist.absolute": "From the page load until no request prolongs it.",
    "allowlist.step": "The share of the lifetime that must have gone before a request prolongs it again.",
    "allowlist.of": "Whether each page has an entry or each device.",
    "check": 'Gate: the host says yes, or said so a while ago; a list is asked in turn. "none" takes it away.',
    "check.scope": "Which requests are asked about: all, reads, writes, admin.",
    "check.at": "Who is asked: host, or one of [deciders].",
    "check.asks": "What is asked: whether the permission holds, or whether the session lives.",
    "check.allow_for": "How long a yes is kept.",
    "check.deny_for": "How long a no is kept.",
    "check.cached": "Whether answers are kept once for all nodes of the app (shared) or by each for itself (node).",
    "check.clock": "Whether what is kept ends exactly or in whole seconds.",
    "check.timeout": "How long the host is waited for.",
    "check.on_failure": "What happens where the host does not answer: deny, allow, or stale (its last answer serves).",
    "check.stale_for": 'How long its last answer serves with on_failure = "stale".',
    "check.slides": "Whether hits prolong a kept yes.",
    "check.slides.step": "The share of allow_for that must have gone before a hit prolongs it again.",
    "check.refresh": "Whether an old yes answers while it is asked about.",
    "check.refresh.stale_for": "How long an old yes goes on answering after it came.",
    "check.refresh.refusal_replaces": "Whether a no replaces the old yes.",
    "push": 'Gate: no event about this person has arrived. "none" takes it away.',
    "push.causes": "Which causes the host sends events about.",
    "push.channel": "By which channel they come: push, or one of [channels].",
    "push.effect": "What an event does: drop_entries, denylist, not_before, drop_refresh, drop_answers.",
    "push.held": "Whether what events leave is kept once for all nodes (shared) or by each for itself (node).",
    "connection": 'A web socket or event stream of each page, past the gates once it is open; or "none".',
    "connection.recheck": 'How often the gates judge it again; "none": only when it opens.',
    "connection.lasts": 'How long until the server closes it and the client asks for another; or "none".',
    "connection.closed_by_push": "Whether an event about the person closes it.",
    "connection.kinds": "Clicks of these kinds go over it.",
    "connection.messages": 'What the server sends over it by itself; or "none".',
    "connection.messages.every": "The time between two messages.",
    "connection.messages.size": "Bytes of a message.",
    "connection.reconnect": "The pause before the client asks again where there was no answer.",
}

_DECIDER = {
    "servers": "Checks that it answers at the same time.",
    "check": "Its time to answer whether somebody may; without the way there.",
    "trip": "The round trip between the app and it.",
    "knows_after": "From when the host knows until it does, by cause.",
}

_OUTAGES = {
    "every": "The time between outages; a plain duration is the mean of an exponential law.",
    "starts": "When the one outage begins, instead of `every`.",
    "lasts": "How long an outage lasts.",
}

_LAW = {
    "dist": "The law: constant, uniform, exponential, lognormal, weibull, gamma, erlang, geometric, empirical.",
    "value": "The one value.",
    "low": "The lowest value.",
    "high": "The highest value.",
    "mean": "The mean, before the cap.",
    "median": "Half of the values are below.",
    "p95": "95 % of the values are below.",
    "p99": "99 % of the values are below.",
    "cv": "The standard deviation over the mean.",
    "shape": "The shape: 1 is exponential, larger is narrower.",
    "max": "Larger draws are set to it.",
    "quantiles": "Equally spaced quantiles from 0 to 1, joined by lines.",
}


def description_of(path: str) -> str:
    """A line about a key of a scenario file, by its path; empty for one that has none.

    >>> description_of("host.check"), description_of("strategies.ours.token.lifetime")
    ("The host's time to answer whether somebody may; without the network.", 'From its stamp until it expires.')
    """
    if path.startswith("strategies."):
        return _known(_STRATEGY, [part for part in path.split(".")[2:] if not part.isdecimal()])
    if path.startswith("deciders."):
        return _of_decider(path.split(".")[2:])
    if path.startswith("channels."):
        return _known(_TABLES | _KEYS, ["push", *path.split(".")[2:]])
    return _known(_TABLES | _KEYS, path.split("."))


def _of_decider(parts: list[str]) -> str:
    """Its keys are the host's, but for what only it has."""
    if parts and parts[0] in _DECIDER:
        above, *rest = parts
        if above == "knows_after" and rest and rest[0] in CAUSE_EVENTS:
            said = f"From when the host knows of {CAUSE_EVENTS[rest[0]]} until it does."
            return f"{said.rstrip('.')}: {_LAW[rest[1]]}" if len(rest) > 1 else said
        return _known(_DECIDER, parts)
    return _known(_TABLES | _KEYS, ["host", *parts])


def law_description(key: str) -> str:
    """A line about a setting of a law."""
    return _LAW.get(key, "")


def _known(table: dict[str, str], parts: list[str]) -> str:
    if not parts:
        return "One strategy: a composition of token, allowlist, check and push."
    if said := table.get(".".join(parts)):
        return said
    *above, last = parts
    if parts[0] == "goals":
        return _goal(parts[1:])
    if parts[0] == "cases" and 2 <= len(parts) <= 3 and parts[1] in CAUSE_EVENTS:
        return _cause(parts[1:])
    if above == ["push", "delay"] and last in CAUSE_EVENTS:
        return f"The delay of events about {CAUSE_EVENTS[last]}."
    if above and above[-1] == "outages":
        return _OUTAGES.get(last, "")
    if last in _LAW and above:
        within = _known(table, above)
        return f"{within.rstrip('.')}: {_LAW[last][0].lower()}{_LAW[last][1:]}" if within else ""
    return ""


def _goal(parts: list[str]) -> str:
    *cause, key = parts
    if key in CAUSE_EVENTS:
        return f"Limits of the exposure window after {CAUSE_EVENTS[key]}."
    metric, _, statistic = key.rpartition("_")
    after = (
        f" after {CAUSE_EVENTS[cause[0]]}"
        if cause and cause[0] in CAUSE_EVENTS
        else " of all cases"
    )
    if metric == "exposure" and statistic in _LIMIT:
        return f"The limit of exposure windows{after} ({_LIMIT[statistic]})."
    if metric == "auth_overhead" and statistic in _LIMIT and not cause:
        return f"The limit of what the gates add to an honest click ({_LIMIT[statistic]})."
    return ""


def _cause(parts: list[str]) -> str:
    cause, *key = parts
    if not key:
        return f'Who has a case of {CAUSE_EVENTS[cause]}: a share, or a rate; or "none".'
    return {
        "share": "A drill: the share of people with this case.",
        "per_month": "The natural process: cases a person and month.",
        "of": "Whether it ends the session of one device, or a sign-out those of all (everywhere).",
        "propagation": "From the change until the host itself acts by it everywhere.",
    }.get(key[0], "")
