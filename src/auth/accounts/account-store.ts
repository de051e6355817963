// Refresh tokens of users in a file, each encrypted for its user.
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, replaceFile } from "../../wire/private-files.ts";
import type { Sealer } from "../login/sealing.ts";

/** Most users; a further one cannot connect an account. */
const MAX_USERS = 10_000;
const VERSION = 1;

/** The file, read once and replaced as a whole. No other process may write it. */
export class AccountStore {
  readonly #path: string;
  readonly #sealer: Sealer;
  readonly #failed: (reason: string) => void;
  /** Digest of the user → encrypted token. */
  readonly #sealed: Map<string, string>;
  #changed = false;
  #writing: Promise<void> | null = null;

  /**
   * @param failed told why the file could not be written; it is tried again with the next change
   * @throws Error when there is a file that cannot be read
   */
  constructor(path: string, sealer: Sealer, failed: (reason: string) => void) {
    this.#path = path;
    this.#sealer = sealer;
    this.#failed = failed;
    this.#sealed = new Map(Object.entries(readTokens(path)));
  }

  get size(): number {
    return this.#sealed.size;
  }

  get isFull(): boolean {
    return this.#sealed.size >= MAX_USERS;
  }

  has(user: string): boolean {
    return this.#sealed.has(idOf(user));
  }

  /** The refresh token of a user; null: none, or it was encrypted with another key. */
  get(user: string): string | null {
    const id = idOf(user);
    const sealed = this.#sealed.get(id);
    return sealed === undefined ? null : this.#sealer.open(purposeOf(id), sealed);
  }

  set(user: string, refreshToken: string): void {
    const id = idOf(user);
    this.#sealed.set(id, this.#sealer.seal(purposeOf(id), refreshToken));
    this.#write();
  }

  delete(user: string): void {
    if (this.#sealed.delete(idOf(user))) this.#write();
  }

  /** Resolves when what was changed so far is in the file, or could not be written. */
  async written(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  #write(): void {
    this.#changed = true;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#changed) {
      this.#changed = false;
      const text = `${JSON.stringify({ version: VERSION, tokens: Object.fromEntries(this.#sealed) })}\n`;
      try {
        await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
        await replaceFile(this.#path, text);
      } catch (error) {
        this.#failed(codeOf(error) ?? (error as Error).message);
      }
    }
  }
}

function readTokens(path: string): Record<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return {};
    throw error;
  }
  try {
    const { version, tokens } = JSON.parse(text) as { version?: unknown; tokens?: Record<string, string> };
    if (version === VERSION && Object.values(tokens!).every((sealed) => typeof sealed === "string")) return tokens!;
  } catch {
    // Told below, without a text that quotes the file.
  }
  throw new Error(`${path}: this is no file of tokens; move it away`);
}

/** Users are not named in the file. */
function idOf(user: string): string {
  return hash("sha256", user, "base64url");
}

/** A token cannot be moved to another user. */
function purposeOf(id: string): string {
  return `account ${id}`;
}
