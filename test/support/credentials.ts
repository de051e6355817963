// Watches of credentials for tests that need one.
import { systemClock } from "../../src/core/clock.ts";
import { CredentialWatch, type WatchParts } from "../../src/core/credential-watch.ts";
import { NO_LOG } from "./network.ts";

/** A watch on real time, of which nothing is known when it asks again. @param given what is special about it */
export function watchOf(given: Partial<WatchParts> = {}): CredentialWatch {
  return new CredentialWatch({
    clock: systemClock,
    wallClock: Date.now,
    standing: () => null,
    ended: () => undefined,
    log: NO_LOG,
    ...given,
  });
}
