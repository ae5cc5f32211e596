// Copyright: (c) 2026, Endpoint Ops
// MIT License (see LICENSE or https://opensource.org/license/mit)
// SPDX-License-Identifier: MIT
// Reads the overview again and again, and shows it. Changes the tenant only with the token that a person enters.

import { TABLES, element, makeSection, number, showTable, time } from "/_emulator/tables.js";

const POLL_MILLISECONDS = 2000;
const TYPING_MILLISECONDS = 250;
const SLOWEST_MILLISECONDS = 15000;
// A tenant with much to search is asked less often: the page takes about a twentieth of its time.
const SHARE = 20;
const COUNTERS = [
  ["writes", "Graph writes"],
  ["reads", "Graph reads"],
  ["envelopes", "Batches"],
  ["tokens", "Token requests"],
  ["throttled", "Throttled"],
  ["early_retry", "Early retries"],
  ["open_approvals", "Open approval requests"],
];

const shown = {};
let timer = null;
let request = null;
let token = null;
let isPaused = false;
let isLost = false;
let isFrozen = false;

const find = (id) => document.getElementById(id);

/** Tell something to the person who looks at the page, or who listens to it. */
function say(text) {
  find("status").textContent = text;
}

async function read(response) {
  const body = await response.json();
  if (!response.ok) {
    throw new Error(body.error);
  }
  return body;
}

/** Read and show the overview, and plan the next time. */
async function refresh() {
  clearTimeout(timer);
  request?.abort();
  const own = new AbortController();
  request = own;
  const started = performance.now();
  const search = find("search").value.trim();
  try {
    const answer = await fetch(`/_emulator/overview?search=${encodeURIComponent(search)}`, { signal: own.signal });
    show(await read(answer), search);
    if (isLost) {
      say("The tenant responds again.");
    }
    isLost = false;
  } catch (failure) {
    if (own.signal.aborted) {
      return;
    }
    if (!isLost) {
      say(`The tenant does not respond, and what you see is old. ${failure.message}`);
    }
    isLost = true;
  }
  if (!isPaused && !document.hidden) {
    const wait = Math.min(SLOWEST_MILLISECONDS, Math.max(POLL_MILLISECONDS, SHARE * (performance.now() - started)));
    timer = setTimeout(refresh, wait);
  }
}

/** Call a function when its part of the overview is another one than the last time: what stays can be read and selected in peace. */
function update(name, content, change) {
  const text = JSON.stringify(content);
  if (shown[name] !== text) {
    shown[name] = text;
    change(content);
  }
}

function show(overview, search) {
  update("tenant", overview.tenant, (tenant) => {
    find("tenant").textContent = `Seed ${tenant.seed} at ${tenant.origin}, tenant ID ${tenant.tenant_id}`;
    document.title = `Emulated tenant: ${tenant.seed}`;
  });
  update("counters", [overview.clock, overview.counts], ([clock, counts]) => showCounters(clock, counts));
  for (const table of TABLES) {
    update(table.name, overview[table.name], (section) => {
      showTable(table, section);
      find(`${table.name}-link`).textContent = number(section.found);
    });
  }
  update("presets", [overview.presets, overview.settings], ([presets, settings]) => showPresets(presets, settings));
  update("search", search, () => {
    const found = TABLES.map((table) => `${table.title}: ${number(overview[table.name].found)}`);
    say(search ? `Found. ${found.join(", ")}.` : "");
  });
}

function showCounters(clock, counts) {
  isFrozen = clock.frozen;
  find("freeze").textContent = isFrozen ? "Let the clock run" : "Freeze the clock";
  const speed = clock.rate === 1 ? "running" : `running, ${clock.rate} times as fast`;
  const items = [
    ["Clock (UTC)", element("span", {}, time(clock.now), `, ${isFrozen ? "frozen" : speed}`)],
    ...COUNTERS.map(([name, label]) => [label, number(counts[name])]),
  ];
  find("counters").replaceChildren(...items.map(([label, value]) => element("div", {}, element("dt", {}, label), element("dd", {}, value))));
}

function showPresets(presets, settings) {
  const items = [
    ...presets.map((preset) => element("li", {}, element("strong", {}, preset.name), `: ${preset.description}`)),
    ...Object.entries(settings).map(([name, value]) => element("li", {}, element("code", {}, `${name} = ${JSON.stringify(value)}`))),
  ];
  find("presets").replaceChildren(...(items.length ? items : [element("li", {}, "No preset was applied, and all settings are the defaults.")]));
}

/** Send a change with the token, and tell the outcome. */
async function change(method, path, body, done) {
  try {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const answer = await fetch(`/_emulator/${path}`, { method, headers, body: JSON.stringify(body) });
    if (answer.status === 401) {
      forgetToken();
    }
    await read(answer);
    say(done);
  } catch (failure) {
    say(`Nothing was changed. ${failure.message}`);
  }
  await refresh();
}

async function enterToken() {
  token = find("token").value.trim();
  find("token").value = "";
  allowChanges(true);
  // changes nothing, and is refused with a wrong token
  await change("POST", "clock", {}, "You can change the tenant now.");
}

function forgetToken() {
  token = null;
  allowChanges(false);
}

function allowChanges(isAllowed) {
  find("changes").disabled = !isAllowed;
  find("forget").hidden = !isAllowed;
}

function pause() {
  isPaused = !isPaused;
  find("pause").setAttribute("aria-pressed", String(isPaused));
  say(isPaused ? "Updates are paused." : "Updates are on.");
  refresh();
}

function on(id, event, handle) {
  find(id).addEventListener(event, (occurred) => {
    occurred.preventDefault();
    handle();
  });
}

async function listPresets() {
  const presets = await read(await fetch("/_emulator/presets"));
  find("preset").replaceChildren(...presets.map(({ name }) => element("option", { value: name }, name)));
}

on("search-form", "submit", refresh);
on("search", "input", () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, TYPING_MILLISECONDS);
});
on("pause", "click", pause);
on("token-form", "submit", enterToken);
on("forget", "click", () => {
  forgetToken();
  say("The token is forgotten.");
});
on("advance", "click", () => change("POST", "clock", { advance: Number(find("seconds").value) }, "The clock was moved."));
on("freeze", "click", () => change("POST", "clock", { frozen: !isFrozen }, isFrozen ? "The clock runs." : "The clock is frozen."));
on("apply", "click", () => change("POST", "presets", { name: find("preset").value }, `The preset ${find("preset").value} was applied.`));
on("disarm", "click", () => change("DELETE", "faults", {}, "All faults were removed."));
on("reset", "click", () => {
  if (window.confirm("Reset the tenant? Its data, settings, faults, and journal start again.")) {
    change("POST", "reset", {}, "The tenant was reset.");
  }
});
document.addEventListener("visibilitychange", () => {
  if (!isPaused) {
    refresh();
  }
});

function makeLink(target, text, ...more) {
  return element("li", {}, element("a", { href: `#${target}` }, text), ...more);
}

find("links").append(
  ...TABLES.map(({ name, title }) => makeLink(`${name}-title`, title, " ", element("span", { id: `${name}-link`, class: "muted" }))),
  makeLink("presets-title", "Presets and changed settings"),
  makeLink("change-title", "Change the tenant"),
);
find("tables").append(...TABLES.map(makeSection));
find("main").hidden = false;
listPresets().catch((failure) => say(failure.message));
refresh();
