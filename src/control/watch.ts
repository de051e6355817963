// Watches every file a configuration was made of: edits, renames by editors, symlink swaps of mounted volumes.
import { dirname } from "node:path";
import { type FSWatcher, watch } from "chokidar";

/** Quiet time after the last change before it is reported, ms. */
const QUIET_MS = 100;

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
   * Watches exactly these files from now on (absolute paths). Their directories are watched, not the files: a file that is
   * replaced is a new one, and a ConfigMap changes by swapping the directory its links lead through.
   */
  async follow(files: readonly string[]): Promise<void> {
    const wanted = new Set(files);
    if (wanted.size === this.#files.size && files.every((f) => this.#files.has(f))) return;
    this.#files = wanted;
    const old = this.#watcher;
    const directories = [...new Set(files.map(dirname))];
    const watcher = watch(directories, { ignoreInitial: true, depth: 0, followSymlinks: true, persistent: true });
    watcher.on("all", (_event, path) => this.#noticed(path));
    watcher.on("error", () => undefined); // a directory that vanished is reported by the next load
    this.#watcher = watcher;
    await new Promise<void>((resolve) => watcher.once("ready", resolve));
    await old?.close();
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#watcher?.close();
  }

  #noticed(path: string): void {
    // `..data` and `..2026_…` are the links Kubernetes swaps under a mounted ConfigMap or Secret.
    if (!this.#files.has(path) && !/(^|\/)\.\.[^/]+$/.test(path)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#changed, QUIET_MS);
  }
}
