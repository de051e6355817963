// Suggestions for durations, sizes, numbers and booleans in a spelling that is not accepted.

const UNITS: readonly (readonly [string, RegExp])[] = [
  ["ms", /^(ms|msecs?|millis?|milliseconds?)$/],
  ["s", /^(s|secs?|seconds?)$/],
  ["m", /^(m|mins?|minutes?)$/],
  ["h", /^(h|hrs?|hours?)$/],
  ["d", /^(d|days?)$/],
];
const BYTES: readonly (readonly [string, RegExp])[] = [
  ["b", /^bytes?$/],
  ["kb", /^(kilobytes?|kibibytes?|kbytes?)$/],
  ["mb", /^(megabytes?|mebibytes?|mbytes?)$/],
  ["gb", /^(gigabytes?|gibibytes?|gbytes?)$/],
];
const UNBOUNDED = /^(none|off|no|never|infinite|infinity|inf|unlimited|forever|disabled?|-1)$/i;

/** Text of a scalar → `; did you mean "x"?`, or "". @param doc documentation of the key, which says what 0 means */
export type Meant = (text: string, doc: string) => string;

/** `30 sec`, `5min`, `1,5s`, `500us`, `none`. */
export const durationMeant: Meant = (text, doc) => {
  if (UNBOUNDED.test(text)) return unbounded(doc);
  if (text.startsWith("-")) return `; it cannot be negative${doc.includes("0 = ") ? "; 0 means none" : ""}`;
  if (/^[\d.]+\s*(us|µs|μs|ns|micro\w*|nano\w*)$/i.test(text)) return "; the smallest unit is ms";
  const meant = withUnit(text, UNITS);
  return meant === sentence(text) ? "" : meant; // too long a duration, which the message says already
};

/** `10 megabytes`, `1tb`, `unlimited`. */
export const sizeMeant: Meant = (text, doc) => {
  if (UNBOUNDED.test(text)) return unbounded(doc);
  if (text.startsWith("-")) return `; it cannot be negative${doc.includes("0 = ") ? "; 0 means no limit" : ""}`;
  const [, tera] = /^(\d+)\s*(?:t|tb|tib)$/i.exec(text) ?? [];
  return tera === undefined ? withUnit(text, BYTES) : sentence(`${Number(tera) * 1024}gb`);
};

/** `50%`, `1_000`, `2k`, `"3.0"`. @param max the largest possible number */
export function numberMeant(max: number): Meant {
  return (text, doc) => {
    if (UNBOUNDED.test(text)) return unbounded(doc);
    const [, percent] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text) ?? [];
    if (percent !== undefined) return sentence(String(max === 1 ? Number(percent) / 100 : percent));
    const plain = text.replaceAll(/(?<=\d)[_, '](?=\d{3})/g, "").replace(/^\+/, "");
    const [, digits, factor] = /^(\d+)(?:\.0+)?(k|m)?$/i.exec(plain) ?? [];
    if (digits === undefined) return "";
    const value = Number(digits) * (factor === undefined ? 1 : /k/i.test(factor) ? 1e3 : 1e6);
    return String(value) === text || value > max ? "" : sentence(String(value));
  };
}

/** `enabled`, `1`, `y`. */
export const flagMeant: Meant = (text) => {
  if (/^(1|y|t|enabled?|active)$/i.test(text)) return sentence("true");
  return /^(0|n|f|disabled?|inactive|none)$/i.test(text) ? sentence("false") : "";
};

function withUnit(text: string, units: readonly (readonly [string, RegExp])[]): string {
  const [, digits, word] = /^(\d+(?:[.,]\d+)?)\s*([a-z]+)\.?$/i.exec(text) ?? [];
  const unit = units.find(([, known]) => known.test(word?.toLowerCase() ?? ""));
  return digits === undefined || unit === undefined ? "" : sentence(`${digits.replace(",", ".")}${unit[0]}`);
}

function unbounded(doc: string): string {
  const [means] = /0 = (?:no limit|no total|none|never)[^;·,]*/.exec(doc) ?? [];
  return means === undefined ? "" : `; write 0 (${means.trim()})`;
}

function sentence(meant: string): string {
  return `; did you mean ${meant}?`;
}
