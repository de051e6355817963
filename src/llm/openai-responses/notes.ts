// What a request of Responses has that other formats lack, gathered while it is read.

/** Longest name of a type that a client sent and this gateway does not know, in UTF-16 units. */
const LONGEST = 64;

/** Names for `nativeOnly` and `droppable` of a request. */
export class Notes {
  readonly #nativeOnly = new Set<string>();
  readonly #droppable = new Set<string>();

  /** Only providers of this format can serve it. @param type sent by the client; may be any value */
  native(kind: string, type?: unknown): void {
    this.#nativeOnly.add(type === undefined ? kind : `${kind} ${String(type).slice(0, LONGEST)}`);
  }

  /** It may be left out. */
  drop(name: string): void {
    this.#droppable.add(name.slice(0, LONGEST));
  }

  get nativeOnly(): readonly string[] {
    return [...this.#nativeOnly];
  }

  get droppable(): readonly string[] {
    return [...this.#droppable];
  }
}
