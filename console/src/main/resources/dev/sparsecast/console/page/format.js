// Numbers with units, for people.

const NARROW = "\u202f";
const whole = new Intl.NumberFormat("en", {maximumFractionDigits: 0});

export const NONE = "–";

export function integer(value) {
  return whole.format(value);
}

/** 1,234 · 12.3 k · 1.21 M. */
export function compact(value) {
  for (const [limit, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (Math.abs(value) >= limit) {
      const scaled = value / (unit === "k" ? 1e3 : limit);
      return `${scaled >= 100 ? scaled.toFixed(0) : scaled.toFixed(scaled >= 10 ? 1 : 2)}${NARROW}${unit}`;
    }
  }
  return integer(value);
}

/** As many digits as a rate deserves. */
export function rate(value) {
  if (value >= 1e4) {
    return compact(value);
  }
  return value >= 100 ? integer(value) : value.toFixed(1);
}

export function decimal(value, digits) {
  return value === null || value === undefined ? NONE : value.toFixed(digits);
}

/** Perplexity with three significant places, as far as that makes sense. */
export function perplexity(value) {
  if (value === null || value === undefined) {
    return NONE;
  }
  return value >= 1e4 ? compact(value) : value.toFixed(value >= 100 ? 1 : 2);
}

export function percent(share, digits = 0) {
  return `${(share * 100).toFixed(digits)}${NARROW}%`;
}

export function bytes(value) {
  for (const [limit, unit] of [[1e9, "GB"], [1e6, "MB"], [1e3, "kB"]]) {
    if (value >= limit) {
      const scaled = value / limit;
      return `${scaled >= 100 ? scaled.toFixed(0) : scaled.toFixed(1)}${NARROW}${unit}`;
    }
  }
  return `${value}${NARROW}B`;
}

export function seconds(value) {
  if (value === null || value === undefined) {
    return NONE;
  }
  if (value < 1) {
    return `${Math.round(value * 1000)}${NARROW}ms`;
  }
  if (value < 100) {
    return `${value.toFixed(value < 10 ? 2 : 1)}${NARROW}s`;
  }
  return value < 6000 ? `${(value / 60).toFixed(1)}${NARROW}min` : `${(value / 3600).toFixed(1)}${NARROW}h`;
}

/** How long ago an instant was. */
export function ago(instant, now) {
  const past = Math.max(0, (Date.parse(now) - Date.parse(instant)) / 1000);
  if (past < 1.5) {
    return "now";
  }
  if (past < 100) {
    return `${Math.round(past)}${NARROW}s ago`;
  }
  if (past < 6000) {
    return `${Math.round(past / 60)}${NARROW}min ago`;
  }
  return past < 172800 ? `${Math.round(past / 3600)}${NARROW}h ago` : `${Math.round(past / 86400)}${NARROW}days ago`;
}

const clock = new Intl.DateTimeFormat(undefined, {hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false});

export function clockTime(instant) {
  return clock.format(new Date(instant));
}

export function fullTime(instant) {
  return new Date(instant).toISOString().replace("T", " ").replace(/\.\d+Z$/, " UTC");
}

export function plural(count, word) {
  return `${integer(count)} ${word}${count === 1 ? "" : "s"}`;
}

/** attention_input as people say it. */
export function tapName(tap) {
  return {
    attention_input: "attention in",
    attention_output: "attention out",
    mlp_input: "MLP in",
    mlp_hidden: "MLP hidden",
  }[tap] ?? tap;
}

const TAPS = ["attention_input", "attention_output", "mlp_input", "mlp_hidden"];

/** Taps in the order in which a decoder block uses them. */
export function tapOrder(left, right) {
  const rank = tap => TAPS.indexOf(tap) < 0 ? TAPS.length : TAPS.indexOf(tap);
  return rank(left) - rank(right) || left.localeCompare(right);
}

/** The first digits of a digest. */
export function shortDigest(digest) {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}
