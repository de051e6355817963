// The certificates issued by ACME while the gateway runs, and the answers to challenges of their authorities.
import type { IssuedCertificate } from "../core/issued-certificate.ts";
import type { NameValidation } from "../core/name-validation.ts";

/** The issued certificates in use, shared by all listeners of the process. */
export class IssuedCertificates {
  #list: readonly IssuedCertificate[] = [];
  readonly #followers = new Set<() => void>();
  /** Answers challenges; null if no listener uses ACME. */
  validation: NameValidation | null = null;

  get list(): readonly IssuedCertificate[] {
    return this.#list;
  }

  /** Replaces all certificates and tells the followers. */
  replace(list: readonly IssuedCertificate[]): void {
    this.#list = list;
    for (const changed of this.#followers) changed();
  }

  /** The certificates for these name sets, in their order; sets without a certificate are skipped. */
  of(sets: readonly (readonly string[])[]): readonly IssuedCertificate[] {
    const byNames = new Map(this.#list.map((certificate) => [keyOf(certificate.names), certificate]));
    return sets.flatMap((names) => byNames.get(keyOf(names)) ?? []);
  }

  /** @param changed called after each change @returns a function that ends the subscription */
  follow(changed: () => void): () => void {
    this.#followers.add(changed);
    return () => void this.#followers.delete(changed);
  }
}

function keyOf(names: readonly string[]): string {
  return [...names].sort().join();
}
