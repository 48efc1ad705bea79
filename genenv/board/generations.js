// Generations of generators: the same latents, an arm a row, a generation a column.

import { address, ask, choices, make } from "./dom.js";

export function generations(run, show, fail) {
  const state = { label: "", answer: null };

  function cell(arm, generation) {
    const image = make("img", { loading: "lazy", alt: `${arm.arm}, generation ${generation.t}`,
      src: address("descendants", { run, arm: arm.arm, seed: arm.seed, t: generation.t, condition: state.label }) });
    const told = Object.entries(generation.figures).map(([name, value]) =>
      make("div", { textContent: `${name} ${(100 * value).toFixed(0)} %` }));
    return make("td", {}, [image, ...told]);
  }

  function draw() {
    const { arms, classes, last } = state.answer;
    const heads = Array.from({ length: last }, (_, i) => make("th", { scope: "col", textContent: `generation ${i + 1}` }));
    const rows = arms.map((arm) => make("tr", {}, [
      make("th", { scope: "row", textContent: arm.several ? `${arm.arm}, seed ${arm.seed}` : arm.arm }),
      ...arm.generations.map((generation) => cell(arm, generation))]));
    const words = "Samples of the same latents. Spread: the variance within a class over that of real rows; "
      + "agreement: samples to which learners of real rows give their class.";
    show([
      make("div", { className: "bar" },
        [choices("condition", ["all", ...classes], state.label, (label) => { state.label = label; draw(); })]),
      make("p", { className: "told", textContent: words }),
      make("div", { className: "scroll" }, [make("table", { className: "generations", id: "generations" },
        [make("tr", {}, [make("th", { textContent: "arm" }), ...heads]), ...rows])]),
    ]);
  }

  ask("generations", { run }).then((answer) => {
    if (!show.is_open()) return;
    Object.assign(state, { answer, label: "all" });
    draw();
  }, fail);
}
