"use strict";
// Keys of classes: digits as long as they reach, then letters; the two others have their own.
const KEYS = "0123456789abcdefghijklmopqrstuvwxyz";
const OTHERS = [["none of these", -1, "-"], ["cannot tell", -2, "Enter"]];
const UNANSWERED = -3;
const state = { samples: [], classes: [], answers: [], past: [] };
const at = (id) => document.getElementById(id);

function next() {
  return state.answers.indexOf(UNANSWERED);
}

function show() {
  const item = next();
  const done = state.answers.filter((a) => a !== UNANSWERED).length;
  at("bar").max = state.answers.length;
  at("bar").value = done;
  at("progress").textContent = item < 0
    ? `All ${done} answered. Thank you: go back to the terminal and press Ctrl-C.`
    : `${done} of ${state.answers.length} answered`;
  at("choices").hidden = item < 0;
  at("sample").replaceChildren(...(item < 0 ? [] : [drawn(state.samples[item])]));
}

function drawn(sample) {
  if (sample.picture) {
    const image = document.createElement("img");
    image.src = sample.picture;
    image.alt = "the sample to be named";
    return image;
  }
  const table = document.createElement("table");
  sample.values.forEach((value, i) => {
    const row = table.insertRow();
    row.insertCell().textContent = sample.names[i];
    row.insertCell().textContent = value;
  });
  return table;
}

async function send(item, answer) {
  const reply = await fetch("answer", { method: "POST", body: JSON.stringify({ item, answer }) });
  if (!reply.ok) {
    at("progress").textContent = `Not kept: ${await reply.text()}`;
    return;
  }
  state.answers = (await reply.json()).answers;
  show();
}

function answer(value) {
  const item = next();
  if (item < 0) return;
  state.past.push(item);
  send(item, value);
}

function undo() {
  if (state.past.length) send(state.past.pop(), UNANSWERED);
}

function button(name, value, key) {
  const made = document.createElement("button");
  made.type = "button";
  if (key) {
    const hint = document.createElement("kbd");
    hint.textContent = key;
    made.append(hint, " ");
  }
  made.append(name);
  made.addEventListener("click", () => answer(value));
  return made;
}

function keyOf(index) {
  const name = state.classes[index];
  return state.classes.every((c) => c.length === 1) ? name : KEYS[index];
}

async function begin() {
  Object.assign(state, await (await fetch("sheet")).json());
  const keys = new Map(OTHERS.map(([, value, key]) => [key, value]));
  const buttons = state.classes.map((name, i) => {
    keys.set(keyOf(i), i);
    return button(name, i, keyOf(i) === name ? "" : keyOf(i));
  });
  buttons.push(...OTHERS.map(([name, value, key]) => button(name, value, key)));
  at("choices").replaceChildren(...buttons);
  at("undo").addEventListener("click", undo);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Backspace") undo();
    else if (keys.has(event.key)) {
      event.preventDefault();
      answer(keys.get(event.key));
    }
  });
  show();
}

begin().catch((error) => { at("progress").textContent = `Not loaded: ${error}`; });
