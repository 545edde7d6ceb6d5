// Colours that stay apart for colour-blind eyes: hues of Okabe and Ito, with lightness set for each theme's background.

import {token} from "./dom.js";

const SLOTS = 8;
const KNOWN = ["python", "java", "cpp", "javascript", "en", "typescript", "go", "rust"];

function slot(language) {
  const known = KNOWN.indexOf(language);
  if (known >= 0) {
    return known;
  }
  let hash = 0;
  for (const character of language) {
    hash = (hash * 31 + character.codePointAt(0)) >>> 0;
  }
  return hash % SLOTS;
}

/** The colour of a language, the same everywhere on the page. */
export function languageColor(language) {
  return token(`--series-${slot(language) + 1}`);
}

/** Anchors of a sequential map from dark blue to yellow whose lightness rises evenly (after cividis). */
const ANCHORS = [[0, 34, 78], [42, 63, 109], [87, 93, 109], [124, 123, 120], [165, 156, 116], [210, 193, 94], [254, 232, 56]];

/** A colour for a share from 0 to 1. */
export function heatColor(share) {
  const position = Math.min(1, Math.max(0, share)) * (ANCHORS.length - 1);
  const index = Math.min(ANCHORS.length - 2, Math.floor(position));
  const rest = position - index;
  const mixed = ANCHORS[index].map((from, channel) => Math.round(from + (ANCHORS[index + 1][channel] - from) * rest));
  return `rgb(${mixed.join(" ")})`;
}

/** A colour with an alpha, for fills. */
export function translucent(color, alpha) {
  const [red, green, blue] = [1, 3, 5].map(at => parseInt(color.slice(at, at + 2), 16));
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}
