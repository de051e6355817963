// State of sessions in memory, which outlives reloads.
import type { Clock } from "../../core/clock.ts";
import { Episode } from "../../core/episode.ts";
import type { Log } from "../../core/log.ts";
import { Remembered } from "../remembered.ts";
import type { Session } from "./session.ts";

/** Recently refreshed sessions: requests sent before the browser got the new cookie still have the old one. */
const MAX_RENEWED = 2_000;
const RENEWED_MS = 1_800_000;
/** Pause after a failed refresh, ms. */
const PAUSE_MS = 2_000;
const MAX_PAUSED = 10_000;
/** Sessions whose refresh token was refused. */
const REFUSED_MS = 600_000;
const MAX_REFUSED = 10_000;
/** Sessions that were ended here: a concurrent reply may set their cookie again. */
const MAX_ENDED = 10_000;
const ENDED_MS = 86_400_000;
/** Recently finished logins: a browser that reloads the callback sends the same code again. */
const MAX_FINISHED = 1_000;
const FINISHED_MS = 60_000;

/** One per process. */
export class SessionMemory {
  /** Session id → newest version. */
  readonly renewed: Remembered<Session>;
  /** Session ids whose refresh failed for a temporary reason. */
  readonly paused: Remembered<true>;
  /** Session ids with generation whose refresh was refused. */
  readonly refused: Remembered<true>;
  /** Session ids. */
  readonly ended: Remembered<true>;
  /** State → result of the login. */
  readonly logins: Remembered<Promise<Session>>;
  /** Session id → refresh in progress. */
  readonly refreshing = new Map<string, Promise<Session | "none" | "unavailable">>();

  /** Reports that sessions cannot be read. */
  readonly unreadable: Episode;
  /** Reports that tokens cannot be refreshed. */
  readonly unrefreshed: Episode;

  constructor(log: Log, clock: Clock) {
    const now = () => clock.now();
    this.unreadable = new Episode(log, clock, {
      begins: "Sessions cannot be read",
      passed: "Sessions can be read again",
    });
    this.unrefreshed = new Episode(log, clock, {
      begins: "Sessions cannot be refreshed",
      passed: "Sessions can be refreshed again",
    });
    this.renewed = new Remembered(MAX_RENEWED, RENEWED_MS, now);
    this.paused = new Remembered(MAX_PAUSED, PAUSE_MS, now);
    this.refused = new Remembered(MAX_REFUSED, REFUSED_MS, now);
    this.ended = new Remembered(MAX_ENDED, ENDED_MS, now);
    this.logins = new Remembered(MAX_FINISHED, FINISHED_MS, now);
  }
}
