/** Numbers and texts as people read them. The locale is fixed: the same page everywhere. */
const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const fourDigits = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 4 });
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 3 });
const short = new Intl.NumberFormat("en-US", { notation: "compact", minimumSignificantDigits: 4, maximumSignificantDigits: 4 });

export const NOTHING = "–";

export function formatNumber(value: number | undefined): string {
  if (value === undefined) return NOTHING;
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e15 || magnitude < 1e-4)) return minus(value.toExponential(3));
  if (Number.isInteger(value) || magnitude >= 1e4) return minus(whole.format(value));
  return minus(fourDigits.format(value));
}

/** For narrow columns: large numbers as 1.408B. */
export function formatShort(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return formatNumber(value);
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= 1e15 || magnitude < 1e-4)) return minus(value.toExponential(1));
  if (magnitude < 1e7) return formatNumber(value);
  return minus(short.format(value));
}

/** A metric: with the same four places everywhere, so that a column can be read downwards. */
export function formatMetric(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value) || Number.isInteger(value)) return formatNumber(value);
  const magnitude = Math.abs(value);
  return magnitude < 1e-4 || magnitude >= 1000 ? formatShort(value) : minus(value.toFixed(4));
}

/** A count: 1,234; weighted ones may have a fraction. */
export function formatCount(value: number): string {
  return formatNumber(value);
}

export function formatCompact(value: number): string {
  return Number.isFinite(value) ? minus(compact.format(value)) : formatNumber(value);
}

/** "0.0%" would hide that there are some, "100.0%" that there are others. */
export function formatShare(part: number, all: number): string {
  if (!(all > 0)) return NOTHING;
  const percent = (100 * part) / all;
  if (percent > 0 && percent < 0.05) return "<0.1%";
  if (percent < 100 && percent >= 99.95) return ">99.9%";
  return `${percent.toFixed(1)}%`;
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}

/** Control characters and those that turn the direction of text, which could hide or reorder what follows. */
// eslint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text with everything visible: a line feed as "⏎", other control characters as "⟨U+202E⟩". */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    if (character === "\n") return "⏎";
    if (character === "\t") return "⇥";
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    return `⟨U+${code}⟩`;
  });
}

/** A feature's path as one name; steps of a struct are joined by dots. */
export function featureName(path: readonly string[]): string {
  const name = path.map(visibleText).join(".");
  return name === "" ? "(no name)" : name;
}
