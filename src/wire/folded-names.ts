// Sets of field names compared as CGI-like backends map them to variables: `X-User`, `X_User` and `x.user` are one.

/** Prefix by which HTTP clients send gRPC metadata. */
const METADATA = "grpc-metadata-";

/** A set of names, each of which also matches its other spellings, and itself behind `Grpc-Metadata-`. */
export class FoldedNames {
  readonly #names: ReadonlySet<string>;
  /** Folding keeps the length, which rules out most names without folding them. */
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

/** The name without `Grpc-Metadata-`, if it has this prefix. */
export function metadataName(name: string): string {
  return folded(name.slice(0, METADATA.length)) === METADATA ? name.slice(METADATA.length) : name;
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, "-");
}
