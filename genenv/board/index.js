// The tab genenv: which run is shown, and as what. No build step.

import { ask, choices, make, still } from "./dom.js";
import { generations } from "./generations.js";
import { react } from "./react.js";
import { stress } from "./stress.js";
import { STYLE } from "./style.js";

const VIEWS = { flips: stress, noise: react, generations };

let found = []; // runs
let run = null;
let view = "";
let opened = 0; // views so far: one that is left shows nothing more

function bar() {
  const names = found.map((one) => one.name);
  const menu = [choices("run", names, run.name, (name) => {
    run = found.find((one) => one.name === name);
    open(run.views[0]);
  })];
  if (run.views.length > 1) menu.push(choices("view", run.views, view, open));
  return make("div", { className: "bar" }, menu);
}

// The menu of runs stays whatever one of them holds.
function put(parts) {
  document.querySelector("main").replaceChildren(...(run ? [bar()] : []), ...parts);
}

function tell(error) {
  still();
  put([make("p", { className: "told", id: "error", textContent: error.message })]);
}

function open(wanted) {
  view = wanted;
  opened += 1;
  const own = opened;
  still();
  const show = (parts) => own === opened && put(parts);
  show.is_open = () => own === opened;
  put([make("p", { className: "told loading", id: "loading", textContent: `loading ${run.name} …` })]);
  VIEWS[view](run.name, show, (error) => own === opened && tell(error));
}

export async function render() {
  document.documentElement.lang = "en";
  document.head.append(make("style", { textContent: STYLE }));
  document.body.replaceChildren(make("main", {}, [make("p", { className: "told loading", textContent: "loading …" })]));
  try {
    found = await ask("runs");
    if (!found.length) throw new Error("No run of `genenv stress` or `genenv react` below this folder.");
    [run] = found;
    open(run.views[0]);
  } catch (error) {
    tell(error);
  }
}
