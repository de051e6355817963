// Certificates that come while the gateway runs, and how it proves to their authority that names are its own.
import type { IssuedCertificate } from "../core/issued-certificate.ts";
import type { NameValidation } from "../core/name-validation.ts";

/** Those there are now, for all listeners of the process. */
export class IssuedCertificates {
  #list: readonly IssuedCertificate[] = [];
  readonly #followers = new Set<() => void>();
  /** null: no listener has certificates issued. */
  validation: NameValidation | null = null;

  get list(): readonly IssuedCertificate[] {
    return this.#list;
  }

  /** These are all from now on. */
  replace(list: readonly IssuedCertificate[]): void {
    this.#list = list;
    for (const changed of this.#followers) changed();
  }

  /** Those for the name sets, in their order. */
  of(sets: readonly (readonly string[])[]): readonly IssuedCertificate[] {
    const byNames = new Map(this.#list.map((certificate) => [keyOf(certificate.names), certificate]));
    return sets.flatMap((names) => byNames.get(keyOf(names)) ?? []);
  }

  /** @param changed called after each change @returns what ends it */
  follow(changed: () => void): () => void {
    this.#followers.add(changed);
    return () => void this.#followers.delete(changed);
  }
}

function keyOf(names: readonly string[]): string {
  return [...names].sort().join();
}
