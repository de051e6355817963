// Where log lines go: batched, written off the event loop, bounded, and reopened on request for log rotation.
import { closeSync, openSync, write, writeSync } from "node:fs";

/** A batch this large is written at once, characters. */
const BATCH = 64 * 1024;
/** Longest time a line waits, ms. */
const DELAY_MS = 100;
/** Characters waiting for a slow disk or reader; beyond, lines are dropped and counted. */
const MAX_WAITING = 16 * 1024 * 1024;

/** One output: `stdout`, `stderr` or a file that is appended to. */
export class LineSink {
  readonly output: string;
  #fd: number;
  #waiting = "";
  #writing = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #dropped = 0;
  /** Set by {@link close}: whoever needs the output again opens another sink. */
  closed = false;

  /** @throws the system's error when the file cannot be opened */
  constructor(output: string) {
    this.output = output;
    this.#fd = open(output);
  }

  /** Lines dropped since the last successful write. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Appends text that ends in a line break. */
  write(text: string): void {
    if (this.#waiting.length > MAX_WAITING) {
      this.#dropped++;
      return;
    }
    this.#waiting += text;
    if (this.#waiting.length >= BATCH) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), DELAY_MS).unref();
  }

  /** Resolves when everything written so far is out. */
  flushed(): Promise<void> {
    if (!this.#writing && this.#waiting === "") return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#idle.push(resolve));
    this.#flush();
    return done;
  }

  /** Writes what is waiting before the process ends, without the event loop. */
  flushSync(): void {
    const text = this.#waiting;
    this.#waiting = "";
    try {
      if (text !== "") writeSync(this.#fd, text);
    } catch {} // the reader is gone; there is nobody left to tell
  }

  /** Opens the file again under its name, after it was moved away. */
  reopen(): void {
    if (isStandard(this.output)) return;
    const old = this.#fd;
    this.#fd = open(this.output);
    void this.flushed().then(() => closeSync(old));
  }

  /** Writes the rest and closes the file. */
  async close(): Promise<void> {
    this.closed = true;
    await this.flushed();
    clearTimeout(this.#timer);
    if (!isStandard(this.output)) closeSync(this.#fd);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#writing) return;
    if (this.#waiting === "") {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    this.#writing = true;
    this.#put(Buffer.from(this.#waiting));
    this.#waiting = "";
  }

  #put(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      // A pipe somebody else made non-blocking: its reader is behind.
      if (error?.code === "EAGAIN") return void setTimeout(() => this.#put(bytes), 10);
      if (error === null && written < bytes.length) return this.#put(bytes.subarray(written));
      if (error === null) this.#dropped = 0;
      else this.#dropped++;
      this.#writing = false;
      this.#flush();
    });
  }
}

function isStandard(output: string): boolean {
  return output === "stdout" || output === "stderr";
}

function open(output: string): number {
  return output === "stdout" ? 1 : output === "stderr" ? 2 : openSync(output, "a", 0o640);
}
