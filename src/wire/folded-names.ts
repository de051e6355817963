// Names of fields as careless backends read them: many a server makes one variable of `X-User`, `X_User` and `x.user`.

/** What HTTP clients put before the names of gRPC metadata. Folded. */
const METADATA = "grpc-metadata-";

/** A set of names, each of which stands for all its spellings, also as metadata of gRPC. */
export class FoldedNames {
  readonly #names: ReadonlySet<string>;
  /** Folding keeps the length: most names of a request are not in the set by that alone. */
  readonly #lengths: ReadonlySet<number>;

  constructor(names: readonly string[]) {
    this.#names = new Set(names.map(folded));
    this.#lengths = new Set(names.map(({ length }) => length));
  }

  has(name: string): boolean {
    const { length } = name;
    if (this.#lengths.has(length) && this.#names.has(folded(name))) return true;
    if (length <= METADATA.length || !this.#lengths.has(length - METADATA.length)) return false;
    const whole = folded(name);
    return whole.startsWith(METADATA) && this.#names.has(whole.slice(METADATA.length));
  }
}

/** The name of metadata that a field of an HTTP client stands for; the field's own name where it stands for none. */
export function metadataName(name: string): string {
  return folded(name.slice(0, METADATA.length)) === METADATA ? name.slice(METADATA.length) : name;
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "-");
}
