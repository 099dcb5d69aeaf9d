"use strict";
// The page of `assay review --page`: rows come as JSON and are put in as text, never as HTML.

const KEYS = "123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BETWEEN = "|";
const MOST = 40;
const NOTHING = "(nothing to find)";
const state = { column: null, rows: [], judged: {}, shown: [], at: 0, busy: false, marked: null };
const by = (id) => document.getElementById(id);

function made(tag, text, kind) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  return element;
}

async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const reply = await fetch(path, options);
  const said = await reply.json();
  if (!reply.ok) throw new Error(said.error);
  return said;
}

const present = () => state.rows.find((row) => row.key === state.shown[state.at]);
const said = (answer) => answer === "" || answer === null ? NOTHING : answer;
const sure = (confidence) => confidence === null ? "" : confidence.toFixed(2);

function filtered() {
  const label = by("by-label").value;
  const most = Number(by("by-confidence").value);
  const open = by("open-only").checked;
  return state.rows.filter((row) =>
    (label === "" || (row.value ?? "NULL") === label) &&
    (most >= 1 || (row.confidence !== null && row.confidence <= most)) &&
    !(open && row.key in state.judged));
}

function showRows() {
  const kept = state.shown[state.at];
  state.shown = filtered().map((row) => row.key);
  state.at = Math.max(0, state.shown.indexOf(kept));
  by("most-shown").textContent = Number(by("by-confidence").value).toFixed(2);
  const items = state.shown.map((key, place) => rowItem(key, place));
  by("rows").replaceChildren(...items);
  const count = Object.keys(state.judged).length;
  by("count").textContent = `${count} of ${state.rows.length} judged, ${items.length} shown`;
}

function rowItem(key, place) {
  const row = state.rows.find((one) => one.key === key);
  const button = made("button");
  const right = state.judged[key];
  const mark = right === undefined ? "" : right === (row.value ?? "") ? "✓" : "✎";
  const kind = mark === "✓" ? "good" : "bad";
  button.append(made("span", mark, kind), made("span", row.value ?? "NULL", "value"),
    made("span", sure(row.confidence), "sure"));
  button.setAttribute("aria-current", String(place === state.at));
  button.setAttribute("aria-label", `row ${key}, ${row.value ?? "NULL"}`);
  button.addEventListener("click", () => { go(place); });
  const item = made("li");
  item.append(button);
  return item;
}

function showOne() {
  const row = present();
  by("one").hidden = row === undefined;
  if (row === undefined) return;
  by("key").textContent = `row ${row.key}`;
  by("text").textContent = row.text;
  by("why").replaceChildren(...row.why.map((reason) => made("li", reason)));
  const own = { by: row.model ?? "in the table", value: row.value, confidence: row.confidence };
  const gold = row.is_gold ? [{ by: "gold", value: row.gold, confidence: null }] : [];
  by("answers").replaceChildren(...[own, ...row.others, ...gold].map(answerCard));
  const right = state.judged[row.key];
  by("said").textContent = right === undefined ? "" : `Right: ${said(right)}`;
  by("said").className = "good";
  by("choices").replaceChildren(...choiceButtons(row, right));
}

function answerCard(answer) {
  const card = made("div", undefined, "answer");
  card.append(made("div", answer.by, "by"), made("div", answer.value ?? "NULL", "value"));
  if (answer.confidence !== null) card.append(made("div", `confidence ${sure(answer.confidence)}`));
  return card;
}

function choiceButtons(row, right) {
  const buttons = [];
  if (!state.column.can_be_judged) return buttons;
  if (row.can_accept || state.marked !== null) {
    const words = state.marked === null ? `Accept ${said(short(row.value))}`
      : `Write ${said(state.marked.join(BETWEEN))}`;
    const accept = made("button", words, "accept");
    accept.addEventListener("click", () => accepted(row));
    buttons.push(accept);
  }
  state.column.choices.forEach((choice, place) => {
    const button = made("button", undefined, isChosen(row, right, choice) ? "chosen" : "");
    if (place < KEYS.length) button.append(made("kbd", KEYS[place]), " ");
    button.append(choice);
    button.addEventListener("click", () => chosen(row, choice));
    buttons.push(button);
  });
  return buttons;
}

// Of several labels each is marked or not, and what is marked is written at once.

const short = (answer) => answer !== null && answer.length > MOST ? `${answer.slice(0, MOST)}…` : answer;
const parts = (answer) => (answer ?? "").split(BETWEEN).filter((part) => part !== "");

function isChosen(row, right, choice) {
  if (!state.column.is_several) return right === choice;
  return (state.marked ?? parts(right ?? row.value)).includes(choice);
}

function chosen(row, choice) {
  if (!state.column.is_several) {
    judge("correct", { key: row.key, answer: choice });
    return;
  }
  const held = state.marked ?? parts(state.judged[row.key] ?? row.value);
  state.marked = state.column.choices.filter((one) => held.includes(one) !== (one === choice));
  showOne();
}

function accepted(row) {
  if (state.marked === null) judge("accept", { key: row.key });
  else judge("correct", { key: row.key, answer: state.marked.join(BETWEEN) });
}

function show() { showRows(); showOne(); }

function go(place) {
  if (place < 0 || place >= state.shown.length) return;
  state.at = place;
  state.marked = null;
  show();
  const isNarrow = matchMedia("(max-width: 700px)").matches;
  if (isNarrow) scrollTo(0, 0);
  else by("rows").children[place].scrollIntoView({ block: "nearest" });
}

async function judge(what, body) {
  if (state.busy) return;
  state.busy = true;
  const place = state.at;
  try {
    const done = await call(what, body);
    state.judged = done.judged;
    state.marked = null;
    show();
    if (what === "undo") {
      by("said").textContent = done.key === null ? "There is nothing to take back."
        : `Taken back: what was said of row ${done.key}.`;
    } else if (!by("open-only").checked) {
      go(Math.min(place + 1, state.shown.length - 1));
    }
  } catch (error) {
    by("said").className = "bad";
    by("said").textContent = error.message || "The review has ended; start it again.";
  } finally {
    state.busy = false;
  }
}

function pressed(event) {
  const within = event.target.tagName;
  if (event.ctrlKey || event.metaKey || event.altKey || within === "INPUT" || within === "SELECT") return;
  const row = present();
  const key = event.key;
  if (key === "j" || key === "ArrowDown") go(state.at + 1);
  else if (key === "k" || key === "ArrowUp") go(state.at - 1);
  else if (key === "u") judge("undo", {});
  else if (row === undefined || !state.column.can_be_judged) return;
  else if (key === "Enter" && within !== "BUTTON") accepted(row);
  else if (key === "t" && !by("free").hidden) by("typed").focus();
  else {
    const place = key.length === 1 ? KEYS.indexOf(key) : -1;
    if (place < 0 || place >= state.column.choices.length) return;
    chosen(row, state.column.choices[place]);
  }
  event.preventDefault();
}

function begin(found) {
  Object.assign(state, found);
  by("name").textContent = state.column.name;
  document.title = `Review ${state.column.name}`;
  const values = [...new Set(state.rows.map((row) => row.value ?? "NULL"))].sort();
  const all = made("option", "all");
  all.value = "";
  const options = values.map((value) => made("option", value));
  by("by-label").replaceChildren(all, ...options);
  by("free").hidden = by("type-key").hidden = !state.column.is_free;
  for (const id of ["by-label", "by-confidence", "open-only"]) {
    by(id).addEventListener("input", show);
  }
  by("filter").addEventListener("submit", (event) => { event.preventDefault(); });
  by("free").addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = by("typed").value;
    by("typed").value = "";
    by("typed").blur();
    judge("correct", { key: present().key, answer });
  });
  document.addEventListener("keydown", pressed);
  show();
}

call("rows").then(begin);
