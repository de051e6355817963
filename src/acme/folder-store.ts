// A store in a folder, which gateways on one machine or on a network file system share.
import { chmod, lstat, mkdir, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, removeFile, replaceFile, UNFINISHED } from "../wire/private-files.ts";
import { FolderLocks } from "./folder-locks.ts";
import { type AcmeStore, checkKey, checkSize, type Lease, type RecordKey, SECTIONS, type StoreTimes } from "./store.ts";

/** As that of the files: their owner alone. */
const FOLDER_MODE = 0o700;
/** Of the files of texts. */
const ENDING = ".json";

/** An {@link AcmeStore} of files. The folder is made when it is first used. */
export class FolderStore implements AcmeStore {
  readonly place: string;
  readonly #times: StoreTimes;
  readonly #locks: FolderLocks;
  #made: Promise<void> | null = null;

  constructor(folder: string, times: StoreTimes) {
    this.place = folder;
    this.#times = times;
    this.#locks = new FolderLocks(join(folder, "locks"), times.leaseMs);
  }

  placeOf({ section, name }: RecordKey): string {
    return join(this.place, section, `${name}${ENDING}`);
  }

  async read(key: RecordKey): Promise<string | null> {
    checkKey(key);
    const path = this.placeOf(key);
    try {
      const file = await open(path, "r");
      try {
        const { size } = await file.stat();
        checkSize(path, size);
        return await file.readFile("utf8");
      } finally {
        await file.close();
      }
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  async write(key: RecordKey, text: string): Promise<void> {
    checkKey(key);
    const path = this.placeOf(key);
    checkSize(path, Buffer.byteLength(text));
    await this.#within(() => replaceFile(path, text));
  }

  async remove(key: RecordKey): Promise<void> {
    checkKey(key);
    await removeFile(this.placeOf(key));
  }

  async answers(): Promise<readonly string[]> {
    try {
      const files = await readdir(join(this.place, "answers"));
      return files.flatMap((file) => (file.endsWith(ENDING) ? file.slice(0, -ENDING.length) : []));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    }
  }

  async sweep(): Promise<void> {
    for (const section of SECTIONS) {
      const folder = join(this.place, section);
      const files = await readdir(folder).catch(() => []);
      // Beside answers: what a process has left that was killed while it wrote.
      for (const name of files.filter((file) => section === "answers" || file.endsWith(UNFINISHED))) {
        const path = join(folder, name);
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
        if (Date.now() - mtimeMs > this.#times.answerMs) await removeFile(path);
      }
    }
  }

  async lock(name: string): Promise<Lease | null> {
    checkKey({ section: "locks", name });
    return this.#within(() => this.#locks.take(name));
  }

  close(): Promise<void> {
    return this.#locks.close();
  }

  /** Makes the folder again when somebody has removed it. */
  async #within<T>(work: () => Promise<T>): Promise<T> {
    await this.#make();
    try {
      return await work();
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      this.#made = null;
      await this.#make();
      return work();
    }
  }

  async #make(): Promise<void> {
    this.#made ??= makeFolders(this.place).catch((error) => {
      this.#made = null;
      throw error;
    });
    await this.#made;
  }
}

/** A folder that an operator has made with wider rights keeps them; what is below it is closed. */
async function makeFolders(place: string): Promise<void> {
  await mkdir(place, { recursive: true, mode: FOLDER_MODE });
  for (const section of SECTIONS) {
    const path = join(place, section);
    await mkdir(path, { mode: FOLDER_MODE, recursive: true });
    // Rights are changed of what is ours, and not of what a link leads to.
    if ((await lstat(path)).isSymbolicLink()) throw new Error(`${path}: a symbolic link is not followed`);
    await chmod(path, FOLDER_MODE);
  }
}
