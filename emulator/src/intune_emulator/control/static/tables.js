// Copyright: (c) 2026, Endpoint Ops
// MIT License (see LICENSE or https://opensource.org/license/mit)
// SPDX-License-Identifier: MIT
// The tables of the page. All content comes from the tenant, so it becomes text, never markup.

const GOOD = ["done", "succeeded", "remediated"];
const BAD = ["failed", "error", "conflict", "nonCompliant"];
const WAITING = ["pending", "active"];
const NUMBERS = new Intl.NumberFormat("en");

// Each column has a heading, and a function that returns the content of a cell: a node, or a text.
export const TABLES = [
  {
    name: "devices",
    title: "Devices",
    order: "first",
    empty: "The tenant has no devices.",
    columns: [
      ["Name", (row) => row.name],
      ["Owner", (row) => row.owner],
      ["Platform", (row) => row.platform],
      ["Last check-in (UTC)", (row) => parts(time(row.last_check_in), row.offline && state("offline"))],
      ["Passcode reset", (row) => row.reset && parts(state(row.reset.state), count(row.resets, "reset", "resets"))],
    ],
  },
  {
    name: "resets",
    title: "Passcode resets",
    order: "newest",
    empty: "No passcode was reset.",
    columns: [
      ["Requested (UTC)", (row) => time(row.requested)],
      ["Device", (row) => row.device],
      ["Owner", (row) => row.owner],
      ["State", (row) => state(row.state)],
      ["In this state since (UTC)", (row) => time(row.since)],
    ],
  },
  {
    name: "policies",
    title: "Policies",
    order: "first",
    empty: "The tenant has no policies.",
    columns: [
      ["Name", (row) => row.name],
      ["Type", (row) => row.surface.replaceAll("_", " ")],
      ["Assigned to", (row) => row.assigned.join(", ") || "no assignment"],
      ["Reported states", (row) => parts(...Object.entries(row.states).map(([name, number]) => state(name, number))) || "none"],
    ],
  },
  {
    name: "requests",
    title: "Requests",
    order: "newest",
    empty: "The tenant has received no requests.",
    columns: [
      ["Time (UTC)", (row) => time(row.time)],
      ["Method", (row) => row.method],
      ["Path", (row) => code(row.query ? `${row.path}?${row.query}` : row.path)],
      ["Status", (row) => status(row.status)],
      ["Request ID", (row) => row.request_id && code(row.request_id)],
      ["Notes", (row) => notes(row)],
    ],
  },
  {
    name: "faults",
    title: "Faults",
    order: "first",
    empty: "No fault is armed.",
    columns: [
      ["Fault", (row) => parts(row.kind, Object.keys(row.details).length > 0 && code(JSON.stringify(row.details)))],
      ["Requests", (row) => matched(row.match)],
      ["Skips", (row) => number(row.skip)],
      ["Every", (row) => number(row.every)],
      ["Times", (row) => (row.times === null ? "always" : number(row.times))],
      ["Hits", (row) => number(row.hits)],
    ],
  },
];

/** Return an element with text or nodes in it. */
export function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, value);
  }
  made.append(...content);
  return made;
}

export function number(value) {
  return NUMBERS.format(value);
}

/** Return a date-time in UTC without its fraction. */
export function time(text) {
  return text ? element("time", { datetime: text }, String(text).slice(0, 19).replace("T", " ")) : "";
}

/** Return the contents that there are, side by side; null without one. */
function parts(...contents) {
  const found = contents.filter((content) => content);
  return found.length ? element("span", { class: "parts" }, ...found) : null;
}

function count(value, one, more) {
  return value > 1 ? `${number(value)} ${more}` : `1 ${one}`;
}

function code(text) {
  return element("code", {}, text);
}

function kindOf(name) {
  if (GOOD.includes(name)) {
    return "good";
  }
  return BAD.includes(name) ? "bad" : WAITING.includes(name) ? "waiting" : "other";
}

function state(name, value) {
  return element("span", { class: `state ${kindOf(name)}` }, value === undefined ? name : `${name} ${number(value)}`);
}

function status(value) {
  if (value === null) {
    return element("span", { class: "state bad" }, "no response");
  }
  return element("span", { class: `state ${value < 400 ? "good" : "bad"}` }, String(value));
}

function notes(row) {
  return parts(
    row.kind !== "graph" && row.kind.replaceAll("_", " "),
    row.fault && `fault ${row.fault}`,
    row.throttled && "throttled",
    row.refused && `refused: ${row.refused}`,
  );
}

function matched(match) {
  const found = [match.method, match.version === "any" ? "any version" : match.version, match.path].filter((part) => part);
  return found.length ? code(found.join(" ")) : "all";
}

/** Make the section of a table; the roles keep it a table where the style sheet stacks its cells. */
export function makeSection(table) {
  const title = `${table.name}-title`;
  const heads = table.columns.map(([heading]) => element("th", { scope: "col", role: "columnheader" }, heading));
  const head = element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...heads));
  const body = element("tbody", { id: table.name, role: "rowgroup" });
  return element(
    "section",
    { "aria-labelledby": title },
    element("h2", { id: title }, table.title),
    element("p", { id: `${table.name}-count`, class: "muted" }),
    element("table", { role: "table", "aria-labelledby": title }, head, body),
  );
}

/** Show the rows of a table. */
export function showTable(table, section) {
  document.getElementById(`${table.name}-count`).textContent = describe(table, section);
  document.getElementById(table.name).replaceChildren(...section.rows.map((row) => makeRow(table, row)));
}

function makeRow(table, row) {
  const cells = table.columns.map(([heading, content], index) => {
    const attributes = index === 0 ? { scope: "row", role: "rowheader" } : { role: "cell" };
    return element(index === 0 ? "th" : "td", { ...attributes, "data-heading": heading }, content(row) || "–");
  });
  return element("tr", { role: "row" }, ...cells);
}

function describe(table, { total, searched, found, rows }) {
  if (total === 0) {
    return table.empty;
  }
  const shown = rows.length < found ? `, the ${table.order} ${number(rows.length)} are shown` : "";
  if (searched < total) {
    return `${number(found)} of the ${table.order} ${number(searched)} match${shown}. There are ${number(total)}.`;
  }
  return found < total ? `${number(found)} of ${number(total)} match${shown}.` : `${number(total)} in total${shown}.`;
}
