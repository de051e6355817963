// Passwords as they are kept: scrypt (RFC 7914) with its costs and salt beside the result, `scrypt$N=16384,r=8,p=1$salt$hash`.
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** A password hash taken apart. */
export interface PasswordHash {
  /** Costs. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Costs of hashes that are made here: 16 MiB and some 40 ms, of which a login costs one until it is remembered. */
const COSTS = { n: 16_384, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** More memory than this for one check is refused, bytes. */
const MAX_MEMORY = 64 * 1024 * 1024;
const MAX_PARALLEL = 16;

const FORM = /^scrypt\$N=(\d{1,8}),r=(\d{1,3}),p=(\d{1,3})\$([\w-]{11,86})\$([\w-]{22,86})$/;

/** Reads a hash. @returns null: it is none, or would cost too much */
export function parsePasswordHash(text: string): PasswordHash | null {
  const found = FORM.exec(text);
  if (found === null) return null;
  const [n, r, p] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const isPower = n >= 2 && n < 2 ** (16 * r) && Number.isInteger(Math.log2(n)); // RFC 7914 §2
  if (!isPower || r < 1 || p < 1 || p > MAX_PARALLEL || 128 * n * r > MAX_MEMORY) return null;
  return { n, r, p, salt: Buffer.from(found[4]!, "base64url"), hash: Buffer.from(found[5]!, "base64url") };
}

/** Makes the text of a hash with a new salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { ...COSTS, salt, hash: Buffer.alloc(HASH_BYTES) });
  const { n, r, p } = COSTS;
  return `scrypt$N=${n},r=${r},p=${p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/** A hash that no password has, of the same costs. */
export function decoyOf({ n, r, p }: Pick<PasswordHash, "n" | "r" | "p"> = COSTS): PasswordHash {
  return { n, r, p, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
}

/** Whether a password has this hash. Works on a thread of its own. */
export async function hasPassword(stored: PasswordHash, password: string): Promise<boolean> {
  return timingSafeEqual(await derive(password, stored), stored.hash);
}

function derive(password: string, { n, r, p, salt, hash }: PasswordHash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Node's own bound on memory lies below what the costs need.
    const options = { N: n, r, p, maxmem: 2 * MAX_MEMORY };
    scrypt(password, salt, hash.length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
