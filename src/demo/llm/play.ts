// Sends a streamed answer, and does wrong on the way what it is told to.
import { setTimeout as pause } from "node:timers/promises";
import { amount, type Commands } from "./commands.ts";
import type { Exchange } from "./exchange.ts";
import type { Frame } from "./frame.ts";

/** An answer to be sent as events. */
export interface Played {
  readonly frames: Iterable<Frame>;
  /** Events that report a failure, as a text. @param overloaded the provider is overloaded, else it has failed */
  failure(overloaded: boolean): string;
  /** Separator of lines. */
  readonly lineEnd: string;
}

/** @param eventMs pause after each event where no command says otherwise */
export async function play(exchange: Exchange, commands: Commands, played: Played, eventMs: number): Promise<void> {
  const type = commands.has("wrong-type") ? "text/plain" : "text/event-stream";
  const fields = { ...exchange.own, "Content-Type": type, "Cache-Control": "no-cache" };
  exchange.response.writeHead(200, fields);
  await new Performance(exchange, commands, played, eventMs).run();
}

/** One performance of a stream. */
class Performance {
  readonly #exchange: Exchange;
  readonly #commands: Commands;
  readonly #played: Played;
  readonly #pauseMs: number;
  readonly #pieceBytes: number;

  constructor(exchange: Exchange, commands: Commands, played: Played, eventMs: number) {
    this.#exchange = exchange;
    this.#commands = commands;
    this.#played = played;
    this.#pauseMs = amount(commands, "slow", eventMs);
    this.#pieceBytes = amount(commands, "bytes", 0);
  }

  async run(): Promise<void> {
    const { response } = this.#exchange;
    if (this.#is("error-in-200")) return void response.end(this.#lines(this.#played.failure(false)));
    for (const frame of this.#played.frames) {
      if (this.#isGone || this.#failsBefore(frame)) return;
      if (this.#is("no-end") && frame.role !== "start" && frame.role !== "content") break;
      if (this.#is("comments")) await this.#write(": PROCESSING\n\n");
      await this.#write(frame.text);
      if (frame.role !== "content") continue;
      if (this.#is("endless")) await this.#forever(frame);
      if (this.#isGone || this.#failsAfter()) return;
    }
    if (!this.#is("stay-open")) response.end();
  }

  #failsBefore({ role }: Frame): boolean {
    if (role === "start") return false;
    if (this.#is("cut-start")) return this.#cut();
    if (!this.#is("overloaded-stream")) return false;
    this.#exchange.response.end(this.#lines(this.#played.failure(true)));
    return true;
  }

  /** After the first content. */
  #failsAfter(): boolean {
    if (this.#is("hang-stream")) return true;
    if (this.#is("cut")) return this.#cut();
    if (!this.#is("error-stream")) return false;
    this.#exchange.response.end(this.#lines(this.#played.failure(false)));
    return true;
  }

  /** What was written arrives; then the connection is reset. */
  #cut(): boolean {
    const { socket } = this.#exchange.request;
    setImmediate(() => socket.destroy());
    return true;
  }

  async #forever(frame: Frame): Promise<void> {
    while (!this.#isGone) {
      await pause(Math.max(1, this.#pauseMs));
      await this.#write(frame.text);
    }
  }

  async #write(text: string): Promise<void> {
    const bytes = Buffer.from(this.#lines(text));
    const step = this.#pieceBytes === 0 ? bytes.length : this.#pieceBytes;
    for (let at = 0; at < bytes.length && !this.#isGone; at += step) {
      const drained = this.#exchange.response.write(bytes.subarray(at, at + step));
      if (this.#pieceBytes > 0) await new Promise((resolve) => setImmediate(resolve));
      if (!drained) await this.#drain();
    }
    if (this.#pauseMs > 0) await pause(this.#pauseMs);
  }

  #drain(): Promise<void> {
    const { response } = this.#exchange;
    return new Promise((resolve) => {
      const done = () => {
        response.off("drain", done).off("close", done);
        resolve();
      };
      response.on("drain", done).on("close", done);
    });
  }

  #lines(text: string): string {
    const end = this.#is("crlf") ? "\r\n" : this.#played.lineEnd;
    return end === "\n" ? text : text.replaceAll("\n", end);
  }

  #is(command: string): boolean {
    return this.#commands.has(command);
  }

  get #isGone(): boolean {
    return this.#exchange.response.destroyed || this.#exchange.response.closed;
  }
}
