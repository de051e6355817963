// The cookie the gateway itself gives out: it names the endpoint and is signed, so nothing is kept for it, and gateways that
// share the secret agree, also after a restart.
import { createHmac, timingSafeEqual } from "node:crypto";

/** The endpoint of a client at one service. Both numbers are keyed hashes, which mean nothing without the secret. */
export interface SessionEntry {
  readonly service: number;
  readonly endpoint: number;
}

/** What a valid cookie says. */
export interface Claim {
  /** Seconds since 1970. */
  readonly expiresAt: number;
  readonly entries: readonly SessionEntry[];
}

const VERSION = 1;
const HEAD_BYTES = 5;
const ENTRY_BYTES = 8;
const MAC_BYTES = 16;
/** Services one cookie has entries for; beyond that, the one used longest ago is dropped. */
export const MAX_ENTRIES = 8;
/** Cookies known to be valid, so that a client's next request costs no signature. */
const MAX_VERIFIED = 1000;
const LONGEST = Math.ceil(((HEAD_BYTES + MAX_ENTRIES * ENTRY_BYTES + MAC_BYTES) * 4) / 3);

/** Signs and reads the cookies of one name. */
export class SessionCookies {
  readonly #secret: Buffer;
  readonly #name: string;
  readonly #verified = new Map<string, Claim>();

  constructor(secret: Buffer, name: string) {
    this.#secret = secret;
    this.#name = name;
  }

  /** 32 bits that stand for a text in cookies. */
  tag(text: string): number {
    return this.#mac(Buffer.from(`tag ${text}`)).readUInt32BE(0);
  }

  /** The value of a cookie. @param entries the latest first; only the first {@link MAX_ENTRIES} are kept */
  sign({ expiresAt, entries }: Claim): string {
    const kept = entries.slice(0, MAX_ENTRIES);
    const body = Buffer.alloc(HEAD_BYTES + kept.length * ENTRY_BYTES);
    body[0] = VERSION;
    body.writeUInt32BE(expiresAt, 1);
    for (const [i, { service, endpoint }] of kept.entries()) {
      body.writeUInt32BE(service, HEAD_BYTES + i * ENTRY_BYTES);
      body.writeUInt32BE(endpoint, HEAD_BYTES + i * ENTRY_BYTES + 4);
    }
    return Buffer.concat([body, this.#mac(body)]).toString("base64url");
  }

  /** The content of a cookie, or null if it is invalid or too old. @param now seconds since 1970 */
  read(value: string, now: number): Claim | null {
    if (value.length > LONGEST) return null;
    const claim = this.#verified.get(value) ?? this.#verify(value);
    return claim !== null && claim.expiresAt > now ? claim : null;
  }

  #verify(value: string): Claim | null {
    const bytes = Buffer.from(value, "base64url");
    const entries = (bytes.length - HEAD_BYTES - MAC_BYTES) / ENTRY_BYTES;
    if (bytes[0] !== VERSION || !Number.isInteger(entries) || entries < 1) return null;
    const body = bytes.subarray(0, bytes.length - MAC_BYTES);
    if (!timingSafeEqual(this.#mac(body), bytes.subarray(body.length))) return null;
    const claim: Claim = {
      expiresAt: body.readUInt32BE(1),
      entries: Array.from({ length: entries }, (_, i) => ({
        service: body.readUInt32BE(HEAD_BYTES + i * ENTRY_BYTES),
        endpoint: body.readUInt32BE(HEAD_BYTES + i * ENTRY_BYTES + 4),
      })),
    };
    if (this.#verified.size >= MAX_VERIFIED) this.#verified.delete(this.#verified.keys().next().value!);
    // A copy: the value was cut out of a header and would keep all of the header in memory.
    this.#verified.set(bytes.toString("base64url"), claim);
    return claim;
  }

  /** The name is signed, too: a cookie is not valid under another name. */
  #mac(body: Buffer): Buffer {
    return createHmac("sha256", this.#secret).update(`${this.#name}\0`).update(body).digest().subarray(0, MAC_BYTES);
  }
}
