// Watches every file a configuration was made of: edits, renames by editors, symlink swaps of mounted volumes, rollbacks.
import type { Stamps } from "../config/text/source-files.ts";
import type { Clock } from "../core/clock.ts";
import { Changes } from "./changes.ts";

/** Time between two looks at the files, ms. */
const POLL_MS = 200;

/**
 * Calls `changed` when files differ from what was read of them and are complete. By polling their status: a file that is
 * replaced, a ConfigMap whose directory link is swapped and a network file system all look the same to it, and whatever else
 * happens in the directory (a log growing beside the configuration) costs nothing.
 */
export class FileWatch {
  readonly #changed: () => void;
  readonly #clock: Clock;
  readonly #changes = new Changes();
  #stop: () => void = () => undefined;
  #closed = false;

  constructor(changed: () => void, clock: Clock) {
    this.#changed = changed;
    this.#clock = clock;
    this.#wait();
  }

  /** Watches exactly these files from now on. @param read their state when they were read: what changed since is noticed */
  follow(read: Stamps): void {
    this.#changes.follow(read);
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #wait(): void {
    this.#stop = this.#clock.after(POLL_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const complete = await this.#changes.look();
    if (this.#closed) return;
    if (complete) this.#changed();
    this.#wait();
  }
}
