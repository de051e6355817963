// The client connections of the process, over all listeners: how many there are, and how many there may be.
import type { Socket } from "node:net";
import type { Clock } from "../core/clock.ts";
import { Episode } from "../core/episode.ts";
import type { Log } from "../core/log.ts";

/** Most connections over the limit that are sent an error at the same time; further ones are closed without one. */
const MAX_TURNED_AWAY = 64;
/** The same bound as a share of the limit: such connections take descriptors, too. */
const TURNED_AWAY_SHARE = 1 / 16;

/** Counts client connections. Listeners call {@link admit} for every accepted socket. */
export class ClientConnections {
  /** Connections that may be open; 0 no limit. */
  max = 0;
  /** Connections refused so far. */
  refused = 0;
  #open = 0;
  #turnedAway = 0;
  readonly #episode: Episode;

  constructor(log: Log, clock: Clock) {
    const words = {
      begins: "Client connections are refused: the limit is reached",
      passed: "No client is refused any more",
    };
    this.#episode = new Episode(log, clock, words);
  }

  /** Counts an accepted socket until it is closed. @returns whether it may stay */
  admit(socket: Socket): boolean {
    if (this.max > 0 && this.#open >= this.max) {
      this.refused++;
      this.#episode.note({ limit: this.max });
      return false;
    }
    this.#open++;
    socket.on("close", () => this.#open--);
    return true;
  }

  /** Whether a socket that was not admitted may be sent an error; it is counted until it is closed. */
  turnAway(socket: Socket): boolean {
    if (this.#turnedAway >= Math.min(MAX_TURNED_AWAY, Math.ceil(this.max * TURNED_AWAY_SHARE))) return false;
    this.#turnedAway++;
    socket.on("close", () => this.#turnedAway--);
    return true;
  }
}
