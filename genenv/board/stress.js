// A run of stress: its flips by filters, and one of them with its path.

import { address, ask, bars, choices, facts, lines, make, pages, player, slider, still } from "./dom.js";

const MILLISECONDS = 120; // that a frame of a path is shown
const AGAIN = 600; // milliseconds until a run that is being read is asked about again
const NAMES = ["search", "model", "condition", "answer", "verdict"];

const is_same = (row, other) => other && row.shard === other.shard && row.row === other.row;
const at = (row) => ({ shard: row.shard, row: row.row });

export function stress(run, show, fail) {
  const state = { filters: {}, page: 0, answer: null, chosen: null, told: null };
  let asked = 0; // only the answer to the last question is shown

  async function load() {
    asked += 1;
    const own = asked;
    try {
      const answer = await ask("flips", { run, page: state.page, ...state.filters });
      if (own !== asked || !show.is_open()) return;
      state.answer = answer;
      draw();
      if (answer.reading) setTimeout(() => own === asked && show.is_open() && load(), AGAIN);
    } catch (error) {
      if (own === asked) fail(error);
    }
  }

  async function choose(row) {
    try {
      const told = await ask("flip", { run, ...at(row) });
      Object.assign(state, { chosen: row, told });
      draw();
    } catch (error) {
      fail(error);
    }
  }

  function filter(name) {
    const values = ["all", ...(state.answer.choices[name] ?? [])];
    return choices(name, values, state.filters[name] ?? "all", (value) => {
      state.filters[name] = value;
      Object.assign(state, { page: 0, chosen: null });
      load();
    });
  }

  function gallery() {
    return make("div", { className: "gallery" }, state.answer.rows.map((row) => {
      const image = make("img", { src: address("picture", { run, ...at(row) }), loading: "lazy",
        alt: `${row.condition} as ${row.answer}` });
      const words = make("span", { textContent: `${row.condition} → ${row.answer} ${row.p.toFixed(2)}` });
      const button = make("button", { title: row.verdict }, [image, words]);
      button.setAttribute("aria-pressed", String(Boolean(is_same(row, state.chosen))));
      button.addEventListener("click", () => choose(row));
      return button;
    }));
  }

  function nearest(row) {
    const found = state.told.nearest;
    if (!found) return [];
    const image = make("img", { src: address("picture", { run, ...at(row), nearest: 1, large: 1 }),
      alt: "the nearest real row" });
    const words = `The nearest real row: ${found.condition}, ${found.distance.toFixed(2)} away.`;
    return [make("figure", { id: "nearest" }, [image, make("figcaption", { textContent: words })])];
  }

  // Along the way from the middle of the base space to the flip.
  function along(row) {
    const path = state.told.path;
    if (!path) return [[], () => {}];
    const of = (name) => path.p.map((p) => p[state.told.classes.indexOf(name)]);
    const series = [{ values: of(row.condition), colour: "var(--accent)", name: row.condition },
      { values: of(row.answer), colour: "var(--wrong)", name: row.answer }];
    const [figure, move] = lines(series, `Probability along the path, by ${path.by}.`);
    figure.id = "along";
    return [[figure], move];
  }

  function detail() {
    const row = state.chosen, last = state.answer.frames - 1;
    const image = make("img", { id: "path", alt: "the chosen sample" });
    const said = make("div");
    const [figure, move] = along(row);
    const step = (frame) => {
      image.src = address("picture", { run, ...at(row), frame, large: 1 });
      const p = frame === last ? state.told.p : state.told.path?.p[frame];
      said.replaceChildren(...(p ? [bars(state.told.classes, p, row.condition)] : []));
      move(frame);
    };
    const [label, input] = slider("step of the path", 0, last, last, step);
    const close = make("button", { textContent: "close", className: "close" });
    close.addEventListener("click", () => { state.chosen = null; draw(); });
    const { condition, answer, verdict, search, model, seed, query, severity } = row;
    const told = { condition, answer, verdict, severity, energy: state.told.energy, search, model, seed, query };
    step(last);
    return make("aside", { className: "detail", id: "detail" },
      [close, image, label, player(input, last, MILLISECONDS), said, ...figure, ...nearest(row), facts(told)]);
  }

  function words() {
    const { count, total, reading, read, shards, unread } = state.answer;
    const told = [];
    if (reading) told.push(`loading: ${read.toLocaleString()} of ${shards.toLocaleString()} files are read`);
    if (!reading && total === 0) told.push("the model failed on nothing that was asked");
    else told.push(`${count.toLocaleString()} of ${total.toLocaleString()} flips, confirmed ones first`);
    if (unread.length) told.push(`could not be read: ${unread.join(", ")}`);
    return make("p", { className: reading ? "told loading" : "told", id: "told", textContent: `${told.join("; ")}.` });
  }

  const HINT = "A flip is a sample on which the model is wrong; whether it is a failure its verdict says. Below each: "
    + "made as → taken for, and how sure the model is. A click shows how it came about.";

  function draw() {
    still();
    const { page, each, count } = state.answer;
    const shown = make("div", {}, [gallery(), pages(page, each, count, (to) => { state.page = to; load(); })]);
    show([
      make("div", { className: "bar" }, NAMES.map(filter)),
      words(),
      make("p", { className: "told", id: "hint", textContent: HINT }),
      make("div", { className: "layout" }, state.chosen ? [shown, detail()] : [shown]),
    ]);
  }

  load();
}
