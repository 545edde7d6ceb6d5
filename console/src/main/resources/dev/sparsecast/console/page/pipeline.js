// The way the data takes, with a figure at each step.

import {h, setAttribute, setText} from "./dom.js";
import {compact, integer, percent, plural, rate, seconds} from "./format.js";

const STAGES = [
  {id: "prompts", title: "Prompts", topic: "prompts.*", into: "to the inference workers"},
  {id: "worker", title: "Inference workers", topic: "activation-norms", into: "to the statistics"},
  {id: "statistics", title: "Statistics", topic: "activation-statistics", into: "to the pruner"},
  {id: "pruner", title: "Pruner", topic: "submodel-releases", into: "to the deployers"},
  {id: "deployer", title: "Deployers", topic: "submodel-deployments", into: null},
];

function figures(state) {
  const {traffic, profiling, groups, releases, deployments} = state;
  const complete = groups.filter(group => group.complete).length;
  const epoch = Math.max(0, ...groups.map(group => group.epoch));
  const submodels = new Set(releases.map(release => `${release.model}/${release.submodel}`)).size;
  const deployed = deployments.filter(deployment => deployment.state === "deployed");
  const deployers = new Set(deployments.map(deployment => deployment.deployer)).size;
  const latest = deployed.find(deployment => deployment.seconds_from_snapshot !== null);
  const drifted = groups.filter(group => group.drift && group.drift.state === "drifted").length;
  return {
    prompts: {
      figure: compact(traffic.prompts), unit: traffic.prompts === 1 ? "prompt" : "prompts",
      detail: [`${rate(traffic.per_second)} per second`,
        traffic.prompts ? `${integer(traffic.held_out)} held out (${percent(traffic.held_out / traffic.prompts)})` : "none yet"],
      active: traffic.per_second > 0,
    },
    worker: {
      figure: compact(profiling.tokens), unit: "tokens",
      detail: [`${rate(profiling.tokens_per_second)} per second`,
        `${plural(profiling.workers.length, "worker")}, ${plural(profiling.flushes, "flush").replace("flushs", "flushes")}`],
      active: profiling.tokens_per_second > 0,
    },
    statistics: {
      figure: integer(groups.length), unit: groups.length === 1 ? "group" : "groups",
      detail: [groups.length ? `${complete} of ${groups.length} snapshots complete` : "no snapshot yet", epoch > 0 ? `epoch ${integer(epoch)}` : "no epoch yet"],
      active: groups.length > 0 && profiling.tokens_per_second > 0,
    },
    pruner: {
      figure: integer(releases.length), unit: releases.length === 1 ? "release" : "releases",
      detail: [`${plural(submodels, "sub-model")}`,
        drifted > 0 ? `${plural(drifted, "group")} drifted` : releases.length ? `last: ${releases[0].submodel} v${releases[0].version}` : "none yet"],
      active: releases.some(release => Date.parse(state.at) - Date.parse(release.released_at) < 10000),
    },
    deployer: {
      figure: integer(deployed.length), unit: "deployed",
      detail: [plural(deployers, "deployer"), latest ? `${seconds(latest.seconds_from_snapshot)} from snapshot` : "none yet"],
      active: false,
    },
  };
}

class Pipeline extends HTMLElement {
  connectedCallback() {
    this.stages = new Map();
    const list = h("ol", {class: "pipeline"});
    for (const stage of STAGES) {
      const figure = h("span", {class: "figure"}, "0");
      const unit = h("span", {class: "unit"});
      const details = [h("span"), h("span")];
      const item = h("li", {class: "stage", "data-stage": stage.id},
        h("span", {class: "stage-title"}, stage.title),
        h("span", {class: "stage-figure"}, figure, " ", unit),
        h("span", {class: "stage-detail"}, ...details),
        h("span", {class: "stage-topic"}, stage.topic),
        stage.into ? h("span", {class: "flow", "aria-hidden": "true"}) : null);
      this.stages.set(stage.id, {item, figure, unit, details});
      list.append(item);
    }
    this.append(list);
  }

  update(state) {
    for (const [id, values] of Object.entries(figures(state))) {
      const {item, figure, unit, details} = this.stages.get(id);
      setText(figure, values.figure);
      setText(unit, values.unit);
      details.forEach((detail, index) => setText(detail, values.detail[index]));
      setAttribute(item, "data-active", values.active ? "yes" : null);
    }
  }
}

customElements.define("sc-pipeline", Pipeline);
