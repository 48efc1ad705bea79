// A study of reactions: learner × strength as a heat map, then one sample a block.

import { address, ask, bars, choices, make, pages, player, slider, still } from "./dom.js";

const MILLISECONDS = 700; // that a strength is shown
const KINDS = { right: "right", wrong: "wrong", refused: "refused by the audit" };

const percent = (share) => `${(100 * share).toFixed(0)}`;

export function react(run, show, fail) {
  const state = { noise: "", learner: "any", strength: "any", show: "all", condition: "all", page: 0,
    answer: null, chosen: null, said: null };
  let asked = 0; // only the answer to the last question is shown

  async function load(change = {}) {
    Object.assign(state, change);
    asked += 1;
    const own = asked;
    const { noise, learner, strength, condition, page } = state;
    try {
      const answer = await ask("reactions", { run, noise, learner, strength, condition, page, show: state.show });
      const said = state.chosen === null ? null : await ask("path", { run, noise: answer.noise, row: state.chosen });
      if (own !== asked || !show.is_open()) return;
      Object.assign(state, { answer, said, noise: answer.noise });
      draw();
    } catch (error) {
      if (own === asked) fail(error);
    }
  }

  const anew = (change) => load({ page: 0, ...change });

  function cell(learner, strength, share) {
    const button = make("button", { textContent: percent(share), title: `${learner} at strength ${strength}` });
    button.style.setProperty("--shade", `${Math.round(100 * (1 - share))}%`);
    const is_on = state.learner === learner && state.strength === String(strength);
    button.setAttribute("aria-pressed", String(is_on));
    button.addEventListener("click", () => anew(is_on
      ? { learner: "any", strength: "any", show: "all" }
      : { learner, strength: String(strength), show: "wrong" }));
    return make("td", {}, [button]);
  }

  function heat() {
    const { strengths, heat: rows, accepted, noise } = state.answer;
    const head = make("tr", {}, [make("th", { scope: "col", textContent: "strength" }),
      ...strengths.map((s) => make("th", { scope: "col", textContent: String(s) }))]);
    const body = rows.map(({ learner, agreement }) => make("tr", {}, [
      make("th", { scope: "row", textContent: learner }),
      ...agreement.map((share, i) => cell(learner, strengths[i], share))]));
    const last = make("tr", {}, [make("th", { scope: "row", textContent: "audit accepts" }),
      ...accepted.map((share) => make("th", { textContent: percent(share) }))]);
    const words = `Samples that a learner gives their label under ${noise}, in %; a click shows those that it has wrong.`;
    return make("div", { className: "scroll" },
      [make("table", { className: "heat", id: "heat" }, [make("caption", { textContent: words }), head, ...body, last])]);
  }

  function block(found) {
    const { strengths } = state.answer;
    const columns = make("colgroup", {}, [make("col"), ...strengths.map(() => make("col"))]);
    const frames = strengths.map((strength) => {
      const image = make("img", { loading: "lazy", alt: `strength ${strength}`,
        src: address("picture", { run, row: found.sample, noise: state.noise, strength }) });
      const button = make("button", { className: "frame", title: `look closer, strength ${strength}` }, [image]);
      button.addEventListener("click", () => { state.at = strength; load({ chosen: found.sample }); });
      return make("td", {}, [button]);
    });
    const rows = found.said.map(({ learner, cells }) => make("tr", {}, [
      make("th", { scope: "row", textContent: learner, title: learner }),
      ...cells.map(({ answer, p, verdict }) => make("td", { className: verdict, title: KINDS[verdict],
        textContent: `${answer} ${p.toFixed(2).replace(/^0/, "")}` }))]));
    const words = `${found.condition}: sample ${found.sample}`;
    return make("section", { className: "block" }, [make("h3", { textContent: words }),
      make("table", {}, [columns, make("tr", {}, [make("th"), ...frames]), ...rows])]);
  }

  function detail() {
    const { strengths } = state.answer, last = strengths.at(-1);
    const { classes, condition, accepted, said } = state.said;
    const image = make("img", { id: "path", alt: "the chosen sample" });
    const told = make("div");
    const step = (strength) => {
      image.src = address("picture", { run, row: state.chosen, noise: state.noise, strength, large: 1 });
      const i = strengths.indexOf(strength);
      told.replaceChildren(make("p", { className: "told",
        textContent: `Label ${condition}; the audit ${accepted[i] ? "accepts" : "refuses"} it.` }),
      ...said.flatMap(({ learner, p }) => [make("h2", { textContent: learner }), bars(classes, p[i], condition)]));
    };
    const start = state.at ?? last;
    const [label, input] = slider("noise strength", 0, last, start, (value) => { state.at = value; step(value); });
    const close = make("button", { textContent: "close", className: "close" });
    close.addEventListener("click", () => load({ chosen: null }));
    step(start);
    return make("aside", { className: "detail", id: "detail" },
      [close, image, label, player(input, last, MILLISECONDS), told]);
  }

  function bar() {
    const { noises, strengths, heat: rows, choices: known } = state.answer;
    return make("div", { className: "bar" }, [
      choices("noise", noises, state.noise, (noise) => anew({ noise })),
      choices("show", ["all", ...Object.keys(KINDS)], state.show, (value) => anew({ show: value })),
      choices("learner", ["any", ...rows.map((row) => row.learner)], state.learner, (learner) => anew({ learner })),
      choices("strength", ["any", ...strengths.map(String)], state.strength, (strength) => anew({ strength })),
      choices("condition", ["all", ...known.condition], state.condition, (condition) => anew({ condition })),
    ]);
  }

  function words() {
    const { count, total, seed, unread } = state.answer;
    const told = [`${count.toLocaleString()} of ${total.toLocaleString()} samples, learners of seed ${seed}`];
    if (unread.length) told.push(`could not be read: ${unread.join(", ")}`);
    const keys = Object.entries(KINDS).flatMap(([kind, name]) =>
      [" ", make("span", { className: `key ${kind}`, textContent: name })]);
    return make("p", { className: "told", id: "told" },
      [`${told.join("; ")}. A cell: what the learner says, and its probability.`, ...keys]);
  }

  function draw() {
    still();
    const { page, each, count, blocks } = state.answer;
    const turn = pages(page, each, count, (to) => load({ page: to }));
    const shown = make("div", {}, [make("div", { className: "blocks" }, blocks.map(block)), turn]);
    show([bar(), heat(), make("h2", { textContent: "Samples" }), words(),
      make("div", { className: "layout" }, state.said ? [shown, detail()] : [shown])]);
  }

  load();
}
