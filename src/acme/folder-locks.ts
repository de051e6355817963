// Locks as files. A lock has generations, `NAME.1`, `NAME.2` and so on; the creator of the newest file holds it.
//
// To take over from a dead holder is to create the next generation, which one alone can do, on network file systems, too.
// Replacing the dead file would let two that saw it dead replace each other.
import { randomBytes } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { codeOf, createFile, removeFile, replaceFile, UNFINISHED } from "../wire/private-files.ts";
import { HeldLeases } from "./held-lease.ts";
import type { Lease } from "./store.ts";

/** A file whose content has not come after this time was left by a holder that died while it wrote, ms. */
const WRITING_MS = 2000;
const RELEASED = '{"released":true}\n';

/** The locks of one folder. */
export class FolderLocks {
  readonly #folder: string;
  readonly #leaseMs: number;
  readonly #held: HeldLeases;

  /** @param folder exists when locks are taken @param leaseMs age of a holder that counts as dead */
  constructor(folder: string, leaseMs: number) {
    this.#folder = folder;
    this.#leaseMs = leaseMs;
    this.#held = new HeldLeases(leaseMs);
  }

  /** null while another holder lives. */
  async take(name: string): Promise<Lease | null> {
    const newest = Math.max(0, ...(await this.#generations(name)));
    if (newest > 0 && !(await this.#isFree(this.#path(name, newest)))) return null;
    const mine = newest + 1;
    try {
      await createFile(this.#path(name, mine), ownerText());
    } catch (error) {
      if (codeOf(error) === "EEXIST") return null;
      throw error;
    }
    // Who looked long ago may create one that was there and is gone.
    const all = await this.#generations(name);
    if (Math.max(...all) !== mine) {
      await removeFile(this.#path(name, mine));
      return null;
    }
    for (const old of all) if (old < mine) await removeFile(this.#path(name, old)).catch(() => undefined);
    return this.#hold(name, mine);
  }

  close(): Promise<void> {
    return this.#held.close();
  }

  #hold(name: string, mine: number): Lease {
    const path = this.#path(name, mine);
    const isMine = async () => Math.max(0, ...(await this.#generations(name))) === mine;
    return this.#held.hold({
      renew: async () => {
        if (!(await isMine())) return false;
        await replaceFile(path, ownerText());
        return true;
      },
      // The file stays, so that generations only grow.
      release: async () => {
        if (await isMine()) await replaceFile(path, RELEASED);
      },
    });
  }

  async #isFree(path: string): Promise<boolean> {
    let text: string;
    let mtimeMs: number;
    try {
      const file = await open(path, "r");
      try {
        text = (await file.readFile("utf8")).slice(0, 1000);
        ({ mtimeMs } = await file.stat());
      } finally {
        await file.close();
      }
    } catch (error) {
      // Somebody has taken it over in this moment.
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ESTALE") return false;
      throw error;
    }
    if (text === RELEASED) return true;
    const age = (await this.#now()) - mtimeMs;
    return age > (isOwner(text) ? this.#leaseMs : Math.min(WRITING_MS, this.#leaseMs));
  }

  /** The time of the file system, ms: clocks of gateways that share it need not agree. */
  async #now(): Promise<number> {
    const path = join(this.#folder, `clock.${randomBytes(6).toString("hex")}${UNFINISHED}`);
    const file = await open(path, "wx", 0o600);
    try {
      await file.writeFile(".");
      return (await file.stat()).mtimeMs;
    } finally {
      await file.close();
      await removeFile(path);
    }
  }

  async #generations(name: string): Promise<number[]> {
    const begin = `${name}.`;
    const files = await readdir(this.#folder);
    return files.flatMap((file) => {
      const rest = file.startsWith(begin) ? file.slice(begin.length) : "";
      return /^\d{1,15}$/.test(rest) ? [Number(rest)] : [];
    });
  }

  #path(name: string, generation: number): string {
    return join(this.#folder, `${name}.${generation}`);
  }
}

/** For the operator who looks at it. */
function ownerText(): string {
  return `${JSON.stringify({ owner: `${hostname()}:${process.pid}`, renewed: new Date().toISOString() })}\n`;
}

function isOwner(text: string): boolean {
  try {
    return typeof (JSON.parse(text) as { owner?: unknown } | null)?.owner === "string";
  } catch {
    return false;
  }
}
