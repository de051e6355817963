// An encrypted session in cookies, split into several if it is longer than browsers allow.
import { hash } from "node:crypto";
import type { Cookie } from "../../wire/cookies.ts";
import { type CookieJar, MAX_LINE_BYTES } from "./set-cookie.ts";

/** Maximum number of cookies of a session. */
const MAX_CHUNKS = 4;
/** Maximum number of texts read from one request; there are several only if another host or path has set cookies of this name. */
const MAX_TEXTS = 4;
/** Prefix of a chunk: an id that all chunks of a text share, number of the chunk, number of chunks. */
const HEAD = /^s1\.([\w-]{6})([1-4])([1-4])\.$/;
const HEAD_BYTES = "s1.abcdef11.".length;

/** The cookies of a session: `name`, `name.2`, `name.3` and so on. */
export class SessionCookie {
  readonly #name: string;
  readonly #jar: CookieJar;

  constructor(name: string, jar: CookieJar) {
    this.#name = name;
    this.#jar = jar;
  }

  /** Whether the name is that of such a cookie. */
  has(name: string): boolean {
    return name === this.#name || /^\.[2-4]$/.test(this.#rest(name));
  }

  /** The complete texts in a client's cookies; null: there is not even a chunk of one. */
  read(cookies: readonly Cookie[]): readonly string[] | null {
    const chunks = new Map<string, string[]>();
    for (const { name, value } of cookies) {
      const found = this.has(name) ? HEAD.exec(value.slice(0, HEAD_BYTES)) : null;
      if (found === null || value.length === HEAD_BYTES) continue;
      const [, mark, number, count] = found;
      const key = mark! + count;
      const list = chunks.get(key) ?? [];
      list[Number(number) - 1] = value.slice(HEAD_BYTES);
      chunks.set(key, list);
    }
    if (chunks.size === 0) return null;
    const whole = [...chunks].filter(([key, list]) => Object.keys(list).length === Number(key.slice(-1)));
    return whole.slice(0, MAX_TEXTS).map(([, list]) => list.join(""));
  }

  /**
   * Set-Cookie lines that store a text, and delete remaining chunks of a longer one.
   * @param cookies of the client
   * @returns null: the text is too long
   */
  write(sealed: string, seconds: number, cookies: readonly Cookie[]): readonly string[] | null {
    const room = MAX_LINE_BYTES - this.#jar.set(this.#nameOf(MAX_CHUNKS), "", seconds).length - HEAD_BYTES;
    const count = Math.ceil(sealed.length / room);
    if (count > MAX_CHUNKS) return null;
    const mark = hash("sha256", sealed, "buffer").toString("base64url").slice(0, 6);
    const lines = Array.from({ length: count }, (_, i) => {
      const chunk = sealed.slice(i * room, (i + 1) * room);
      return this.#jar.set(this.#nameOf(i + 1), `s1.${mark}${i + 1}${count}.${chunk}`, seconds);
    });
    const kept = lines.map((_, i) => this.#nameOf(i + 1));
    return [...lines, ...this.#clearAll(cookies, kept)];
  }

  /** Set-Cookie lines that delete all chunks that a client has. */
  clear(cookies: readonly Cookie[]): readonly string[] {
    return this.#clearAll(cookies, []);
  }

  #clearAll(cookies: readonly Cookie[], kept: readonly string[]): readonly string[] {
    const names = new Set(cookies.map(({ name }) => name).filter((name) => this.has(name) && !kept.includes(name)));
    return [...names].map((name) => this.#jar.clear(name));
  }

  #nameOf(number: number): string {
    return number === 1 ? this.#name : `${this.#name}.${number}`;
  }

  #rest(name: string): string {
    return name.startsWith(this.#name) ? name.slice(this.#name.length) : "";
  }
}
