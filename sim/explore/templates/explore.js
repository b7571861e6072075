"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = id => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const STATISTICS = {mean: "mean", p50: "median", p95: "p95", p99: "p99", max: "longest seen"};
  const PRICES = {
    "auth_overhead.mean": ["gate overhead of a click, mean", "s"], "auth_overhead.p95": ["gate overhead of a click, p95", "s"],
    "response.mean": ["response time, mean", "s"], "response.p95": ["response time, p95", "s"],
    "host_calls.mean": ["calls at the host per second, mean", ""], "host_calls.max": ["calls at the host per second, busiest minute", ""],
    "interruptions.mean": ["interruptions per person-hour", ""],
  };
  const PREFER = {shortest_exposure: "the shortest exposure", lowest_overhead: "the lowest overhead", longest_lifetime: "the longest lifetime"};
  const words = name => name.replaceAll("_", " ");
  const UNITS = [[86400, "d", 2], [3600, "h", 1], [60, "min", 1], [1, "s", 1], [1e-3, "ms", 1], [1e-6, "µs", 1]];
  const ROUND = [86400, 3600, 600, 60, 10, 1];  // what people round long times to, in s

  function number(v) { return v === 0 ? "0" : Math.abs(v) >= 100 ? v.toFixed(0) : String(Number(v.toPrecision(3))); }
  // a time as sim/basics/wording.py says it (`about`): three digits; what has no more is said exactly
  function seconds(v) {
    const size = Math.abs(v);
    if (v === 0) return "0 s";
    if (size < 60) return inOneUnit(v);
    const step = size === Number(size.toPrecision(3)) ? (size >= 172800 ? 60 : size >= 3600 ? 1 : 0.01)
      : ROUND.find(s => s <= 10 ** (Math.floor(Math.log10(size)) - 2)) || 1;
    let rest = Math.round(size / step) * step;
    const parts = [];
    for (const [unitSize, unit, least] of UNITS.slice(0, 3)) {
      if (rest < unitSize * least) continue;
      parts.push(`${Math.floor(rest / unitSize)} ${unit}`);
      rest %= unitSize;
    }
    if (rest >= 0.005) parts.push(`${Number(rest.toPrecision(4))} s`);
    return (v < 0 ? "-" : "") + parts.join(" ");
  }
  function inOneUnit(v) {
    const [size, unit] = UNITS.find(([s, , least]) => Math.abs(v) >= s * least) || UNITS[UNITS.length - 1];
    const rounded = Number((v / size).toPrecision(3));
    const next = UNITS[UNITS.findIndex(([s]) => s === size) - 1];
    return Math.abs(rounded) * size >= next[0] ? seconds(rounded * size) : `${rounded} ${unit}`;
  }
  const show = (v, unit) => v === null || v === undefined ? "–" : unit === "s" ? seconds(v) : number(v);
  function withInterval(f, unit) {
    if (!f || f[0] === null) return "–";
    return f[1] === null || f[2] === null ? show(f[0], unit) : `${show(f[0], unit)} (${show(Math.max(0, f[1]), unit)} to ${show(f[2], unit)})`;
  }
  const isTime = path => !/(loss|share|people|servers|workers|per_|admins|refresh_at|backoff|most|probab)/.test(path);
  const setting = (path, v) => typeof v === "string" ? v : isTime(path) ? seconds(v) : number(v);
  function shortPath(path) {
    const own = path.match(/^strategies\.(.+)\.(token|allowlist|check|push)\.([^.]+)/);
    return own ? `${own[1]}, ${own[2] === "token" ? "" : own[2] + " "}${words(own[3])}` : words(path.replaceAll(".", " "));
  }
  function nameOf(p) {
    const own = Object.entries(p.settings).map(([path, v]) => `${path.split(".").slice(-1)[0].replace(/^(mean|median|low|high|p95)$/, path.split(".").slice(-2).join(" "))} ${setting(path, v)}`);
    return p.strategy + (own.length ? ` (${own.join(", ")})` : "");
  }

  // -- controls ------------------------------------------------------------------------------------
  function options(id, pairs, chosen) {
    const select = byId(id);
    for (const [value, text] of pairs) { const o = document.createElement("option"); o.value = value; o.textContent = text; select.append(o); }
    if (chosen && pairs.some(([v]) => v === chosen)) select.value = chosen;
  }
  const has = key => data.points.some(p => p.figures[key]);
  const causes = () => [["all", data.all], ...data.causes.map(c => [c, words(c)])];
  options("cause", causes());
  options("statistic", Object.entries(STATISTICS).filter(([s]) => ["all", ...data.causes].some(c => has(`exposure.${s}.${c}`))));
  options("price", Object.entries(PRICES).filter(([k]) => has(k)).map(([k, [text]]) => [k, text]));
  options("prefer", Object.entries(PREFER), data.goals.prefer);
  const sliders = {};
  for (const [path, values] of Object.entries(data.paths)) {
    const label = document.createElement("label"), range = document.createElement("input"), output = document.createElement("output");
    range.type = "range"; range.min = 0; range.max = values.length; range.step = 1; range.value = 0; range.id = "set-" + path;
    label.htmlFor = range.id; label.append(shortPath(path) + ": ", output);
    byId("settings").append(label, range);
    sliders[path] = {range, output, values};
  }
  if (!Object.keys(data.paths).length && data.live) byId("settings").hidden = true;
  else if (!Object.keys(data.paths).length) {
    const p = document.createElement("p"); p.className = "hint"; p.style.margin = 0;
    p.textContent = "One setting a strategy here. A folder of lastclick sweep adds a slider for each swept path.";
    byId("settings").append(p);
  }
  const boxes = {};
  for (const name of [...new Set(data.points.map(p => p.strategy))]) {
    const label = document.createElement("label"), box = document.createElement("input");
    label.className = "check"; box.type = "checkbox"; box.checked = true; box.id = "strategy-" + name;
    label.append(box, name); byId("strategies").append(label); boxes[name] = box;
  }
  function presetGoals() {
    const cause = byId("cause").value, own = cause === "all" ? data.goals : data.goals[cause] || {};
    byId("goal-exposure").value = own["exposure_" + byId("statistic").value] ?? "";
  }
  function presetPrices() {
    byId("goal-overhead").value = data.goals.auth_overhead_p95 ? Number((data.goals.auth_overhead_p95 * 1e3).toPrecision(6)) : "";
    byId("goal-calls").value = data.goals.host_calls_per_s ?? "";
    byId("goal-stops").value = data.goals.interruptions_per_person_hour ?? "";
  }
  presetPrices();
  const exposures = Object.keys(data.goals).filter(k => k.startsWith("exposure_") && data.goals[k] != null).map(k => ["all", k.replace("exposure_", "")]);
  const first = exposures[0] || data.causes.flatMap(c => Object.keys(data.goals[c] || {}).filter(k => data.goals[c][k] !== null).map(k => [c, k.replace("exposure_", "")]))[0];
  if (has("auth_overhead.p95") && data.goals.auth_overhead_p95) byId("price").value = "auth_overhead.p95";
  if (first) { byId("cause").value = first[0]; byId("statistic").value = first[1]; }
  presetGoals();
  const GOALS = ["goal-exposure", "goal-overhead", "goal-calls", "goal-stops", "prefer"];
  let asked = false;
  /* untouched, the limits are the goals of the file, all of them, and the verdict on top judged every setting by these */
  const judged = () => data.judged && !asked;

  // the address holds the state, so that a view can be sent to a colleague who has the same page
  const kept = () => [...byId("controls").elements].filter(e => e.id && e.tagName !== "FIELDSET");
  function write() {
    const state = new URLSearchParams();
    for (const e of kept()) state.set(e.id, e.type === "checkbox" ? (e.checked ? "1" : "0") : e.value);
    state.set("asked", asked ? "1" : "0");
    if (window.explorer.state) state.set("changes", window.explorer.state());
    history.replaceState(null, "", "#" + state);
  }
  function read() {
    const state = new URLSearchParams(location.hash.slice(1));
    asked = state.get("asked") === "1";
    for (const e of kept()) if (state.has(e.id)) { if (e.type === "checkbox") e.checked = state.get(e.id) === "1"; else e.value = state.get(e.id); }
  }

  // -- what the controls ask for -------------------------------------------------------------------
  function limits() {
    const n = id => byId(id).value === "" ? Infinity : Number(byId(id).value);
    return {exposure: n("goal-exposure"), overhead: n("goal-overhead") / 1e3, calls: n("goal-calls"), stops: n("goal-stops")};
  }
  function view() {
    const cause = byId("cause").value, exposure = `exposure.${byId("statistic").value}.${cause}`, price = byId("price").value, goal = limits();
    const points = data.points.filter(p => boxes[p.strategy].checked && p.figures[exposure] && p.figures[price]
      && Object.entries(sliders).every(([path, s]) => Number(s.range.value) === 0 || !(path in p.settings) || p.settings[path] === s.values[s.range.value - 1]));
    return points.map(p => {
      const bound = p.bound[cause] ?? null, value = key => p.figures[key] ? p.figures[key][0] : null, misses = [];
      const over = (v, limit, text) => { if (limit < Infinity && (v === null || v > limit)) misses.push(text); };
      if (judged()) return {p, name: nameOf(p), bound, misses: p.failed, y: p.figures[exposure], x: p.figures[price]};
      over(value(exposure), goal.exposure, "exposure");
      over(value("auth_overhead.p95"), goal.overhead, "gate overhead");
      over(value("host_calls.mean"), goal.calls, "host calls");
      over(value("interruptions.mean"), goal.stops, "interruptions");
      return {p, name: nameOf(p), bound, misses, y: p.figures[exposure], x: p.figures[price]};
    });
  }
  const end = s => s.y[0] === null ? Infinity : s.y[0];
  function lifetime(p) {
    const own = Object.entries(p.settings).filter(([path]) => path.endsWith("lifetime")).map(([, v]) => v);
    return own.length ? Math.max(...own) : -1;
  }
  function best(shown) {
    if (judged()) return shown.find(s => s.p.strategy === data.use);
    const fine = shown.filter(s => !s.misses.length), o = s => (s.p.figures["auth_overhead.mean"] || [0])[0];
    const orders = {
      shortest_exposure: (a, b) => a.y[0] - b.y[0] || o(a) - o(b),
      lowest_overhead: (a, b) => o(a) - o(b) || a.y[0] - b.y[0],
      longest_lifetime: (a, b) => lifetime(b.p) - lifetime(a.p) || o(a) - o(b),
    };
    return fine.sort(orders[byId("prefer").value])[0];
  }
  function front(shown) {
    const line = [];
    for (const s of shown.filter(s => s.bound !== null).sort((a, b) => a.x[0] - b.x[0] || a.y[0] - b.y[0]))
      if (!line.length || s.y[0] < line[line.length - 1].y[0]) line.push(s);
    return line;
  }

  // -- the picture ---------------------------------------------------------------------------------
  function el(tag, attributes, text) {
    const e = document.createElementNS(SVG, tag);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    if (text !== undefined) e.textContent = text;
    return e;
  }
  /* a logarithmic scale that keeps a place for 0 */
  function scale(values, from, to, unit) {
    const positive = values.filter(v => v > 0);
    const low = positive.length ? Math.min(...positive) / 1.5 : 0.1, high = positive.length ? Math.max(...positive) * 1.5 : 1;
    const zero = values.some(v => v === 0), start = zero ? from + (to - from) * 0.09 : from;
    const at = v => v <= 0 ? from + (zero ? (to - from) * 0.02 : 0) : start + (to - start) * (Math.log(Math.max(v, low)) - Math.log(low)) / (Math.log(high) - Math.log(low));
    const said = unit === "s" ? [1e-5, 1e-4, 1e-3, 1e-2, .1, 1, 10, 60, 600, 3600, 28800, 86400, 864000, 2592000] : Array.from({length: 13}, (_, i) => 10 ** (i - 6));
    let ticks = said.filter(t => t >= low && t <= high);
    if (ticks.length < 2) ticks = [low * 1.5, high / 1.5].filter((v, i, a) => i === 0 || v > a[0] * 1.2);
    return {at, ticks: (zero ? [0] : []).concat(ticks)};
  }
  const SHAPES = {
    token: r => `M${-r},0a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`, none: r => `M${-r},${-r}L${r},${r}M${-r},${r}L${r},${-r}`,
    check: r => `M${-r},${-r}h${2 * r}v${2 * r}h${-2 * r}Z`, push: r => `M0,${-r * 1.2}L${r * 1.1},${r * .9}H${-r * 1.1}Z`,
    allowlist: r => `M0,${-r * 1.3}L${r * 1.3},0L0,${r * 1.3}L${-r * 1.3},0Z`, mixed: r => `M${-r / 2.5},${-r}h${r * .8}v${r * .6}h${r * .6}v${r * .8}h${-r * .6}v${r * .6}h${-r * .8}v${-r * .6}h${-r * .6}v${-r * .8}h${r * .6}Z`,
  };
  /* the goals as lines, where the axes show what they limit */
  function drawLimits(svg, x, y, m, width, height) {
    const goal = limits(), price = byId("price").value, at = {"auth_overhead.p95": goal.overhead, "host_calls.mean": goal.calls, "interruptions.mean": goal.stops}[price] ?? Infinity;
    const top = m.t, right = width - m.r;
    if (goal.exposure < Infinity) svg.append(el("rect", {class: "infeasible", x: m.l, y: top, width: right - m.l, height: Math.max(0, Math.min(Math.max(y.at(goal.exposure), m.t), height - m.b) - top)}));
    if (at < Infinity) {
      const px = Math.min(Math.max(x.at(at), m.l), right), py = goal.exposure < Infinity ? Math.min(Math.max(y.at(goal.exposure), m.t), height - m.b) : top;
      svg.append(el("rect", {class: "infeasible", x: px, y: py, width: right - px, height: height - m.b - py}));
    }
    if (goal.exposure < Infinity) {
      const py = Math.min(Math.max(y.at(goal.exposure), m.t), height - m.b);
      svg.append(el("line", {class: "limit", x1: m.l, x2: width - m.r, y1: py, y2: py}), el("text", {x: width - m.r - 4, y: py - 4, "text-anchor": "end"}, `limit ${seconds(goal.exposure)}`));
    }
    if (at < Infinity) {
      const px = Math.min(Math.max(x.at(at), m.l), width - m.r);
      svg.append(el("line", {class: "limit", x1: px, x2: px, y1: m.t, y2: height - m.b}), el("text", {x: px - 4, y: height - m.b - 6, "text-anchor": "end"}, `limit ${show(at, PRICES[price][1])}`));
    }
  }
  function draw(shown, chosen) {
    const place = byId("picture"), width = Math.max(340, Math.min(place.clientWidth || 800, 1200)), height = Math.max(340, Math.min(560, width * 0.6));
    const m = {l: 70, r: 16, t: 34, b: 52}, [priceText, unit] = PRICES[byId("price").value];
    const anyOpen = shown.some(s => s.bound === null), top = m.t + (anyOpen ? 38 : 0);
    const svg = el("svg", {viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Exposure window against ${priceText}: ${shown.length} settings`});
    const goal = limits(), priced = {"auth_overhead.p95": goal.overhead, "host_calls.mean": goal.calls, "interruptions.mean": goal.stops}[byId("price").value];
    const x = scale([...shown.map(s => s.x[0]), ...(priced < Infinity ? [priced] : [])], m.l + 14, width - m.r - 14, unit), bounded = shown.filter(s => s.bound !== null);
    const y = scale([...bounded.map(s => s.y[0]), ...(goal.exposure < Infinity ? [goal.exposure] : [])], height - m.b - 8, top + 10, "s"), high = s => s.bound === null ? m.t + 14 : y.at(s.y[0]);
    if (anyOpen) {
      svg.append(el("rect", {class: "open", x: m.l, y: m.t - 10, width: width - m.l - m.r, height: 40}));
      svg.append(el("text", {x: m.l + 4, y: m.t - 14}, "open: nothing ends it"));
    }
    for (const t of x.ticks) { svg.append(el("line", {class: "grid", x1: x.at(t), x2: x.at(t), y1: m.t, y2: height - m.b})); svg.append(el("text", {x: x.at(t), y: height - m.b + 18, "text-anchor": "middle"}, show(t, unit))); }
    for (const t of y.ticks) { svg.append(el("line", {class: "grid", x1: m.l, x2: width - m.r, y1: y.at(t), y2: y.at(t)})); svg.append(el("text", {x: m.l - 6, y: y.at(t) + 4, "text-anchor": "end"}, show(t, "s"))); }
    svg.append(el("path", {class: "axis", d: `M${m.l},${m.t}V${height - m.b}H${width - m.r}`}));
    svg.append(el("text", {x: (m.l + width) / 2, y: height - 10, "text-anchor": "middle"}, `${priceText} (log scale)`));
    svg.append(el("text", {x: -(height - m.b + m.t) / 2, y: 14, transform: "rotate(-90)", "text-anchor": "middle"}, `exposure window, ${STATISTICS[byId("statistic").value]} (log scale)`));
    drawLimits(svg, x, y, m, width, height);
    const line = front(shown);
    if (line.length > 1) svg.append(el("path", {class: "front", d: line.map((s, i) => `${i ? "L" : "M"}${x.at(s.x[0])},${high(s)}`).join("")}));
    const clampX = v => Math.min(Math.max(v, m.l), width - m.r), clampY = v => Math.min(Math.max(v, top), height - m.b), labels = [];
    for (const s of [...shown].sort((a, b) => (a === chosen) - (b === chosen))) {
      const px = x.at(s.x[0]), py = high(s), colour = `var(--${s.p.family})`;
      const text = `${s.name}: exposure ${withInterval(s.y, "s")}, bound ${s.bound === null ? "open" : seconds(s.bound)}; ${priceText} ${withInterval(s.x, unit)}${s.misses.length ? "; misses: " + s.misses.join(", ") : "; meets the goals"}`;
      const g = el("g", {class: "point", tabindex: 0, role: "img", "aria-label": text});
      if (s.x[1] !== null && s.x[2] !== null) g.append(el("line", {class: "arm", stroke: colour, x1: clampX(x.at(Math.max(0, s.x[1]))), x2: clampX(x.at(s.x[2])), y1: py, y2: py}));
      if (s.bound !== null && s.y[1] !== null && s.y[2] !== null) g.append(el("line", {class: "arm", stroke: colour, x1: px, x2: px, y1: clampY(y.at(Math.max(0, s.y[1]))), y2: clampY(y.at(s.y[2]))}));
      g.append(el("path", {class: "mark", d: SHAPES[s.p.family](6), transform: `translate(${px},${py})`, stroke: colour, fill: s.misses.length ? "var(--paper)" : colour}));
      if (s === chosen) g.append(el("circle", {class: "ring", cx: px, cy: py, r: 13}));
      for (const event of ["focus", "mouseenter", "click"]) g.addEventListener(event, () => { byId("detail").textContent = text + "."; });
      svg.append(g);
      labels.push([px, py, shown.length <= 18 || s === chosen ? s.name : ""]);
    }
    const taken = labels.map(([px, py]) => [px - 8, py - 8, px + 8, py + 8]);
    for (const [px, py, text] of labels.reverse()) {
      const w = text.length * 7.2, free = [[10, 4], [-w - 10, 4], [8, -10], [8, 20], [-w - 8, -10], [-w - 8, 20]].find(([dx, dy]) =>
        px + dx > m.l && px + dx + w < width && py + dy - 11 > 0 && !taken.some(b => px + dx < b[2] && b[0] < px + dx + w && py + dy - 11 < b[3] && b[1] < py + dy + 3));
      if (!text || !free) continue;
      taken.push([px + free[0], py + free[1] - 11, px + free[0] + w, py + free[1] + 3]);
      svg.append(el("text", {x: px + free[0], y: py + free[1]}, text));
    }
    place.replaceChildren(svg);
  }
  function table(shown, chosen) {
    const unit = PRICES[byId("price").value][1], head = ["setting", "bound", "exposure window", PRICES[byId("price").value][0], "misses"];
    const row = (cells, tag) => { const tr = document.createElement("tr"); cells.forEach((c, i) => { const cell = document.createElement(tag || (i ? "td" : "th")); cell.textContent = c; if (tag) cell.scope = "col"; else if (!i) cell.scope = "row"; tr.append(cell); }); return tr; };
    const caption = document.createElement("caption"), top = document.createElement("thead"), body = document.createElement("tbody");
    caption.textContent = `${shown.length} settings, ${byId("cause").value === "all" ? data.all : "after " + words(byId("cause").value)}, with 95 % intervals`;
    top.append(row(head, "th"));
    for (const s of [...shown].sort((a, b) => a.misses.length - b.misses.length || end(a) - end(b)).slice(0, 200)) {
      const tr = row([s.name, s.bound === null ? "open" : seconds(s.bound), withInterval(s.y, "s"), withInterval(s.x, unit), s.misses.join(", ") || "nothing"]);
      tr.className = s === chosen ? "best" : s.misses.length ? "missed" : "";
      body.append(tr);
    }
    byId("table").replaceChildren(caption, top, body);
  }
  function update() {
    for (const [path, s] of Object.entries(sliders)) s.output.textContent = Number(s.range.value) ? setting(path, s.values[s.range.value - 1]) : "all";
    const shown = view(), chosen = best(shown), after = byId("cause").value === "all" ? data.all : words(byId("cause").value);
    let text = "Nothing is shown: choose a strategy.";
    if (chosen) {
      const open = chosen.p.open ? ` It leaves open: ${chosen.p.open}.` : " It leaves no cause open.";
      const goals = Object.values(limits()).some(v => v < Infinity), by = goals ? "within these limits, by estimates" : "by estimates, without limits";
      text = judged() ? `Use ${chosen.name}, as the verdict says.${open}` : `By ${PREFER[byId("prefer").value]}, ${by}: ${chosen.name}.${open}`;
      text += ` Exposure, ${after}: ${withInterval(chosen.y, "s")}, ${chosen.bound === null ? "without a bound" : "at most " + seconds(chosen.bound)}; gate overhead ${withInterval(chosen.p.figures["auth_overhead.mean"], "s")} a click.`;
    } else if (shown.length) {
      const near = [...shown].sort((a, b) => a.misses.length - b.misses.length || end(a) - end(b))[0];
      text = `No setting ${judged() ? "of the file is shown to meet every goal" : "shown keeps these limits"}. Nearest: ${near.name}, which misses ${near.misses.join(" and ")}.`;
    }
    byId("recommendation").textContent = text;
    byId("detail").textContent = "";
    draw(shown, chosen); table(shown, chosen);
  }
  /* other figures for the same strategies: the page of a scenario that runs anew */
  function replace(fresh) {
    const before = data.causes.join();
    Object.assign(data, fresh);
    if (data.causes.join() !== before) {
      const chosen = byId("cause").value;
      byId("cause").replaceChildren();
      options("cause", causes(), data.causes.includes(chosen) ? chosen : "all");
    }
    if (!asked) { presetGoals(); presetPrices(); if (data.goals.prefer) byId("prefer").value = data.goals.prefer; }
    update();
  }
  window.explorer = {data, seconds, number, replace, write, goalsAreJudged: () => { asked = false; }};
  byId("controls").addEventListener("input", e => { if (GOALS.includes(e.target.id)) asked = true; if (e.target.id === "cause" || e.target.id === "statistic") presetGoals(); update(); write(); });
  window.addEventListener("resize", update);
  window.addEventListener("hashchange", () => { read(); update(); });
  read(); update();
})();
