// Groups: what statistics are kept for, whether a snapshot could be taken now, and how far each has drifted.

import {h, setAttribute, setText, sizedContext, token} from "./dom.js";
import {ago, compact, decimal, fullTime, integer, NONE} from "./format.js";
import {languageColor} from "./palette.js";
import {badgeCell, LiveTable, stackedCell, textCell} from "./table.js";

const SPARK = {width: 104, height: 26};

function sparkCell(td, group) {
  const canvas = td.firstElementChild ?? td.appendChild(h("canvas", {class: "spark", role: "img"}));
  const values = group.drift ? group.drift.recent : [];
  setAttribute(canvas, "aria-label", values.length
    ? `Effect over threshold, last ${values.length} reports, now ${decimal(values.at(-1), 2)}` : "No drift measured yet");
  const context = sizedContext(canvas, SPARK.width, SPARK.height);
  if (values.length === 0) {
    return;
  }
  const highest = Math.max(1.25, ...values) * 1.05;
  const y = value => SPARK.height - 2 - value / highest * (SPARK.height - 4);
  context.strokeStyle = token("--muted");
  context.setLineDash([2, 3]);
  context.beginPath();
  context.moveTo(0, y(1));
  context.lineTo(SPARK.width, y(1));
  context.stroke();
  context.setLineDash([]);
  context.strokeStyle = values.at(-1) > 1 ? token("--warn") : token("--accent");
  context.lineWidth = 1.5;
  context.beginPath();
  values.forEach((value, index) => {
    const x = values.length === 1 ? SPARK.width / 2 : 2 + index * (SPARK.width - 6) / (values.length - 1);
    index === 0 ? context.moveTo(x, y(value)) : context.lineTo(x, y(value));
    if (index === values.length - 1) {
      context.stroke();
      context.fillStyle = context.strokeStyle;
      context.beginPath();
      context.arc(x, y(value), 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  });
}

function nameCell(td, group, {selected, choose, severalModels}) {
  if (!td.firstElementChild) {
    const button = h("button", {type: "button", class: "row-button"}, h("span", {class: "first"}), h("span", {class: "second"}));
    button.addEventListener("click", event => {
      event.stopPropagation();
      choose(group.key);
    });
    td.append(h("div", {class: "stacked", "data-chip": "yes"}, button));
  }
  td.firstElementChild.style.setProperty("--chip", languageColor(group.language));
  const button = td.firstElementChild.firstElementChild;
  setText(button.firstElementChild, group.language);
  setText(button.lastElementChild, severalModels ? `${group.domain} · ${group.model}` : group.domain);
  setAttribute(button, "aria-pressed", String(selected === group.key));
}

function snapshotCell(td, group) {
  if (group.layers === 0) {
    textCell(td, NONE);
  } else if (group.complete) {
    badgeCell(td, "complete", "Complete", `All ${group.layers} layers contain exactly the same flushes:\na sub-model can be made from this.`);
  } else {
    badgeCell(td, "partial", `${group.equal_layers} of ${group.layers} layers`, "The other layers have not caught up yet.\nNothing is ever pruned from such a state.");
  }
}

function driftCell(td, group) {
  if (!group.drift) {
    textCell(td, NONE, null, "muted");
    return;
  }
  const {state, reference, window_tokens: tokens} = group.drift;
  badgeCell(td, state, state[0].toUpperCase() + state.slice(1),
    `${reference ? `Compared with ${reference}` : "No release to compare with yet"}\nWindow of ${integer(tokens)} tokens`);
}

class Groups extends HTMLElement {
  connectedCallback() {
    this.table = new LiveTable({
      label: "Groups",
      key: group => group.key,
      empty: ["No statistics yet", "Groups appear once workers flush and the streams application closes an epoch."],
      select: key => this.dispatchEvent(new CustomEvent("choose", {detail: key})),
      columns: [
        {title: "Group", cell: nameCell},
        {title: "Tokens", numeric: true, cell: (td, row) => textCell(td, compact(row.tokens), `${integer(row.tokens)} tokens in ${integer(row.flushes)} flushes`)},
        {title: "Prompts", numeric: true, cell: (td, row) => textCell(td, compact(row.prompts))},
        {title: "Sources", numeric: true, tip: "At least so many different sources", cell: (td, row) => textCell(td, integer(row.distinct_sources))},
        {title: "Epoch", numeric: true, cell: (td, row, {now}) => textCell(td, row.layers ? integer(row.epoch) : NONE,
          row.last_flush_at ? `Newest flush ${ago(row.last_flush_at, now)}\n${fullTime(row.last_flush_at)}` : null)},
        {title: "Snapshot", cell: (td, row) => this.#once(td, row.layers === 0 ? "none" : "badge", () => snapshotCell(td, row))},
        {title: "Drift", cell: (td, row) => this.#once(td, row.drift ? "badge" : "none", () => driftCell(td, row))},
        {title: "Effect", numeric: true, tip: "Relative distance of recent activations from those of the release",
          cell: (td, row) => textCell(td, decimal(row.drift?.effect, 3), row.drift ? `Noise floor ${decimal(row.drift.noise_floor, 3)}` : null)},
        {title: "Threshold", numeric: true, cell: (td, row) => textCell(td, decimal(row.drift?.threshold, 3))},
        {title: "Effect ÷ threshold", tip: "The dashed line is the threshold", cell: sparkCell},
      ],
    });
    this.append(this.table.element);
  }

  /** A cell whose content changes its kind is built anew. */
  #once(td, kind, show) {
    if (td.dataset.kind !== kind) {
      td.replaceChildren();
      td.dataset.kind = kind;
    }
    show();
  }

  update(state, selected) {
    this.table.update(state.groups, {
      now: state.at,
      selected,
      severalModels: new Set(state.groups.map(group => group.model)).size > 1,
      choose: key => this.dispatchEvent(new CustomEvent("choose", {detail: key})),
    });
  }
}

customElements.define("sc-groups", Groups);
