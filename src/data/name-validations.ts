// What authorities are told that validate names of the configuration in effect, from the stores that its issuers use.
import { ChallengeAnswers } from "../acme/answers.ts";
import type { StoreSettings } from "../acme/settings.ts";
import type { Config } from "../config/config.ts";
import { systemClock } from "../core/clock.ts";
import { Episode } from "../core/episode.ts";
import type { Log } from "../core/log.ts";
import type { NameValidation } from "../core/name-validation.ts";
import { acmeAccounts } from "../snapshot/acme-settings.ts";
import { digest } from "../snapshot/digest.ts";

/** Follows the configuration in effect. */
export class NameValidations implements NameValidation {
  readonly #trouble: Episode;
  #key = "";
  #answers: readonly ChallengeAnswers[] = [];

  constructor(log: Log) {
    this.#trouble = new Episode(log, systemClock, {
      begins: "Authorities that validate names cannot be answered",
      passed: "Answers for authorities have been found again",
    });
  }

  /** From now on those of this configuration; null: no name of it is validated. */
  of(config: Config): NameValidation | null {
    this.#follow(config);
    return this.#answers.length === 0 ? null : this;
  }

  close(): void {
    for (const answers of this.#answers) answers.close();
    this.#answers = [];
    this.#key = "";
  }

  async httpAnswer(token: string): Promise<string | null> {
    return this.#first((answers) => answers.httpAnswer(token));
  }

  async alpnCertificate(name: string): Promise<{ readonly cert: string; readonly key: string } | null> {
    return this.#first((answers) => answers.alpnCertificate(name));
  }

  #follow(config: Config): void {
    const stores = new Map<string, { readonly settings: StoreSettings; readonly names: string[] }>();
    for (const { settings, sets } of acmeAccounts(config)) {
      const key = digest(settings.store);
      const { names } = stores.get(key) ?? { names: [] };
      stores.set(key, { settings: settings.store, names: [...names, ...sets.flat()] });
    }
    const key = digest([...stores]);
    if (key === this.#key) return;
    this.close();
    this.#key = key;
    this.#answers = [...stores.values()].map(({ settings, names }) => {
      return new ChallengeAnswers(
        async () => (await import("../acme/open-store.ts")).openStore(settings),
        names,
        ({ message }) => this.#trouble.note({ reason: message }),
      );
    });
  }

  async #first<T>(ask: (answers: ChallengeAnswers) => Promise<T | null>): Promise<T | null> {
    for (const answers of this.#answers) {
      const answer = await ask(answers);
      if (answer !== null) return answer;
    }
    return null;
  }
}
