// What a health probe is: one question to one address, answered once. How often it is asked is said elsewhere.
import type { Place } from "../wire/authority.ts";
import type { UpstreamTls } from "../wire/secure.ts";

/**
 * Told what came of a probe: null is well, a text says in few words why not. Holds nothing a backend has written.
 * Calls after the first are ignored.
 */
export type ProbeDone = (failure: string | null) => void;

/** Asks once, and answers through `done`. @returns ends it and frees what it holds; harmless when it is over */
export type Probe = (done: ProbeDone) => () => void;

/** Where a probe goes. */
export interface ProbeAddress extends Place {
  readonly tls: UpstreamTls;
}

/** First and last of a range of statuses, both included. */
export type StatusRange = readonly [number, number];

/** Why a connection failed, without what the other side said. */
export function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? "broken connection" : code;
}
