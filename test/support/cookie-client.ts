// A client that keeps cookies and follows redirects as a browser does, over plain HTTP on 127.0.0.1.
import assert from "node:assert/strict";
import { type Call, call, type Reply } from "./client.ts";

interface Kept {
  readonly value: string;
  readonly path: string;
}

/** Where a navigation ended. */
export interface Visit {
  readonly url: string;
  readonly reply: Reply;
  /** All URLs on the way, the last included. */
  readonly hops: readonly string[];
}

const NAVIGATION = ["Accept", "text/html,*/*;q=0.8", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"];
/** More redirects than these are a loop. */
const MAX_HOPS = 20;

/** One profile. Its cookies do not heed ports, as those of browsers. */
export class CookieClient {
  readonly #kept = new Map<string, Kept>();

  /** Names of the cookies it has that begin like this. */
  names(prefix: string): readonly string[] {
    return [...this.#kept.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  value(name: string): string {
    const kept = this.#kept.get(name);
    assert.ok(kept !== undefined, `no cookie ${name} among ${[...this.#kept.keys()]}`);
    return kept.value;
  }

  set(name: string, value: string): void {
    this.#kept.set(name, { value, path: "/" });
  }

  forget(prefix: string): void {
    for (const name of this.names(prefix)) this.#kept.delete(name);
  }

  /** Another profile with the same cookies. */
  copy(): CookieClient {
    const copy = new CookieClient();
    for (const [name, { value }] of this.#kept) copy.set(name, value);
    return copy;
  }

  /** The `Cookie` line for a path. */
  line(path = "/"): string {
    const sent = [...this.#kept].filter(([, kept]) => path.startsWith(kept.path));
    return sent.map(([name, { value }]) => `${name}=${value}`).join("; ");
  }

  /** One request, as a script makes it unless the headers say otherwise. */
  async ask(url: string, options: Call = {}): Promise<Reply> {
    const { port, pathname, search } = new URL(url);
    const line = this.line(pathname);
    const headers = [...(options.headers ?? []), ...(line === "" ? [] : ["Cookie", line])];
    const reply = await call(Number(port), { ...options, path: pathname + search, headers });
    for (const set of reply.headers["set-cookie"] ?? []) this.#take(set, pathname);
    return reply;
  }

  /** Goes to a page, and on to where it is led. @param until stops before the first URL that begins like this */
  async go(url: string, until?: string, site = "none"): Promise<Visit> {
    const hops: string[] = [];
    for (let at = url; ; ) {
      hops.push(at);
      assert.ok(hops.length < MAX_HOPS, `a loop: ${hops.map((hop) => hop.slice(0, 60)).join(" → ")}`);
      const reply = await this.ask(at, { headers: [...NAVIGATION, "Sec-Fetch-Site", site] });
      const { location } = reply.headers;
      if (location === undefined) return { url: at, reply, hops };
      const next = new URL(location, at).href;
      if (until !== undefined && next.startsWith(until)) return { url: next, reply, hops };
      // A chain of redirects is as foreign as its most foreign link.
      if (new URL(next).host !== new URL(at).host && site !== "none") site = "cross-site";
      at = next;
    }
  }

  #take(line: string, from: string): void {
    const [, name = "", value = ""] = /^([^=;]+)=([^;]*)/.exec(line)!;
    assert.ok(line.length <= 4096, `Set-Cookie of ${line.length} bytes`);
    const path = /; ?path=([^;]+)/i.exec(line)?.[1] ?? from.replace(/[^/]*$/, "");
    const isGone = /; ?max-age=0(;|$)/i.test(line) || /; ?expires=Thu, 01 Jan 1970/i.test(line);
    if (isGone) this.#kept.delete(name);
    else this.#kept.set(name, { value, path });
  }
}
