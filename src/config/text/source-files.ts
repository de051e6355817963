// Reads the files of a configuration and records the state in which each was read. Pipes and devices are refused, since
// reading them could block.
import { isUtf8 } from "node:buffer";
import { type BigIntStats, closeSync, constants, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { whyNot } from "../meaning/files.ts";

/**
 * What tells one state of a file from another: device, inode, change time, modification time (ns) and size. A file put back
 * from a backup, with an older time or the same size, differs too. `absent` when it cannot be looked at.
 */
export type Stamp = string;

/** State of a file by its absolute path, symbolic links followed. */
export type Stamps = ReadonlyMap<string, Stamp>;

const ABSENT: Stamp = "absent";

/** Bytes of a file that are not the UTF-8 text they should be. */
export class NotUtf8 extends Error {
  /** Counts from 1. */
  readonly line: number;

  constructor(line: number) {
    super(`line ${line} is not UTF-8`);
    this.line = line;
  }
}

/** Reads files and records every path that was requested, also missing ones. */
export class SourceFiles {
  readonly #stamps = new Map<string, Stamp>();

  /** State of every file requested so far, taken just before it was read. */
  get stamps(): Stamps {
    return this.#stamps;
  }

  /**
   * Content of a regular file. A pipe, a socket or a device is refused: reading one may take for ever.
   * @param maxBytes largest file accepted
   * @throws Error whose message says why, to be put behind the name of the file
   */
  bytes(path: string, maxBytes: number): Buffer {
    const stats = this.#look(path);
    if (!stats.isFile()) throw new Error(kindOf(stats));
    if (stats.size > maxBytes) throw tooLarge(maxBytes);
    return attempt(() => {
      // Opened without blocking, in case a pipe has taken the place of the file since.
      const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return readFileSync(fd);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Content as text, without a byte order mark. @throws NotUtf8, and as {@link bytes} does */
  text(path: string, maxBytes: number): string {
    const bytes = this.bytes(path, maxBytes);
    if (!isUtf8(bytes)) throw new NotUtf8(firstBadLine(bytes));
    const text = bytes.toString();
    return text.startsWith("\ufeff") ? text.slice(1) : text;
  }

  /** Paths of everything in a directory and below, in order of name. @throws as {@link bytes} does */
  folder(path: string): string[] {
    if (!this.#look(path).isDirectory()) throw new Error("not a directory");
    const entries = attempt(() => readdirSync(path, { recursive: true, withFileTypes: true }));
    for (const entry of entries) if (entry.isDirectory()) this.#look(join(entry.parentPath, entry.name));
    return entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  }

  /** Whether there is a directory of that name. */
  isFolder(path: string): boolean {
    try {
      return this.#look(path).isDirectory();
    } catch {
      return false;
    }
  }

  #look(path: string): BigIntStats {
    const absolute = resolve(path);
    this.#stamps.set(absolute, ABSENT);
    const stats = attempt(() => statSync(path, { bigint: true }));
    this.#stamps.set(absolute, stampOf(stats));
    return stats;
  }
}

/** State of a file now. */
export async function stampNow(path: string): Promise<Stamp> {
  try {
    return stampOf(await stat(path, { bigint: true }));
  } catch {
    return ABSENT;
  }
}

/**
 * Whether a file was put in the place of another with its content complete. Renaming sets the change time but not the time
 * of the last write, so that a file still being written where it stands does not look like that.
 */
export function isReplacedWhole(before: Stamp, after: Stamp): boolean {
  const [identity, changed, modified] = after.split(" ");
  return after !== ABSENT && identity !== before.split(" ")[0] && BigInt(changed!) > BigInt(modified!);
}

function stampOf({ dev, ino, ctimeNs, mtimeNs, size }: BigIntStats): Stamp {
  return `${dev}:${ino} ${ctimeNs} ${mtimeNs} ${size}`;
}

/** Replaces an error code of the system by a message that says what to do. */
function attempt<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new Error(whyNot(error));
  }
}

function kindOf(stats: BigIntStats): string {
  if (stats.isDirectory()) return "this is a directory";
  const kind = stats.isFIFO() ? "pipe" : stats.isSocket() ? "socket" : "device";
  return `this is a ${kind}, not a regular file`;
}

function tooLarge(maxBytes: number): Error {
  return new Error(`larger than ${maxBytes / 1024 ** 2} MiB`);
}

/** A line break is no part of a longer character, so lines can be looked at one by one. */
function firstBadLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; ; line++) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}
