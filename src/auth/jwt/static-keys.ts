// Keys from the configuration, which change only with it.
import type { AlgorithmName } from "./algorithms.ts";
import type { KeySource, VerificationKey } from "./keys.ts";

/** Keys of a PEM file, a secret, or a JWK set in a file. */
export class StaticKeys implements KeySource {
  readonly current = true;
  readonly #keys: readonly VerificationKey[];
  readonly #named: boolean;

  /** @param named whether tokens name keys by `kid`, as with a JWK set */
  constructor(keys: readonly VerificationKey[], named: boolean) {
    this.#keys = keys;
    this.#named = named;
  }

  find(kid: string, algorithm: AlgorithmName): readonly VerificationKey[] {
    return this.#keys.filter((key) => {
      return key.algorithms.includes(algorithm) && (!this.#named || kid === "" || key.kid === kid);
    });
  }

  refresh(): null {
    return null;
  }
}
