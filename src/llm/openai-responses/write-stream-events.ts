// The events of one stream for a client, numbered, and its completed items.
import type { JsonObject } from "../json/values.ts";

/** Gathers events as text. */
export class EventLog {
  /** JSON of each complete item, by its index in the output; "" of items in progress. */
  readonly #items: string[] = [];
  #out = "";
  #sequence = 0;

  /** Writes an event. @param members of its data beside `type` and `sequence_number`, in JSON without braces */
  write(type: string, members: string): void {
    this.#out += `event: ${type}\ndata: {"type":"${type}","sequence_number":${this.#sequence++},${members}}\n\n`;
  }

  /** Whole events written since the last call. */
  take(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }

  /** Index the next item will have. */
  get next(): number {
    return this.#items.length;
  }

  /** Begins the {@link next} item. */
  begin(item: JsonObject): void {
    const index = this.#items.length;
    this.#items.push("");
    this.write("response.output_item.added", `"output_index":${index},"item":${JSON.stringify(item)}`);
  }

  complete(index: number, item: JsonObject): void {
    const text = JSON.stringify(item);
    this.#items[index] = text;
    this.write("response.output_item.done", `"output_index":${index},"item":${text}`);
  }

  /** JSON of `output`. */
  get output(): string {
    return `[${this.#items.filter((item) => item !== "").join(",")}]`;
  }
}
