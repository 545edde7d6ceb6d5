// Sub-model versions.

import {h, setAttribute, setText} from "./dom.js";
import {ago, bytes, compact, fullTime, integer, NONE, percent, perplexity, plural, seconds, shortDigest} from "./format.js";
import {languageColor} from "./palette.js";
import {LiveTable, stackedCell, textCell} from "./table.js";

function perplexityCell(td, release) {
  if (!td.firstElementChild) {
    td.append(h("span", {class: "stacked right"}, h("span", {class: "first"}), h("span", {class: "second"})));
  }
  const [first, second] = td.firstElementChild.children;
  setText(first, perplexity(release.candidate));
  const change = release.current !== null && release.candidate !== null ? release.candidate / release.current - 1 : null;
  setText(second, change === null ? "first" : `${change <= 0 ? "▼" : "▲"} ${percent(Math.abs(change), 1)} to before`);
  setAttribute(second, "data-trend", change === null ? null : change <= 0 ? "better" : "worse");
}

class Releases extends HTMLElement {
  connectedCallback() {
    this.table = new LiveTable({
      label: "Releases",
      key: release => `${release.model}/${release.submodel}/${release.version}`,
      empty: ["No release yet", "The first one follows once a group has a complete snapshot of enough tokens."],
      columns: [
        {title: "Sub-model", cell: (td, row) => stackedCell(td, row.submodel, row.mixture.join(" + "), languageColor(row.mixture[0]?.split("/")[0] ?? ""))},
        {title: "Version", numeric: true, cell: (td, row) => textCell(td, `v${row.version}`, row.parent === null ? "the first" : `follows v${row.parent}`, "version")},
        {title: "Trigger", cell: (td, row) => {
          textCell(td, row.trigger, null, "tag");
          td.firstElementChild.dataset.trigger = row.trigger;
        }},
        {title: "Tokens", numeric: true, cell: (td, row) => textCell(td, compact(row.tokens), `${integer(row.tokens)} tokens of ${integer(row.prompts)} prompts`)},
        {title: "Sparsity", cell: (td, row) => stackedCell(td, percent(row.sparsity), `${row.method}, ${row.pattern}`)},
        {title: "Dense", numeric: true, tip: "Perplexity of the base model on the held-out prompts",
          cell: (td, row) => textCell(td, perplexity(row.dense), row.held_out_prompts ? plural(row.held_out_prompts, "held-out prompt") : null)},
        {title: "Before", numeric: true, tip: "Perplexity of the release that was in use", cell: (td, row) => textCell(td, perplexity(row.current))},
        {title: "Perplexity", numeric: true, tip: "Perplexity of this sub-model on the held-out prompts", cell: perplexityCell},
        {title: "Recipe", numeric: true, tip: "Bytes that a deployer needs to fetch", cell: (td, row) => textCell(td, row.recipe_bytes === null ? NONE : bytes(row.recipe_bytes),
          `kinds: ${row.kinds.join(", ")}\nmask ${shortDigest(row.mask_digest)}…${row.key_id ? `\nsigned by ${row.key_id}` : "\nnot signed"}`)},
        {title: "Made in", numeric: true, tip: "From the complete snapshot to the announced release", cell: (td, row) => textCell(td, seconds(row.seconds_to_release))},
        {title: "In use", numeric: true, tip: "Deployers that run it now", cell: (td, row) => textCell(td, integer(row.deployers))},
        {title: "Released", numeric: true, cell: (td, row, {now}) => textCell(td, ago(row.released_at, now), fullTime(row.released_at))},
      ],
    });
    this.append(this.table.element);
  }

  update(state) {
    this.table.update(state.releases, {now: state.at});
  }
}

customElements.define("sc-releases", Releases);
