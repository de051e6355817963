// Watches every file a configuration was made of: edits, renames by editors, symlink swaps of mounted volumes.
import { stat } from "node:fs/promises";
import { type FSWatcher, watch } from "chokidar";

/** Quiet time after the last change before it is reported, ms. */
const QUIET_MS = 100;
/** Time between two looks at a file, ms. */
const POLL_MS = 200;

/** Calls `changed` after files changed and were quiet for a moment. */
export class FileWatch {
  readonly #changed: () => void;
  #watcher: FSWatcher | null = null;
  #files: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /**
   * Watches exactly these files from now on (absolute paths). By polling their status, which follows links: a file that is
   * replaced, a ConfigMap whose directory link is swapped and a network file system all look the same to it, and whatever
   * else happens in the directory (a log growing beside the configuration) costs nothing.
   * @param readAt when the files were read, ms since 1970: a change between then and the first look is noticed too
   */
  async follow(files: readonly string[], readAt: number): Promise<void> {
    const wanted = new Set(files);
    if (wanted.size === this.#files.size && files.every((f) => this.#files.has(f))) return;
    this.#files = wanted;
    const old = this.#watcher;
    const watcher = watch([...wanted], { ignoreInitial: true, usePolling: true, interval: POLL_MS });
    watcher.on("all", () => this.#noticed());
    watcher.on("error", () => undefined); // a file that vanished is reported by the next load
    this.#watcher = watcher;
    await new Promise<void>((resolve) => watcher.once("ready", resolve));
    await old?.close();
    const times = await Promise.all(
      files.map((file) =>
        stat(file).then(
          (s) => s.mtimeMs,
          () => 0,
        ),
      ),
    );
    if (times.some((time) => time >= readAt)) this.#noticed();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#watcher?.close();
  }

  #noticed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#changed, QUIET_MS);
  }
}
