"use strict";
/* The page of a scenario: its numbers as controls, and figures that come while one looks. */
(() => {
  const {data, seconds, number} = window.explorer, byId = id => document.getElementById(id);
  const page = crypto.randomUUID(), STEPS = 200;
  const UNITS = {d: 86400, h: 3600, min: 60, s: 1, ms: 1e-3, us: 1e-6, "µs": 1e-6};
  const controls = new Map(data.controls.map(c => [c.path, {...c}]));
  let changes = {...(data.changes || {})}, past = [], gesture = {}, seen = 0, wanted = 0, sending = false, waiting = false, refused = false;

  // -- numbers as people write them ----------------------------------------------------------------
  function said(c, value) {
    if (c.kind === "time") return seconds(value);
    if (c.kind === "rate") return `${number(value)}/s`;
    return c.whole ? String(Math.round(value)) : number(value);
  }
  /* a number that was typed, or NaN */
  function read(c, text) {
    const plain = text.trim().replace(",", ".");
    if (plain === "") return NaN;
    if (c.kind === "rate") {
      const [many, unit] = plain.split("/").map(part => part.trim());
      return unit === undefined ? Number(many) : Number(many) / (UNITS[unit] ?? NaN);
    }
    if (c.kind !== "time" || !isNaN(Number(plain))) return c.whole ? (Number.isInteger(Number(plain)) ? Number(plain) : NaN) : Number(plain);
    if (!/^(\d+(\.\d+)?\s*(us|µs|ms|min|s|h|d)\s*)+$/.test(plain)) return NaN;
    return [...plain.matchAll(/(\d+(?:\.\d+)?)\s*(us|µs|ms|min|s|h|d)/g)].reduce((sum, [, n, unit]) => sum + Number(n) * UNITS[unit], 0);
  }
  const exact = v => Number(v.toPrecision(6));
  const round = v => { const digits = 2; return Number(v.toPrecision(digits)); };
  function place(c, value) {
    if (c.kind === "share") return Math.round(value * STEPS);
    if (value <= c.low) return 0;
    return Math.round(STEPS * Math.min(1, Math.log(value / c.low) / Math.log(c.high / c.low)));
  }
  function at(c, step) {
    if (c.kind === "share") return exact(step / STEPS);
    const value = round(c.low * (c.high / c.low) ** (step / STEPS));
    return c.whole ? Math.max(1, Math.round(value)) : value;
  }
  const now = c => c.path in changes ? changes[c.path] : c.value;

  // -- the controls --------------------------------------------------------------------------------
  function element(tag, attributes, ...inside) {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) e[k] = v;
    e.append(...inside);
    return e;
  }
  function make(c) {
    const id = "number-" + c.path;
    c.range = element("input", {type: "range", id, min: 0, max: STEPS, step: 1});
    c.text = element("input", {type: "text", inputMode: c.kind === "time" || c.kind === "rate" ? "text" : "decimal"});
    c.text.setAttribute("aria-label", `${c.label}, as text`);
    c.was = element("button", {type: "button", className: "was", hidden: true}, `was ${said(c, c.value)}`);
    c.was.setAttribute("aria-label", `${c.label}: back to ${said(c, c.value)}`);
    c.note = element("p", {className: "note"}, c.about + (c.grade && c.grade !== "none" ? ` Source: ${c.grade}.` : ""));
    c.box = element("div", {className: "control", title: c.path}, element("label", {htmlFor: id}, c.label), c.range, c.text, c.note, c.was);
    c.range.addEventListener("input", () => { begin(c); set(c, at(c, Number(c.range.value))); });
    c.text.addEventListener("change", () => {
      const value = read(c, c.text.value);
      c.text.setAttribute("aria-invalid", String(isNaN(value)));
      if (isNaN(value)) return refuse(`${c.label}: expected ${c.kind === "time" ? "a time such as 250ms, 7s or 5min" : c.whole ? "a whole number" : "a number"}`);
      remember(); set(c, value);
    });
    c.was.addEventListener("click", () => { remember(); delete changes[c.path]; show(c); c.range.focus(); send(); });
    show(c);
    return c.box;
  }
  function show(c) {
    const value = now(c), moved = c.path in changes;
    c.range.value = place(c, value);
    c.range.setAttribute("aria-valuetext", said(c, value));
    if (document.activeElement !== c.text || c.text.getAttribute("aria-invalid") !== "true") c.text.value = said(c, value);
    c.text.removeAttribute("aria-invalid");
    c.box.classList.toggle("moved", moved);
    c.was.hidden = !moved;
  }
  function set(c, value) {
    if (value === c.value) delete changes[c.path]; else changes[c.path] = value;
    show(c); send();
  }
  const groups = new Map();
  for (const c of controls.values()) {
    if (!groups.has(c.group)) {
      const box = element("details", {}, element("summary", {}, c.group));
      groups.set(c.group, box); byId("groups").append(box);
    }
    groups.get(c.group).append(make(c));
  }
  /* the ten that matter most move to the top; who is in one of them stays in it */
  function first(order) {
    if (!order || !order.length || !byId("looking")) return;
    const focused = document.activeElement;
    byId("looking").remove();
    for (const path of order) if (controls.has(path)) byId("first").append(controls.get(path).box);
    for (const box of groups.values()) if (!box.querySelector(".control")) box.remove();
    if (focused && focused !== document.activeElement) focused.focus();
  }
  byId("find").addEventListener("input", () => {
    const wish = byId("find").value.trim().toLowerCase();
    byId("groups").classList.toggle("found", wish !== "");
    for (const c of controls.values()) c.box.hidden = wish !== "" && !`${c.label} ${c.path} ${c.group} ${c.about}`.toLowerCase().includes(wish);
    for (const box of groups.values()) box.open = wish !== "" && !!box.querySelector(".control:not([hidden])");
  });

  // -- goals: the form below, as changes of the scenario ---------------------------------------------
  const GOALS = {"goal-overhead": ["goals.auth_overhead_p95", 1e-3], "goal-calls": ["goals.host_calls_per_s", 1], "goal-stops": ["goals.interruptions_per_person_hour", 1]};
  byId("controls").addEventListener("change", e => {
    const id = e.target.id;
    let path, size = 1;
    if (id === "goal-exposure") path = `goals.${byId("cause").value === "all" ? "" : byId("cause").value + "."}exposure_${byId("statistic").value}`;
    else if (id in GOALS) [path, size] = GOALS[id];
    else if (id === "prefer") { remember(); changes["goals.prefer"] = e.target.value; window.explorer.goalsAreJudged(); return send(); }
    else return;
    remember();
    changes[path] = e.target.value === "" || !(Number(e.target.value) > 0) ? null : exact(Number(e.target.value) * size);
    window.explorer.goalsAreJudged(); send();
  });

  // -- undo, share, write ----------------------------------------------------------------------------
  function remember() { gesture = {}; past.push(JSON.stringify(changes)); if (past.length > 200) past.shift(); }
  /* one step back for a control that is moved and moved on, by mouse or keys */
  function begin(c) {
    const time = performance.now();
    if (gesture.path !== c.path || time - gesture.time > 1500) remember();
    gesture = {path: c.path, time};
  }
  function back(to) {
    changes = to;
    for (const c of controls.values()) show(c);
    window.explorer.goalsAreJudged();
    send();
  }
  function undo() { if (past.length) back(JSON.parse(past.pop())); }
  byId("undo").addEventListener("click", undo);
  byId("reset").addEventListener("click", () => { remember(); back({}); });
  document.addEventListener("keydown", e => {
    const typing = e.target.matches && e.target.matches("input[type=text], input[type=search], input[type=number]");
    if ((e.ctrlKey || e.metaKey) && e.key === "z" && !typing) { e.preventDefault(); undo(); }
  });
  async function copy(text, what) {
    try { await navigator.clipboard.writeText(text); tell(`${what} copied`); }
    catch { window.prompt(`${what}:`, text); }
  }
  const quoted = text => /^[\w.:=\/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
  byId("share").addEventListener("click", () => copy(location.href, "link"));
  byId("command").addEventListener("click", () => {
    const sets = Object.entries(changes).map(([path, v]) => ` --set ${quoted(`${path}=${v === null ? "none" : v}`)}`);
    copy(`lastclick explore ${quoted(data.file || "FILE")}${sets.join("")}`, "command");
  });
  byId("save").addEventListener("click", async () => {
    const answer = await ask("/scenario", {changes}), text = await answer.text();
    if (!answer.ok) return refuse(text);
    const link = element("a", {href: URL.createObjectURL(new Blob([text], {type: "application/toml"})), download: "explored.toml"});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    tell("written as explored.toml: your browser keeps it where it keeps downloads");
  });

  byId("whole").addEventListener("click", () => {
    const open = byId("verdict").classList.toggle("whole");
    byId("whole").setAttribute("aria-expanded", String(open));
  });

  // -- what the simulation says ------------------------------------------------------------------------
  function tell(text, wrong = false) {
    if (byId("status").textContent !== text) byId("status").textContent = text;
    byId("status").classList.toggle("wrong", wrong);
  }
  /* what was refused stays in sight until the reader acts again: results that come meanwhile do not take its place */
  function refuse(text) { refused = true; tell(text, true); }
  const ask = (path, body) => fetch(path, {method: "POST", headers: {"Content-Type": "application/json", "X-Lastclick": "1"}, body: JSON.stringify({page, ...body})});
  /* one request at a time, with what is wanted last */
  async function send() {
    refused = false;
    byId("undo").disabled = !past.length;
    byId("reset").disabled = !Object.keys(changes).length;
    window.explorer.write();
    if (sending) { waiting = true; return; }
    sending = true;
    try {
      do {
        waiting = false;
        const answer = await ask("/run", {changes});
        if (!answer.ok) return tell("the program refused what was asked for", true);
        wanted = (await answer.json()).job;
      } while (waiting);
    } catch { tell("the program does not answer; was it ended?", true); }
    finally { sending = false; }
  }
  function take(news) {
    seen = news.number;
    first(news.order);
    if (!("job" in news) || news.job < wanted) return;
    if (news.error) { byId("progress").value = 0; return tell(news.error, true); }
    const most = data.most || news.most || 0;
    byId("verdict").innerHTML = news.verdict;
    byId("short").textContent = byId("verdict").querySelector(".headline").textContent.split(/[;:(]/)[0];
    window.explorer.replace(news.data);
    byId("scenario-id").textContent = news.data.id;
    byId("replications").textContent = `${news.stage} replication${news.stage === 1 ? "" : "s"}`;
    byId("progress").value = most ? Math.log2(1 + news.stage) / Math.log2(1 + most) : 0;
    const many = Object.keys(changes).length, what = many ? `${many} change${many === 1 ? "" : "s"}` : "as in the file";
    if (!refused) tell(`${what}: ${news.stage} of ${most} replications${news.done ? "" : ", going on"}`);
  }
  async function listen() {
    for (;;) {
      try {
        const answer = await fetch(`/news?page=${page}&after=${seen}`);
        if (!answer.ok) throw new Error(answer.statusText);
        const news = await answer.json();
        if (news) take(news);
      } catch {
        tell("the program does not answer; was it ended?", true);
        await new Promise(done => setTimeout(done, 2000));
      }
    }
  }

  window.explorer.state = () => JSON.stringify(changes);
  function linked() {
    const text = new URLSearchParams(location.hash.slice(1)).get("changes");
    if (!text) return;
    try { const found = JSON.parse(text); if (found && typeof found === "object") changes = found; } catch { /* a link that was cut */ }
  }
  linked();
  window.addEventListener("hashchange", () => { linked(); for (const c of controls.values()) show(c); send(); });
  for (const c of controls.values()) show(c);
  if (Object.keys(changes).length) send();
  listen();
})();
