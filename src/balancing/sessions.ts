// Sessions of one service: finds the endpoint of a client, and stores the assignment in memory or a cookie.
import type { RequestContext } from "../core/context.ts";
import type { Endpoint } from "../core/endpoint.ts";
import { clientScheme } from "../wire/client-view.ts";
import { cookieValue, setCookieValue } from "../wire/cookies.ts";
import { getField } from "../wire/fields.ts";
import { queryValue } from "../wire/query.ts";
import { type Claim, SessionCookies, type SessionEntry } from "./session-cookie.ts";
import { SessionTable } from "./session-table.ts";

/** How sessions are identified. Sources are tried in this order. */
export interface SessionRule {
  /** Name of the cookie; "" looks at none. */
  readonly cookie: string;
  /** The gateway sets the cookie itself. */
  readonly issues: boolean;
  /** Lower-case name of the request field; "" looks at none. */
  readonly header: string;
  /** Name of the query parameter; "" looks at none. */
  readonly query: string;
  /** Clients without any of these are identified by address. */
  readonly byAddress: boolean;
  /** From the last use. */
  readonly ttlMs: number;
  /** Sessions remembered at most, those in signed cookies not counted. */
  readonly maxEntries: number;
}

/** Clocks: one monotonic in ms, one in ms since 1970. */
interface Clocks {
  readonly now: () => number;
  readonly wall: () => number;
}

/** The sessions of one service. They live as long as the service is configured, while its endpoints come and go. */
export class Sessions {
  readonly rule: SessionRule;
  readonly #wall: () => number;
  readonly #cookies: SessionCookies;
  readonly #byId: SessionTable;
  readonly #byAddress: SessionTable;
  readonly #service: string;
  /** The service in cookies. */
  readonly #tag: number;

  constructor(service: string, rule: SessionRule, secret: Buffer, { now, wall }: Clocks) {
    this.rule = rule;
    this.#wall = wall;
    this.#cookies = new SessionCookies(secret, rule.cookie);
    this.#byId = new SessionTable(rule.maxEntries, rule.ttlMs, now);
    this.#byAddress = new SessionTable(rule.maxEntries, rule.ttlMs, now);
    this.#service = service;
    this.#tag = this.#cookies.tag(service);
  }

  /** An endpoint in cookies. */
  tagOf(endpoint: Endpoint): number {
    return this.#cookies.tag(`${this.#service}\0${endpoint.spec.id}`);
  }

  /** What the endpoint of this client is known by: its tag, its id, or undefined when it has none. */
  find(ctx: RequestContext): number | string | undefined {
    const { rule } = this;
    if (rule.cookie !== "") {
      const value = cookieValue(ctx.fields, rule.cookie);
      if (value !== undefined && value !== "") {
        const entry = rule.issues ? this.#entry(this.#cookies.read(value, this.#wall() / 1000)) : undefined;
        const found = entry?.endpoint ?? this.#byId.get(value);
        if (found !== undefined) return found;
      }
    }
    const id = this.#otherId(ctx);
    if (id !== undefined) return this.#byId.get(id);
    return rule.byAddress ? this.#byAddress.get(ctx.clientIp) : undefined;
  }

  /**
   * Stores the endpoint of a client whose request has an id; an id that only the reply has is learned from the reply.
   */
  bind(ctx: RequestContext, endpoint: Endpoint): void {
    const { rule } = this;
    const named = rule.cookie === "" || rule.issues ? undefined : cookieValue(ctx.fields, rule.cookie);
    const id = named || this.#otherId(ctx);
    if (id !== undefined) this.#byId.set(id, endpoint.spec.id);
    else if (rule.byAddress) this.#byAddress.set(ctx.clientIp, endpoint.spec.id);
  }

  /**
   * Processes a reply: its endpoint keeps the session, unless it is unavailable. Learns the cookie an application sets,
   * or sets one where the client needs it.
   */
  answered(ctx: RequestContext, endpoint: Endpoint, status: number, fields: string[]): void {
    const { rule } = this;
    const theirs = rule.cookie === "" ? undefined : setCookieValue(fields, rule.cookie);
    if (theirs !== undefined) {
      if (theirs !== "") this.#byId.set(theirs, endpoint.spec.id);
      return;
    }
    if (status >= 500) return;
    const now = this.#wall() / 1000;
    const claim = rule.issues ? this.#cookies.read(cookieValue(ctx.fields, rule.cookie) ?? "", now) : null;
    if (claim === null) this.bind(ctx, endpoint);
    // A client that sends its own id needs no cookie.
    if (!rule.issues || (claim === null && this.#otherId(ctx) !== undefined)) return;
    const entry: SessionEntry = { service: this.#tag, endpoint: this.tagOf(endpoint) };
    const isYoung = claim !== null && claim.expiresAt - now > rule.ttlMs / 2000;
    if (isYoung && this.#entry(claim)?.endpoint === entry.endpoint) return;
    const others = claim?.entries.filter((other) => other.service !== this.#tag) ?? [];
    fields.push(
      "Set-Cookie",
      this.#text(ctx, { expiresAt: Math.ceil(now + rule.ttlMs / 1000), entries: [entry, ...others] }),
    );
  }

  #entry(claim: Claim | null): SessionEntry | undefined {
    if (claim === null) return undefined;
    for (const entry of claim.entries) if (entry.service === this.#tag) return entry;
    return undefined;
  }

  #text(ctx: RequestContext, claim: Claim): string {
    const { cookie, ttlMs } = this.rule;
    const secure = clientScheme(ctx) === "https" ? "; Secure" : "";
    const seconds = Math.ceil(ttlMs / 1000);
    return `${cookie}=${this.#cookies.sign(claim)}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
  }

  #otherId(ctx: RequestContext): string | undefined {
    const { header, query } = this.rule;
    const id =
      (header === "" ? undefined : getField(ctx.fields, header)) ||
      (query === "" ? undefined : queryValue(ctx.query, query));
    return id === "" ? undefined : id;
  }
}
