// What deployers did, with the time that each stage took.

import {h, setAttribute} from "./dom.js";
import {ago, fullTime, NONE, seconds, shortDigest} from "./format.js";
import {badgeCell, LiveTable, textCell} from "./table.js";

const NAMES = {deployed: "Deployed", refused: "Refused", rolled_back: "Rolled back", unknown: "Unknown"};

function stagesCell(td, deployment) {
  const total = deployment.stages.reduce((sum, stage) => sum + stage.millis, 0);
  const key = deployment.stages.map(stage => `${stage.stage}=${stage.millis}`).join(" ");
  const bar = td.firstElementChild ?? td.appendChild(h("div", {class: "stages", role: "img", tabindex: "0"}));
  const text = deployment.stages.map(stage => `${stage.stage} ${seconds(stage.millis / 1000)}`).join("\n");
  setAttribute(bar, "data-tip", text || "No timings were reported");
  setAttribute(bar, "aria-label", text.replaceAll("\n", ", ") || "No timings");
  if (bar.dataset.key !== key) {
    bar.dataset.key = key;
    bar.replaceChildren(...deployment.stages.filter(stage => stage.millis > 0).map((stage, index) => {
      const part = h("span", {"data-part": String(index % 6)});
      part.style.flexGrow = String(stage.millis / Math.max(1, total));
      return part;
    }));
  }
}

class Deployments extends HTMLElement {
  connectedCallback() {
    this.table = new LiveTable({
      label: "Deployments",
      key: deployment => `${deployment.model}/${deployment.submodel}/${deployment.deployer}`,
      empty: ["No deployer has answered yet", "Start one: sparsecast deploy --model DIR --store URI"],
      columns: [
        {title: "Sub-model", cell: (td, row) => textCell(td, row.submodel, null, "strong")},
        {title: "Version", numeric: true, cell: (td, row) => textCell(td, `v${row.version}`, row.mask_digest ? `mask ${shortDigest(row.mask_digest)}…` : null, "version")},
        {title: "Deployer", cell: (td, row) => textCell(td, row.deployer, row.directory || null, "mono")},
        {title: "State", cell: (td, row) => badgeCell(td, row.state, NAMES[row.state] ?? row.state, row.reason || null)},
        {title: "Reason", wide: true, cell: (td, row) => textCell(td, row.reason || NONE, null, row.reason ? null : "muted")},
        {title: "Took", numeric: true, tip: "From reading the release to its outcome", cell: (td, row) => textCell(td, seconds(row.seconds))},
        {title: "Stages", cell: stagesCell},
        {title: "Since snapshot", numeric: true, tip: "From the complete snapshot to the outcome", cell: (td, row) => textCell(td, seconds(row.seconds_from_snapshot))},
        {title: "When", numeric: true, cell: (td, row, {now}) => textCell(td, ago(row.finished_at, now), fullTime(row.finished_at))},
      ],
    });
    this.append(this.table.element);
  }

  update(state) {
    this.table.update(state.deployments, {now: state.at});
  }
}

customElements.define("sc-deployments", Deployments);
