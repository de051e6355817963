// Fields that hold one value or a plain list of values: text, numbers, durations, sizes, words.
import { durationMeant, flagMeant, type Meant, numberMeant, sizeMeant } from "../cures/meant.ts";
import { didYouMean } from "../text/suggest.ts";
import { plain, textOf } from "../text/tree.ts";
import { durationMs, MAX_DURATION_MS, showDuration, showSize, sizeBytes } from "../text/units.ts";
import type { Field, JsonSchema } from "./field.ts";
import { noteOrigins, wrongValue } from "./fields.ts";

const DAY_MS = 86_400_000;
/** Whole days that a timer can hold. */
const TIMER_DAYS = 24;

/** Parts that differ between kinds of scalars. */
interface ScalarParts<T> {
  readonly type: string;
  readonly json: JsonSchema;
  readonly expects: string;
  /** @param text as written in the file. @returns null: invalid */
  convert(value: string | number | boolean, text: string): T | null;
  /** Suggestion for a text that is not accepted. */
  readonly meant?: Meant;
  readonly show?: (value: T) => unknown;
}

/** A field of one value. */
export function scalar<T>(doc: string, fallback: T | undefined, parts: ScalarParts<T>): Field<T> {
  return {
    doc,
    type: parts.type,
    json: withPlaceholder(parts.json),
    fallback,
    fields: null,
    addressable: true,
    show: parts.show ?? ((value) => value),
    read(node, path, reading) {
      const value = node.kind === "scalar" && node.value !== null ? parts.convert(node.value, textOf(node)) : null;
      if (value !== null) return value;
      const cure = node.kind === "scalar" ? (parts.meant?.(textOf(node).trim(), doc) ?? "") : "";
      wrongValue(node, path, parts.expects, reading, null, cure);
      return fallback as T;
    },
  };
}

/** Every scalar may be written as a placeholder. */
function withPlaceholder(json: JsonSchema): JsonSchema {
  return json.type === "string" && json.enum === undefined && json.pattern === undefined
    ? json
    : { anyOf: [json, { type: "string", pattern: "\\$\\{.*\\}" }] };
}

/** Free text. */
export function str(doc: string, fallback?: string): Field<string> {
  return scalar(doc, fallback, {
    type: "string",
    json: { type: "string" },
    expects: "text",
    convert: (_, text) => text,
  });
}

/** Whole number in `[min, max]`. */
export function int(doc: string, fallback?: number, min = 0, max = Number.MAX_SAFE_INTEGER): Field<number> {
  const upper = max === Number.MAX_SAFE_INTEGER ? "" : ` and at most ${max}`;
  return scalar(doc, fallback, {
    type: "int",
    json: {
      anyOf: [
        { type: "integer", minimum: min, ...(upper === "" ? {} : { maximum: max }) },
        { type: "string", pattern: "^-?\\d+$" },
      ],
    },
    expects: `a whole number of at least ${min}${upper}`,
    meant: numberMeant(max),
    convert: (v) => {
      const n = typeof v === "string" && /^-?\d+$/.test(v) ? Number(v) : v;
      return typeof n === "number" && Number.isSafeInteger(n) && n >= min && n <= max ? n : null;
    },
  });
}

/** Number in `[min, max]`. */
export function num(doc: string, fallback?: number, min = 0, max = Number.POSITIVE_INFINITY): Field<number> {
  const upper = max === Number.POSITIVE_INFINITY ? "" : ` and at most ${max}`;
  return scalar(doc, fallback, {
    type: "number",
    json: {
      anyOf: [
        { type: "number", minimum: min, ...(upper === "" ? {} : { maximum: max }) },
        { type: "string", pattern: "^-?\\d+(\\.\\d+)?$" },
      ],
    },
    expects: `a number of at least ${min}${upper}`,
    meant: numberMeant(max),
    convert: (v) => {
      const n = typeof v === "string" && /^-?\d+(\.\d+)?$/.test(v) ? Number(v) : v;
      return typeof n === "number" && Number.isFinite(n) && n >= min && n <= max ? n : null;
    },
  });
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["yes", true],
  ["on", true],
  ["false", false],
  ["no", false],
  ["off", false],
]);

/** Yes or no. */
export function bool(doc: string, fallback?: boolean): Field<boolean> {
  return scalar(doc, fallback, {
    type: "bool",
    json: { enum: [true, false, "yes", "no", "on", "off", "true", "false"] },
    expects: "true or false",
    meant: flagMeant,
    convert: (_, text) => BOOLEANS.get(text.toLowerCase()) ?? null,
  });
}

/** Duration, read as ms. A plain number in the file is in seconds. */
export function dur(doc: string, fallbackMs?: number, maxDays = TIMER_DAYS): Field<number> {
  const max = maxDays === TIMER_DAYS ? MAX_DURATION_MS : maxDays * DAY_MS;
  return scalar(doc, fallbackMs, {
    type: "duration",
    json: {
      anyOf: [
        { type: "number", minimum: 0 },
        { type: "string", pattern: "^(\\d+(\\.\\d+)?(ms|s|m|h|d)?)+$" },
      ],
    },
    expects: `a duration such as 30, "250ms", "30s", "1m30s" or "2h" (at most ${maxDays} days)`,
    meant: durationMeant,
    convert: (v) => (typeof v === "boolean" ? null : durationMs(v, max)),
    show: showDuration,
  });
}

/** Duration, read as ms, for the few keys where a plain number is in milliseconds. */
export function durMs(doc: string, fallbackMs?: number): Field<number> {
  const seconds = dur(doc, fallbackMs);
  return {
    ...seconds,
    type: "duration, a plain number in ms",
    read(node, path, reading) {
      const bare = node.kind === "scalar" && /^\d+(\.\d+)?$/.test(String(node.value));
      return seconds.read(bare ? { ...node, value: `${String(node.value)}ms` } : node, path, reading);
    },
  };
}

/** Size, read as bytes. */
export function size(doc: string, fallbackBytes?: number): Field<number> {
  return scalar(doc, fallbackBytes, {
    type: "size",
    json: {
      anyOf: [
        { type: "integer", minimum: 0 },
        { type: "string", pattern: "^\\d+(\\.\\d+)?\\s*([kKmMgG]?[iI]?[bB]?)$" },
      ],
    },
    expects: 'a size such as 65536, "512kb" or "10mb"',
    meant: sizeMeant,
    convert: (v) => (typeof v === "boolean" ? null : sizeBytes(v)),
    show: showSize,
  });
}

/** One of a few words. @param aliases other spellings → word; each use warns once */
export function oneOf<const W extends string>(
  doc: string,
  words: readonly W[],
  fallback?: W,
  aliases: Readonly<Record<string, W>> = {},
): Field<W> {
  const base = scalar<W>(doc, fallback, {
    type: words.map((w) => `\`${w}\``).join(" "),
    json: { enum: [...words] },
    expects: `one of ${words.join(", ")}`,
    convert: (_, text) => words.find((w) => w.toLowerCase() === text.toLowerCase()) ?? null,
  });
  return {
    ...base,
    read(node, path, reading) {
      const text = node.kind === "scalar" ? textOf(node).toLowerCase() : "";
      const canonical = Object.hasOwn(aliases, text) ? aliases[text] : undefined;
      if (canonical !== undefined) {
        reading.problems.warn(node.at, `${path}: "${text}" is an old spelling of "${canonical}"`);
        return canonical;
      }
      const known = words.find((w) => w.toLowerCase() === text);
      if (known !== undefined) return known;
      const hint = node.kind === "scalar" ? didYouMean(text, words) : "";
      wrongValue(node, path, `one of ${words.join(", ")}`, reading, null, hint);
      return fallback as W;
    },
  };
}

/** List of texts; a single scalar counts as a list of one. */
export function strings(doc: string, fallback: readonly string[] | undefined = []): Field<readonly string[]> {
  const item = { type: "string" };
  return {
    doc,
    type: "[string]",
    json: { anyOf: [{ type: "array", items: item }, item] },
    fallback,
    fields: null,
    addressable: true,
    show: (value) => value,
    read(node, path, reading) {
      if (node.kind === "scalar" && node.value !== null) return [textOf(node)];
      if (node.kind === "list") {
        return node.items.flatMap((item, i) => {
          if (item.kind === "scalar" && item.value !== null) return [textOf(item)];
          wrongValue(item, `${path}[${i}]`, "text", reading);
          return [];
        });
      }
      wrongValue(node, path, "a list of texts", reading);
      return fallback ?? [];
    },
  };
}

/** List of whole numbers in `[min, max]`; a single one counts as a list of one. */
export function ints(doc: string, fallback: readonly number[], min: number, max: number): Field<readonly number[]> {
  const one = int("", undefined, min, max);
  return {
    doc,
    type: "[int]",
    json: { anyOf: [{ type: "array", items: one.json }, one.json] },
    fallback,
    fields: null,
    addressable: false,
    show: (values) => values,
    read(node, path, reading) {
      if (node.kind === "list") return node.items.map((item, i) => one.read(item, `${path}[${i}]`, reading));
      return [one.read(node, path, reading)];
    },
  };
}

/** List of numbers, ascending. */
export function numbers(doc: string, fallback: readonly number[]): Field<readonly number[]> {
  return {
    doc,
    type: "[number]",
    json: { type: "array", items: { type: "number" } },
    fallback,
    fields: null,
    addressable: false,
    show: (value) => value,
    read(node, path, reading) {
      const values = node.kind === "list" ? node.items.map((item) => Number(plain(item))) : [];
      const isNext = (v: number, i: number) => Number.isFinite(v) && v > (values[i - 1] ?? Number.NEGATIVE_INFINITY);
      const ascending = values.length > 0 && values.every(isNext);
      if (ascending) return values;
      wrongValue(node, path, "a list of ascending numbers", reading);
      return fallback;
    },
  };
}

/** Any mapping; its content is not checked. */
export function free(doc: string): Field<Readonly<Record<string, unknown>>> {
  return {
    doc,
    type: "map",
    json: { type: "object" },
    fallback: {},
    fields: null,
    addressable: false,
    show: (value) => value,
    read(node, path, reading) {
      if (node.kind === "map") {
        noteOrigins(node, path, reading);
        return plain(node) as Record<string, unknown>;
      }
      wrongValue(node, path, "a mapping", reading);
      return {};
    },
  };
}
