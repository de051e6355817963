// Tracks which gateways share a Redis, whether all are back after an outage, and whether Redis has kept its data.
import type { Commands } from "./connection.ts";

/** Kept apart from the keys of limits, and in one slot of a cluster. */
const KEYS = ["{ratelimit}:gateways", "{ratelimit}:mark"] as const;
/** A gateway without a heartbeat for this time is no longer counted, ms. Several intervals. */
const LIFE_MS = 3500;
/** Longest wait for gateways that do not come back, ms. Longer than the pause between two attempts to connect. */
const GRACE_MS = 2500;

/** This gateway among the others. Times of the other gateways are read on the clock of Redis. */
export class Gateways {
  readonly #commands: Commands;
  readonly #name: string;
  #mark = "";
  #count = 1;
  #lostUs = 0;
  /** Gateways to wait for, this one included. */
  #expected = 1;
  /** When Redis first answered after it was away, on its clock, µs; 0: not yet. */
  #backUs = 0;
  #complete = false;

  /** @param name of this process among all */
  constructor(commands: Commands, name: string) {
    this.#commands = commands;
    this.#name = name;
  }

  /** Last known number of gateways that share this Redis, at least 1. */
  get count(): number {
    return this.#count;
  }

  /** When Redis lost its data, on its clock, µs; 0: it has lost none. */
  get lostUs(): number {
    return this.#lostUs;
  }

  /** Whether Redis has answered since it was away. */
  get back(): boolean {
    return this.#backUs > 0;
  }

  /** All known gateways have reported since Redis returned, or the wait for them is over. */
  get complete(): boolean {
    return this.#complete;
  }

  /** Redis is away. */
  away(): void {
    this.#expected = this.#count;
    this.#backUs = 0;
    this.#complete = false;
  }

  /** Learns the time, and whether data was lost, without joining the others. @throws Error (rejects) when Redis refuses */
  async look(): Promise<void> {
    this.#backUs = (await this.#ask("")).nowUs;
  }

  /** Says that this gateway lives, and learns of the others. @throws as {@link look} */
  async beat(): Promise<void> {
    const backUs = this.#backUs;
    const { nowUs, count, heard } = await this.#ask(this.#name);
    if (backUs !== this.#backUs) return; // it went away before the reply came
    if (!this.#complete && heard < this.#expected && nowUs - this.#backUs < GRACE_MS * 1000) return;
    this.#complete = true;
    this.#count = count;
  }

  /** Leaves the other gateways. Should Redis not hear it, this gateway is dropped after {@link LIFE_MS}. */
  async leave(): Promise<void> {
    await this.#commands.run("leave", [KEYS[0]], [this.#name]).catch(() => undefined);
  }

  async #ask(name: string): Promise<{ readonly nowUs: number; readonly count: number; readonly heard: number }> {
    const reply = await this.#commands.run("beat", KEYS, [name, LIFE_MS * 1000, this.#mark, this.#backUs]);
    const [time, count, heard, mark] = reply as [string, number, number, string];
    this.#mark = mark;
    this.#lostUs = Number(mark.slice(0, mark.indexOf(":")));
    return { nowUs: Number(time), count, heard };
  }
}
