// Elements of the tab. Every text from a run is set as text, never as markup.

const DRAWN = 8; // probability bars

export function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export async function ask(route, query = {}) {
  const answer = await fetch(`./${route}?${new URLSearchParams(query)}`);
  const is_json = (answer.headers.get("content-type") ?? "").includes("json");
  if (answer.ok && is_json) return answer.json();
  const told = is_json ? (await answer.json()).error : `TensorBoard could not answer (${answer.status}).`;
  throw new Error(told);
}

export function address(route, query) {
  return `./${route}?${new URLSearchParams(query)}`;
}

export function choices(name, values, chosen, change) {
  const options = values.map((value) => make("option", { value, textContent: value }));
  const select = make("select", { id: name }, options);
  select.value = chosen;
  select.addEventListener("change", () => change(select.value));
  return make("label", { textContent: name }, [select]);
}

export function slider(name, low, high, value, change) {
  const input = make("input", { type: "range", id: "frame", min: low, max: high, step: 1, value });
  const words = make("span", { textContent: `${name} ${value}` });
  input.addEventListener("input", () => {
    words.textContent = `${name} ${input.value}`;
    change(Number(input.value));
  });
  return [make("label", {}, [words, input]), input];
}

// A button that moves a slider through all its steps, once.
let timer = null;
export function player(input, last, milliseconds) {
  const play = make("button", { textContent: "play", id: "play" });
  play.addEventListener("click", () => {
    clearInterval(timer);
    let frame = 0;
    timer = setInterval(() => {
      input.value = frame;
      input.dispatchEvent(new Event("input"));
      frame += 1;
      if (frame > last) clearInterval(timer);
    }, milliseconds);
  });
  return play;
}

export function still() {
  clearInterval(timer);
}

export function facts(named) {
  const rows = Object.entries(named).flatMap(([name, value]) =>
    [make("dt", { textContent: name }), make("dd", { textContent: String(value) })]);
  return make("dl", {}, rows);
}

// Probabilities as bars, the largest first; the condition's is always among them.
export function bars(classes, p, condition) {
  const order = p.map((_, i) => i).sort((a, b) => p[b] - p[a]);
  const own = classes.indexOf(condition);
  const shown = order.slice(0, DRAWN);
  if (own >= 0 && !shown.includes(own)) shown.splice(-1, 1, own);
  return make("div", { className: "bars" }, shown.flatMap((i) => {
    const kind = i === own ? "label" : i === order[0] ? "other" : "";
    const fill = make("div", { className: `fill ${kind}` });
    fill.style.width = `${100 * p[i]}%`;
    return [make("span", { textContent: classes[i] }), make("div", { className: "track" }, [fill]),
      make("span", { textContent: p[i].toFixed(3) })];
  }));
}

// Lines over the frames of a path, from 0 to 1: [{values, colour, name}].
export function lines(series, told) {
  const wide = 280, high = 96, last = series[0].values.length - 1;
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", `-26 -6 ${wide + 34} ${high + 12}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", told);
  const put = (tag, properties, text = "") => {
    const element = document.createElementNS(space, tag);
    for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
    element.textContent = text;
    svg.append(element);
    return element;
  };
  for (const y of [0, 0.5, 1]) {
    const at = high * (1 - y);
    put("line", { x1: 0, x2: wide, y1: at, y2: at, stroke: "var(--line)" });
    put("text", { x: -6, y: at + 4, "text-anchor": "end", "font-size": 11, fill: "var(--muted)" }, String(y));
  }
  for (const { values, colour } of series) {
    const points = values.map((v, i) => `${(i / last) * wide},${high * (1 - v)}`).join(" ");
    put("polyline", { points, fill: "none", stroke: colour, "stroke-width": 2 });
  }
  const mark = put("line", { x1: wide, x2: wide, y1: 0, y2: high, stroke: "var(--ink)", "stroke-dasharray": "3 3" });
  const move = (frame) => ["x1", "x2"].forEach((end) => mark.setAttribute(end, (frame / last) * wide));
  const names = series.map(({ name, colour }) => {
    const key = make("span", { textContent: `— ${name} ` });
    key.style.color = colour;
    return key;
  });
  return [make("figure", {}, [svg, make("figcaption", {}, [...names, told])]), move];
}

export function pages(page, each, count, go) {
  const parts = [["previous", -1], ["next", 1]].map(([words, step]) => {
    const to = page + step;
    const button = make("button", { textContent: words, disabled: to < 0 || to * each >= count });
    button.addEventListener("click", () => go(to));
    return button;
  });
  const last = Math.max(Math.ceil(count / each), 1);
  parts.push(make("span", { className: "told", textContent: `page ${page + 1} of ${last.toLocaleString()}` }));
  return make("div", { className: "bar" }, parts);
}
