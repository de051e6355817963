// What a client's request has that other formats lack, by name, gathered while the request is read.

/** Longest name of a field, in UTF-16 units: it may come from the client. */
const LONGEST_NAME = 128;
/** Longest value that is quoted beside it. */
const LONGEST_TYPE = 64;

/** Names for `nativeOnly` and `droppable` of a request. */
export class Losses {
  readonly #nativeOnly = new Set<string>();
  readonly #droppable = new Set<string>();

  /** Only providers of the same format can serve it. @param type sent by the client; may be any value */
  native(name: string, type?: unknown): void {
    const known = name.slice(0, LONGEST_NAME);
    this.#nativeOnly.add(type === undefined ? known : `${known} ${String(type).slice(0, LONGEST_TYPE)}`);
  }

  /** Other formats leave it out, with a warning. */
  drop(name: string): void {
    this.#droppable.add(name.slice(0, LONGEST_NAME));
  }

  get nativeOnly(): readonly string[] {
    return [...this.#nativeOnly];
  }

  get droppable(): readonly string[] {
    return [...this.#droppable];
  }
}
