// Where log lines go: batched, written off the event loop, bounded, and reopened on request for log rotation.
import { closeSync, constants, openSync, write, writeSync } from "node:fs";

/** A batch this large is written at once, characters. */
const BATCH = 64 * 1024;
/** Longest time a line waits, ms. */
const DELAY_MS = 20;
/** Characters waiting for a slow disk or reader; beyond, lines are dropped and counted. */
const MAX_WAITING = 16 * 1024 * 1024;
/** Pause before writing again to a pipe that is full, ms. */
const FULL_PAUSE_MS = 10;
/** How often that is tried once nothing more will come, 1 s in all. */
const LAST_TRIES = 100;
/** Without `O_NONBLOCK`, opening a pipe waits for a reader and writing to it for room, on one of the runtime's few threads. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** One output: `stdout`, `stderr`, or a file or named pipe that is appended to. */
export class LineSink {
  readonly output: string;
  #fd: number;
  #waiting = "";
  #writing = false;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];
  #dropped = 0;
  /** The rest of a write in progress. */
  #inFlight: Buffer | null = null;
  /** Lines were lost since the last write that went through. */
  #failing = false;
  #lastTries = LAST_TRIES;
  /** Set by {@link close}: to write to the output again, another sink is opened. */
  closed = false;

  /** @throws Error when the file cannot be opened, or is a pipe without a reader */
  constructor(output: string) {
    this.output = output;
    this.#fd = open(output);
  }

  /** Lines lost so far: the disk was full, the reader had disconnected, or too many were waiting. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Appends text that ends in a line break. */
  write(text: string): void {
    if (this.#waiting.length > MAX_WAITING) return this.#lost(text, "its reader is too slow");
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
    let text = Buffer.concat([this.#inFlight ?? Buffer.alloc(0), Buffer.from(this.#waiting)]);
    this.#waiting = "";
    this.#inFlight = null;
    try {
      while (text.length > 0) text = text.subarray(writeSync(this.#fd, text));
    } catch {} // the reader has disconnected or is too slow, and the process ends: the lines are lost
  }

  /**
   * Opens the file again under its name, after it was moved away.
   * @throws Error when that fails; the old file then stays in use
   */
  reopen(): void {
    if (this.closed || isStandard(this.output)) return;
    const old = this.#fd;
    this.#fd = open(this.output);
    void this.flushed().then(() => closeSync(old));
  }

  /** Writes the rest and closes the file. */
  async close(): Promise<void> {
    this.closed = true;
    await this.flushed();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!isStandard(this.output)) closeSync(this.#fd);
  }

  #lost(text: string, why: string): void {
    this.#dropped += text.split("\n").length - 1;
    if (this.#failing) return;
    this.#failing = true;
    tell(`log lines are being lost: cannot write to ${this.output}: ${why}`);
  }

  #recovered(): void {
    this.#failing = false;
    tell(`the log is written to ${this.output} again; ${this.#dropped} lines were lost so far`);
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
    this.#put(Buffer.from(this.#waiting), this.#fd);
    this.#waiting = "";
  }

  #put(bytes: Buffer, fd: number): void {
    this.#inFlight = bytes;
    write(fd, bytes, (error, written) => {
      if (this.#inFlight !== bytes) return; // written by flushSync meanwhile
      // A pipe whose reader is behind.
      if (error?.code === "EAGAIN" && !(this.closed && this.#lastTries-- <= 0)) {
        return void setTimeout(() => this.#put(bytes, fd), FULL_PAUSE_MS);
      }
      if (error === null && written < bytes.length) return this.#put(bytes.subarray(written), fd);
      this.#inFlight = null;
      if (error !== null) this.#lost(bytes.toString("latin1"), error.code ?? "failed");
      else if (this.#failing) this.#recovered();
      this.#writing = false;
      this.#flush();
    });
  }
}

/** Reports on stderr that logging itself fails. */
function tell(text: string): void {
  try {
    writeSync(2, `gateway: ${text}\n`);
  } catch {}
}

/** Whether an output is one of the process, and no file. */
export function isStandard(output: string): boolean {
  return output === "stdout" || output === "stderr";
}

function open(output: string): number {
  if (isStandard(output)) return output === "stdout" ? 1 : 2;
  try {
    return openSync(output, APPEND, 0o640);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(`cannot write the log to "${output}": ${WORDS.get(code ?? "") ?? message}`);
  }
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "no such directory"],
  ["EISDIR", "this is a directory"],
  ["EACCES", "no permission"],
  ["ENXIO", "no process reads this pipe, or it is a socket"],
]);
