// The hash key of a request, as 32 bits, computed without allocating strings.
import type { RequestContext } from "../core/context.ts";
import { cookieEnd, cookieStart } from "../wire/cookies.ts";
import { crc32 } from "../wire/crc32.ts";
import { getField, isField } from "../wire/fields.ts";

/** Hash of the key of a request, 32 bits; -1 if the request does not have it. */
type Read = (ctx: RequestContext) => number;

/**
 * Compiles a key: `ip`, `path`, `header:<name>` or `cookie:<name>`; "" tries the header `X-Session-Id`, then the cookie
 * `session`. A request without it goes by its client's address, then by its path.
 */
export function hashKey(text: string): (ctx: RequestContext) => number {
  const [kind, name = ""] = text.split(":");
  if (kind === "path") return (ctx) => ringHash(ctx.path);
  if (kind === "header") return orAddress(headerHash(name));
  if (kind === "cookie") return orAddress(cookieHash(name));
  if (kind === "ip") return orAddress(() => -1);
  const header = headerHash("x-session-id");
  const cookie = cookieHash("session");
  return orAddress((ctx) => {
    const hash = header(ctx);
    return hash === -1 ? cookie(ctx) : hash;
  });
}

/** What is wrong with a key, as the rest of a sentence; null when nothing is. */
export function hashKeyFault(text: string): string | null {
  if (text === "" || text === "ip" || text === "path" || /^(header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) {
    return null;
  }
  return "is none of ip, path, header:<name>, cookie:<name>";
}

/**
 * Hash of a piece of text for the ring: CRC-32, its bits mixed (the finalizer of MurmurHash3). Alone, CRC-32 leaves texts
 * that differ in few places at equal distances: of ten instances one got 1.57 times its share.
 */
export function ringHash(text: string, from = 0, to = text.length): number {
  let hash = crc32(text, from, to);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function orAddress(read: Read): Read {
  return (ctx) => {
    const hash = read(ctx);
    return hash !== -1 ? hash : ringHash(ctx.clientIp === "" ? ctx.path : ctx.clientIp);
  };
}

function headerHash(name: string): Read {
  const lower = name.toLowerCase();
  return ({ fields }) => {
    const value = getField(fields, lower);
    return value === undefined || value === "" ? -1 : ringHash(value);
  };
}

function cookieHash(name: string): Read {
  return ({ fields }) => {
    for (let i = 0; i < fields.length; i += 2) {
      if (!isField(fields[i]!, "cookie")) continue;
      const line = fields[i + 1]!;
      const start = cookieStart(line, name);
      if (start === -1) continue;
      const end = cookieEnd(line, start);
      if (end > start) return ringHash(line, start, end);
    }
    return -1;
  };
}
