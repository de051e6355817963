// Shortages of the gateway itself: descriptors, ports or memory. Such failures say nothing about the host.
import { closeSync, openSync } from "node:fs";
import { isIPv6 } from "node:net";
import { devNull, networkInterfaces } from "node:os";
import type { Clock } from "../core/clock.ts";
import { Episode } from "../core/episode.ts";
import type { Log } from "../core/log.ts";

/** Codes of errno that mean it. `EAGAIN`: no further process can be made, when a program is run. */
const CAUSES: ReadonlySet<string> = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOMEM", "ENOBUFS", "EAGAIN"]);

/** Counts shortages by their cause, and logs each once as long as it lasts. */
export class Shortage {
  /** Cause → failures it has led to. */
  readonly counts = new Map<string, number>();
  readonly #episode: Episode;

  constructor(log: Log, clock: Clock) {
    const words = {
      begins: "The gateway is short of resources",
      passed: "The gateway has the resources it needs again",
    };
    this.#episode = new Episode(log, clock, words);
  }

  /** Whether the gateway has lacked something lately. */
  get lasts(): boolean {
    return this.#episode.lasts;
  }

  /** Whether a failure is due to the gateway's own resources; it is counted then. */
  caused(error: Error): boolean {
    const cause = causeOf(error);
    if (cause === null) return false;
    this.counts.set(cause, (this.counts.get(cause) ?? 0) + 1);
    this.#episode.note({ cause });
    return true;
  }
}

/** Code of errno of what the gateway lacked; null when it lacked nothing. @param hasIPv6 of this machine */
export function causeOf(error: Error, hasIPv6 = () => hasAddress(isIPv6)): string | null {
  const { code = "", syscall, address } = error as NodeJS.ErrnoException & { readonly address?: string };
  if (!CAUSES.has(code)) return null;
  if (code === "EAGAIN" && syscall === "connect") return null; // the queue of a UNIX socket is full
  // Without IPv6, no IPv6 address can be reached from here: that will not pass, and other addresses can.
  if (code === "EADDRNOTAVAIL" && isIPv6(address ?? "") && !hasIPv6()) return null;
  return code;
}

/** An error of its own when no descriptor is left: libraries that need one report something else. */
export function descriptorShortage(): Error | null {
  try {
    closeSync(openSync(devNull, "r"));
    return null;
  } catch (error) {
    return causeOf(error as Error) === null ? null : (error as Error);
  }
}

/** Whether an interface of this machine has an address of a kind. */
export function hasAddress(kind: (address: string) => boolean): boolean {
  try {
    return Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => kind(address)) === true);
  } catch {
    return true; // listing them takes a descriptor, too
  }
}
