// Keeps 64-bit integers exact: JSON.parse makes doubles of numbers, and 9007199254740993 is not one.
import type { DescMessage, Registry } from "@bufbuild/protobuf";
import { hasOwnForm } from "../mapping/field-path.ts";
import { contentOf, endOfString, skipBlanks, typesOfObjects } from "./json-scan.ts";
import { type JsonShape, shapeOf, shapeOfMember } from "./json-shape.ts";

/** A number that a double may not hold: of 16 digits, or with an exponent. Numbers follow one of few characters. */
const SUSPECT = /(?:^|[\s:,[])-?(?:\d{16}|\d[\d.]*[eE])/;
const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;
/** Exact as a double. */
const SHORT = /^-?\d{1,15}$/;
/** Digits of the largest 64-bit integer. */
const MAX_DIGITS = 20;

/**
 * Puts the numbers of 64-bit integer fields in quotes, which the proto3 JSON mapping reads as the same number, exactly.
 * Everything else is left as it is, also what is not JSON.
 * @param text not nested so deeply that it must not be read recursively
 * @param registry finds the types that an Any holds
 */
export function exactIntegers(text: string, type: DescMessage, registry: Registry): string {
  return SUSPECT.test(text) ? new Rewriter(text, registry).rewritten(type) : text;
}

class Rewriter {
  readonly #text: string;
  readonly #registry: Registry;
  #at = 0;
  /** What has been written, up to {@link #copied} in the text. */
  #out = "";
  #copied = 0;
  /** Types of objects, by place; read when the first Any is met. */
  #types: ReadonlyMap<number, string> | null = null;

  constructor(text: string, registry: Registry) {
    this.#text = text;
    this.#registry = registry;
  }

  rewritten(type: DescMessage): string {
    this.#value(shapeOf(type));
    return this.#out + this.#text.slice(this.#copied);
  }

  /** @param shape null where no number matters */
  #value(shape: JsonShape | null): void {
    const c = this.#next();
    if (c === "{") this.#object(shape);
    else if (c === "[") this.#array(shape);
    else if (c === '"') this.#string();
    else this.#plain(shape?.integer === true);
  }

  #object(shape: JsonShape | null): void {
    const any = shape?.message?.typeName === "google.protobuf.Any" ? this.#typeOfAny() : undefined;
    this.#at++;
    for (let c = this.#next(); c !== "}"; c = this.#next()) {
      if (c === ",") this.#at++;
      else if (c !== '"') return this.#stop();
      else {
        const key = this.#string();
        if (this.#next() !== ":") return this.#stop();
        this.#at++;
        this.#value(this.#member(shape, any, key));
      }
    }
    this.#at++;
  }

  #member(shape: JsonShape | null, any: DescMessage | undefined, key: string): JsonShape | null {
    if (shape === null) return null;
    if (shape.map) return { ...shape, map: false };
    const message = any ?? shape.message;
    if (message === undefined) return null;
    // In an Any, a type with a JSON form of its own stands under "value" (google/protobuf/any.proto).
    if (any !== undefined && key === "value" && hasOwnForm(any)) return shapeOf(any);
    return shapeOfMember(message, key, this.#registry);
  }

  #array(shape: JsonShape | null): void {
    this.#at++;
    for (let c = this.#next(); c !== "]"; c = this.#next()) {
      if (c === ",") this.#at++;
      else if (c === "") return;
      else this.#value(shape);
    }
    this.#at++;
  }

  /** A number, or a word. */
  #plain(integer: boolean): void {
    const from = this.#at;
    while (this.#at < this.#text.length && !/[\s,:"[\]{}]/.test(this.#text[this.#at]!)) this.#at++;
    if (this.#at === from) return this.#stop();
    const exact = integer ? integerOf(this.#text.slice(from, this.#at)) : undefined;
    if (exact === undefined) return;
    this.#out += `${this.#text.slice(this.#copied, from)}"${exact}"`;
    this.#copied = this.#at;
  }

  /** @returns its content */
  #string(): string {
    const from = this.#at;
    this.#at = endOfString(this.#text, from);
    return contentOf(this.#text, from, this.#at);
  }

  /** The first character that is no blank; "" at the end. */
  #next(): string {
    this.#at = skipBlanks(this.#text, this.#at);
    return this.#text[this.#at] ?? "";
  }

  /** Ends the scan: the text is no JSON, which the parser behind will report. */
  #stop(): void {
    this.#at = this.#text.length;
  }

  #typeOfAny(): DescMessage | undefined {
    this.#types ??= typesOfObjects(this.#text);
    const url = this.#types.get(this.#at);
    return url === undefined ? undefined : this.#registry.getMessage(url.slice(url.lastIndexOf("/") + 1));
  }
}

/**
 * The digits of a JSON number; its own text where it is no 64-bit integer, which is refused as such only if it is not
 * rounded before. Undefined where it may stay a number, or is none.
 */
function integerOf(token: string): string | undefined {
  if (SHORT.test(token)) return undefined;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = NUMBER.exec(token) ?? [];
  if (whole === "" || (whole.length > 1 && whole.startsWith("0"))) return undefined;
  let digits = whole + fraction;
  const shift = Number(exponent) - fraction.length;
  if (shift < 0) {
    if (/[^0]/.test(digits.slice(shift))) return token;
    digits = digits.slice(0, shift);
  } else digits = digits.padEnd(digits.length + shift, "0");
  digits = digits.replace(/^0+(?=\d)/, "");
  return digits === "" || digits.length > MAX_DIGITS ? token : sign + digits;
}
