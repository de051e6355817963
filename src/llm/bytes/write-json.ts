// Writes the JSON of a request body without a copy of the long texts in it.
import type { JsonObject } from "../json/values.ts";
import { foundIn, LONG, type LongText } from "./long-texts.ts";

/**
 * Writes as `JSON.stringify` does.
 * @param long texts that may be in it, also with another head
 * @returns pieces whose bytes in order are the text
 */
export function writeJson(object: JsonObject, long: readonly LongText[]): Buffer[] {
  if (long.length === 0) return [Buffer.from(JSON.stringify(object))];
  const writer = new Writer(long);
  writer.value(object);
  return writer.end();
}

class Writer {
  readonly #long: readonly LongText[];
  readonly #pieces: Buffer[] = [];
  #text = "";

  constructor(long: readonly LongText[]) {
    this.#long = long;
  }

  value(value: unknown): void {
    if (typeof value === "string") this.#string(value);
    else if (typeof value !== "object" || value === null) this.#text += JSON.stringify(value) ?? "null";
    else if (Array.isArray(value)) this.#array(value);
    else this.#object(value);
  }

  end(): Buffer[] {
    this.#flush();
    return this.#pieces;
  }

  #string(value: string): void {
    const found = value.length < LONG / 2 ? null : foundIn(this.#long, value);
    if (found === null) {
      this.#text += JSON.stringify(value);
      return;
    }
    this.#text += JSON.stringify(found.head).slice(0, -1);
    this.#flush();
    this.#pieces.push(found.bytes);
    this.#text = '"';
  }

  #array(values: readonly unknown[]): void {
    let separator = "[";
    for (const value of values) {
      this.#text += separator;
      this.value(value);
      separator = ",";
    }
    this.#text += values.length === 0 ? "[]" : "]";
  }

  #object(object: object): void {
    let separator = "{";
    for (const [key, value] of Object.entries(object)) {
      if (value === undefined) continue;
      this.#text += `${separator}${JSON.stringify(key)}:`;
      this.value(value);
      separator = ",";
    }
    this.#text += separator === "{" ? "{}" : "}";
  }

  #flush(): void {
    if (this.#text !== "") this.#pieces.push(Buffer.from(this.#text));
    this.#text = "";
  }
}
