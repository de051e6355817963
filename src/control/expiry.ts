// Warns about certificates and revocation lists of the configuration in effect that expire soon or have expired.
import type { Config } from "../config/config.ts";
import type { Clock } from "../core/clock.ts";
import type { Participant } from "../core/data-plane.ts";
import type { Log } from "../core/log.ts";
import { type Ending, ExpiryWatch } from "../tls/expiry.ts";
import { listEndings } from "../tls/revocation.ts";
import type { ServerTls } from "../tls/server-tls.ts";
import { validityProblem } from "../tls/validity.ts";

/** Replaces its watch with each configuration that takes effect. Loading has reported what was wrong by then. */
export class Expiry implements Participant<Config> {
  readonly #clock: Clock;
  readonly #log: Log;
  #next: readonly Ending[] = [];
  #watch: ExpiryWatch | null = null;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  async prepare({ listeners, managementTls }: Config): Promise<void> {
    this.#next = [...listeners.map(({ tls }) => tls), managementTls].flatMap((tls) =>
      tls === null ? [] : endingsOf(tls),
    );
  }

  async commit(): Promise<void> {
    this.#watch?.close();
    const endings = this.#next;
    const warn = (name: string, problem: string) => this.#log.warn(problem, { file: name });
    this.#watch = endings.length === 0 ? null : new ExpiryWatch(endings, warn, this.#clock);
  }

  async cancel(): Promise<void> {
    // Nothing has been started.
  }

  close(): void {
    this.#watch?.close();
  }
}

function endingsOf({ certificates, clients }: ServerTls): readonly Ending[] {
  const shown = certificates.map(({ source: name, validity }): Ending => {
    return { name, ends: validity.to, problem: (now) => validityProblem(validity, now) };
  });
  const asked = new Map(
    [clients, ...certificates.map((certificate) => certificate.clients)].map((auth) => [auth.key, auth]),
  );
  const lists = [...asked.values()].flatMap(({ revocation }) => (revocation === null ? [] : listEndings(revocation)));
  return [...shown, ...lists];
}
