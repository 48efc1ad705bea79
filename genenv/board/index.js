// The tab genenv: a gallery with filters, and one sample at a time with its path. No build step.
// Every text from a run is set as text, never as markup.

const STYLE = `
  :root { --paper: #fff; --card: #f6f7f9; --ink: #1b2129; --muted: #59636f; --line: #dde1e6;
    --accent: #1a5fb4; }
  @media (prefers-color-scheme: dark) { :root { --paper: #14181d; --card: #1c2229; --ink: #e6e9ed;
    --muted: #9aa5b1; --line: #333b45; --accent: #78aeed; } }
  body { margin: 0; background: var(--paper); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
  main { padding: 18px 24px; }
  .bar { display: flex; flex-wrap: wrap; gap: 10px 18px; align-items: end; margin-bottom: 14px; }
  label { display: flex; flex-direction: column; font-size: 12px; color: var(--muted); }
  select, button, input { font: inherit; color: var(--ink); background: var(--card);
    border: 1px solid var(--line); border-radius: 4px; padding: 4px 8px; }
  .told { color: var(--muted); margin: 0 0 12px; }
  .layout { display: flex; gap: 24px; align-items: flex-start; }
  .gallery { flex: 1; display: grid; gap: 8px; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); }
  .gallery button { padding: 6px; text-align: center; cursor: pointer; min-width: 0; }
  .gallery button[aria-pressed="true"] { outline: 2px solid var(--accent); }
  .gallery img { width: 64px; height: 64px; object-fit: contain; image-rendering: pixelated; }
  .gallery span { display: block; font-size: 11px; color: var(--muted); overflow-wrap: anywhere; }
  .detail { width: 300px; position: sticky; top: 18px; background: var(--card); border-radius: 8px;
    padding: 14px; box-sizing: border-box; }
  .detail img { width: 272px; min-height: 96px; max-height: 70vh; object-fit: contain;
    image-rendering: pixelated; }
  .detail dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 12px; margin: 10px 0; }
  .detail dt { color: var(--muted); } .detail dd { margin: 0; overflow-wrap: anywhere; }
  .detail input { width: 100%; padding: 0; }
`;
const PAGE = 120; // samples that a page of the gallery shows
const MILLISECONDS = 120; // that a frame of a path is shown

const state = { run: null, kind: "", answer: null, filters: {}, page: 0, chosen: null, path: [],
  noise: "", strength: 3 };
let found = []; // runs
let timer = null;
let asked = 0; // loads so far: only the answer to the last one is shown

function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

async function ask(route, query = {}) {
  const answer = await fetch(`./${route}?${new URLSearchParams(query)}`);
  const is_json = (answer.headers.get("content-type") ?? "").includes("json");
  if (answer.ok && is_json) return answer.json();
  const told = is_json ? (await answer.json()).error : `TensorBoard could not answer (${answer.status}).`;
  throw new Error(told);
}

function source(row, frame) {
  const own = { run: state.run, row: row.at };
  if (frame !== undefined) own.large = 1;
  const more = state.kind === "react"
    ? { noise: state.noise, strength: frame ?? state.strength }
    : frame === undefined ? {} : { frame };
  return `./picture?${new URLSearchParams({ ...own, ...more })}`;
}

function choices(name, values, chosen, change) {
  const options = values.map((value) => make("option", { value, textContent: value }));
  const select = make("select", { id: name }, options);
  select.value = chosen;
  select.addEventListener("change", () => change(select.value));
  return make("label", { textContent: name }, [select]);
}

function slider(name, low, high, value, change) {
  const input = make("input", { type: "range", id: name, min: low, max: high, step: 1, value });
  const words = make("span", { textContent: `${name} ${value}` });
  input.addEventListener("input", () => {
    words.textContent = `${name} ${input.value}`;
    change(Number(input.value));
  });
  return [make("label", {}, [words, input]), input];
}

function is_same(row, other) {
  return row.at === other.at && row.learner === other.learner;
}

function rows() {
  return state.answer.rows.filter((row) =>
    Object.entries(state.filters).every(([name, value]) => value === "all" || row[name] === value));
}

function filter(name) {
  const values = ["all", ...new Set(state.answer.rows.map((row) => row[name]))];
  const chosen = values.includes(state.filters[name]) ? state.filters[name] : "all";
  state.filters[name] = chosen;
  return choices(name, values, chosen, (value) => {
    Object.assign(state, { page: 0, chosen: null });
    state.filters[name] = value;
    draw();
  });
}

async function load() {
  const query = { run: state.run };
  if (state.kind === "react") {
    if (state.noise) query.noise = state.noise;
    query.strength = state.strength;
  }
  const answer = await ask(state.kind === "react" ? "reactions" : "flips", query);
  answer.rows.forEach((row, i) => { row.at = row.sample ?? i; });
  return answer;
}

// Asks anew after a change; the chosen sample is looked up again, for its answer may be another.
async function again(change) {
  Object.assign(state, change);
  asked += 1;
  const own = asked;
  try {
    const answer = await load();
    const noise = answer.noise ?? "";
    const chosen = state.chosen && answer.rows.find((row) => is_same(row, state.chosen));
    const path = chosen ? await path_of(chosen, noise) : [];
    if (own !== asked) return;
    Object.assign(state, { answer, noise, chosen: chosen ?? null, path });
    draw();
  } catch (error) {
    if (own === asked) tell(error);
  }
}

// What the learner of a row says of its sample at each strength; nothing of flips.
async function path_of(row, noise) {
  if (state.kind !== "react") return [];
  const said = await ask("path", { run: state.run, noise, row: row.at });
  return said.filter((other) => other.learner === row.learner);
}

async function choose(row) {
  asked += 1;
  const own = asked;
  try {
    const path = await path_of(row, state.noise);
    if (own !== asked) return;
    Object.assign(state, { chosen: row, path });
    draw();
  } catch (error) {
    if (own === asked) tell(error);
  }
}

function bar() {
  const names = found.map((run) => run.name);
  const parts = [choices("run", names, state.run, (name) => {
    const kind = found.find((run) => run.name === name).kind;
    again({ run: name, kind, page: 0, chosen: null, path: [], filters: {}, noise: "" });
  })];
  if (state.answer && state.kind === "react") {
    parts.push(choices("noise", state.answer.noises, state.noise, (noise) => again({ noise, page: 0 })));
    const ends = state.answer.strengths;
    const [label, input] = slider("strength", ends[0], ends.at(-1), state.strength, () => {});
    input.addEventListener("change", () => again({ strength: Number(input.value) }));
    parts.push(label);
  }
  if (state.answer) parts.push(...["learner", "condition", "verdict"].map(filter));
  return make("div", { className: "bar" }, parts);
}

function gallery(kept) {
  const shown = kept.slice(state.page * PAGE, (state.page + 1) * PAGE);
  return make("div", { className: "gallery" }, shown.map((row) => {
    const image = make("img", { src: source(row), loading: "lazy", alt: `${row.condition} as ${row.answer}` });
    const words = make("span", { textContent: `${row.condition} → ${row.answer}` });
    const button = make("button", { title: row.verdict }, [image, words]);
    button.setAttribute("aria-pressed", String(state.chosen !== null && is_same(row, state.chosen)));
    button.addEventListener("click", () => choose(row));
    return button;
  }));
}

function facts(row) {
  const shown = Object.entries(row).filter(([name]) => !["at", "sample", "strength"].includes(name));
  return shown.flatMap(([name, value]) =>
    [make("dt", { textContent: name }), make("dd", { textContent: String(value) })]);
}

// Picture and words change together: an answer belongs to the sample that was asked about.
function detail(row) {
  const strengths = state.kind === "react" ? state.answer.strengths : null;
  const last = strengths ? strengths.at(-1) : state.answer.frames - 1;
  const start = strengths ? state.strength : last;
  const image = make("img", { id: "path", alt: "the chosen sample" });
  const list = make("dl");
  const show = (frame) => {
    image.src = source(row, frame);
    const said = strengths ? state.path.find((other) => other.strength === frame) : row;
    const is_asked = strengths || frame === last;
    list.replaceChildren(...facts(is_asked ? said : { "on the way": "the model was asked about the last step alone" }));
  };
  const [label, input] = slider(strengths ? "noise strength" : "step of the path", 0, last, start, show);
  const play = make("button", { textContent: "play", id: "play" });
  play.addEventListener("click", () => {
    clearInterval(timer);
    let frame = 0;
    timer = setInterval(() => {
      input.value = frame;
      input.dispatchEvent(new Event("input"));
      frame += 1;
      if (frame > last) clearInterval(timer);
    }, strengths ? 5 * MILLISECONDS : MILLISECONDS);
  });
  show(start);
  return make("aside", { className: "detail", id: "detail" }, [image, label, play, list]);
}

function pages(count) {
  const parts = [];
  for (const [words, step] of [["previous", -1], ["next", 1]]) {
    const to = state.page + step;
    const button = make("button", { textContent: words, disabled: to < 0 || to * PAGE >= count });
    button.addEventListener("click", () => { state.page = to; draw(); });
    parts.push(button);
  }
  return make("div", { className: "bar" }, parts);
}

function draw() {
  clearInterval(timer);
  const kept = rows();
  const told = [kept.length ? `${kept.length.toLocaleString()} samples` : "no samples"];
  const total = state.answer.total;
  if (total === 0) told.push("the model failed on nothing that was asked");
  if (total > state.answer.rows.length) {
    told.push(`the run has ${total.toLocaleString()} flips; the first of each verdict and search are here`);
  }
  if (state.answer.unread.length) told.push(`could not be read: ${state.answer.unread.join(", ")}`);
  const parts = [gallery(kept)];
  if (state.chosen) parts.push(detail(state.chosen));
  document.querySelector("main").replaceChildren(
    bar(),
    make("p", { className: "told", textContent: `${told.join("; ")}.` }),
    make("div", { className: "layout" }, parts),
    pages(kept.length),
  );
}

// The menu of runs stays whatever one of them holds.
function tell(error) {
  clearInterval(timer);
  state.answer = null;
  const words = make("p", { className: "told", id: "error", textContent: error.message });
  document.querySelector("main").replaceChildren(...(found.length ? [bar()] : []), words);
}

export async function render() {
  document.head.append(make("style", { textContent: STYLE }));
  document.body.replaceChildren(make("main"));
  try {
    found = await ask("runs");
    if (!found.length) throw new Error("No run of `genenv stress` or `genenv react` below this folder.");
    await again({ run: found[0].name, kind: found[0].kind });
  } catch (error) {
    tell(error);
  }
}
