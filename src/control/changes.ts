// Compares files at regular intervals with their state when they were loaded, and reports a change once writing has
// ended.
import { isReplacedWhole, type Stamp, type Stamps, stampNow } from "../config/text/source-files.ts";

/** A file that is written in place counts as complete after this many comparisons without a change. */
const QUIET_LOOKS = 3;
/** Most files compared in one look, which costs 50 µs for each; of more of them, a part in turn. */
const FILES_A_LOOK = 64;
/** After this many comparisons a change is reported although the file is still being written. */
const LONGEST_LOOKS = 50;

/** Compares files with what was read of them. */
export class Changes {
  #read: Stamps = new Map();
  readonly #seen = new Map<string, Stamp>();
  /** Files that have changed in place and may not be complete. */
  readonly #unfinished = new Set<string>();
  #quiet = 0;
  #waited = 0;
  /** Where the next look begins. */
  #turn = 0;

  /** From now on exactly these files are compared. @param read their state when they were read */
  follow(read: Stamps): void {
    this.#read = read;
    for (const file of this.#seen.keys()) if (!read.has(file)) this.#forget(file);
  }

  /**
   * Compares the state of files. Called at equal intervals; of more than 64 files it compares a part in turn, and those that
   * are changing. Files replaced by renaming are complete once nothing has changed since the call before.
   * @returns whether they are to be loaded; then their state counts as read
   */
  async look(): Promise<boolean> {
    const stamps = await Promise.all(this.#due().map(async (file) => [file, await stampNow(file)] as const));
    let moved = false;
    for (const [file, stamp] of stamps) if (this.#note(file, stamp)) moved = true;
    this.#quiet = moved ? 0 : this.#quiet + 1;
    if (![...this.#read].some(([file, read]) => (this.#seen.get(file) ?? read) !== read)) {
      this.#settled();
      return false;
    }
    this.#waited++;
    const enough = this.#unfinished.size > 0 ? QUIET_LOOKS : 1;
    if (this.#quiet < enough && this.#waited < LONGEST_LOOKS) return false;
    this.#settled();
    this.#read = new Map([...this.#read].map(([file, read]) => [file, this.#seen.get(file) ?? read]));
    return true;
  }

  #due(): readonly string[] {
    const all = [...this.#read.keys()];
    if (all.length <= FILES_A_LOOK) return all;
    const begin = this.#turn < all.length ? this.#turn : 0;
    this.#turn = begin + FILES_A_LOOK;
    const changing = all.filter((file) => (this.#seen.get(file) ?? this.#read.get(file)) !== this.#read.get(file));
    return [...new Set([...changing, ...all.slice(begin, this.#turn)])];
  }

  /** @returns whether the file has changed since the last look */
  #note(file: string, stamp: Stamp): boolean {
    const read = this.#read.get(file);
    if (read === undefined) return false; // followed no more, since this look began
    const before = this.#seen.get(file) ?? read;
    this.#seen.set(file, stamp);
    if (stamp === before) return false;
    if (isReplacedWhole(before, stamp)) this.#unfinished.delete(file);
    else this.#unfinished.add(file);
    return true;
  }

  #settled(): void {
    this.#unfinished.clear();
    this.#waited = 0;
  }

  #forget(file: string): void {
    this.#seen.delete(file);
    this.#unfinished.delete(file);
  }
}
