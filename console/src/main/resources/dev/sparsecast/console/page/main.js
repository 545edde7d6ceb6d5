// Follows the state and hands it to the parts of the page.

import "./pipeline.js";
import "./throughput.js";
import "./workers.js";
import "./story.js";
import "./groups.js";
import "./drift.js";
import "./heat.js";
import "./releases.js";
import "./deployments.js";
import "./troubles.js";
import {setAttribute, setText} from "./dom.js";
import {integer} from "./format.js";
import {installTooltip} from "./tooltip.js";

const find = selector => document.querySelector(selector);
const parts = ["sc-pipeline", "sc-throughput", "sc-workers", "sc-story", "sc-releases", "sc-deployments", "sc-troubles"];
const SEVERITY = ["learning", "stable", "drifting", "drifted"];
const DETAIL_PAUSE = 700;

let state = null;
let chosen = null;
let detail = null;
let fetching = false;
let lastFetch = {key: null, time: 0};
let scheduled = false;

function connection(level, text) {
  const pill = find("#connection");
  setText(pill, text);
  setAttribute(pill, "data-level", level);
}

/** The group that was chosen, or else the one that drifts most. */
function currentGroup() {
  const groups = state.groups;
  const severity = group => group.drift ? SEVERITY.indexOf(group.drift.state) : -1;
  return groups.find(group => group.key === chosen)
    ?? groups.reduce((best, group) => !best || severity(group) > severity(best) ? group : best, null);
}

/** Fetches a group's large figures when they have changed: one request at a time, a newly chosen group's at once. */
async function fetchDetail(group) {
  if (!group || fetching || (detail && detail.key === group.key && detail.revision === group.revision)) {
    return;
  }
  const wait = lastFetch.key === group.key ? lastFetch.time + DETAIL_PAUSE - Date.now() : 0;
  if (wait > 0) {
    setTimeout(schedule, wait);
    return;
  }
  fetching = true;
  lastFetch = {key: group.key, time: Date.now()};
  try {
    const response = await fetch(`/api/groups/${[group.model, group.language, group.domain].map(encodeURIComponent).join("/")}`);
    if (response.ok) {
      detail = await response.json();
    }
  } catch {
    // the event stream tells when the server is gone
  } finally {
    fetching = false;
    schedule();
  }
}

function header() {
  const models = [...new Set([...state.groups, ...state.releases].map(row => row.model))];
  const model = find("#model");
  model.hidden = models.length === 0;
  setText(model, models.length > 1 ? `${models.length} models` : models[0] ?? "");
  setAttribute(model, "title", models.join("\n"));
  setText(find("#source"), state.feed.source);
  const problem = find("#problem");
  problem.hidden = !state.feed.problem;
  setText(problem, state.feed.problem);
  setText(find("#foot"), `${integer(state.feed.records)} records read`);
  if (state.feed.problem) {
    connection("bad", "No data");
  } else if (state.feed.source && !state.feed.caught_up) {
    connection("wait", "Catching up");
  } else {
    connection("good", "Live");
  }
}

function render() {
  scheduled = false;
  if (!state) {
    return;
  }
  header();
  parts.forEach(part => find(part).update(state));
  const group = currentGroup();
  const shown = group && detail && detail.key === group.key ? detail : null;
  find("sc-groups").update(state, group ? group.key : null);
  find("sc-drift").update(state, group, shown);
  find("sc-heat").update(group, shown);
  setText(find("#drift-subtitle"), group
    ? `${group.language} · ${group.domain}: ${group.drift?.reference ? `distance of recent activations from ${group.drift.reference}` : "nothing released to compare with yet"}`
    : "Distance of recent activations from the release");
  fetchDetail(group);
}

function schedule() {
  if (!scheduled) {
    scheduled = true;
    requestAnimationFrame(render);
  }
}

installTooltip();
find("sc-groups").addEventListener("choose", event => {
  chosen = event.detail;
  schedule();
});
const events = new EventSource("/api/events");
events.addEventListener("state", event => {
  state = JSON.parse(event.data);
  schedule();
});
events.addEventListener("error", () => connection("bad", "Reconnecting"));
