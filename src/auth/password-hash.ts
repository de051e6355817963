// Password hashes: scrypt (RFC 7914), written with its costs and salt as `scrypt$N=16384,r=8,p=1$salt$hash`.
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** A parsed password hash. */
export interface PasswordHash {
  /** Costs. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** Costs of new hashes: a check takes 16 MiB and some 40 ms. */
const COSTS = { n: 16_384, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Most memory that one check may use, in bytes. */
const MAX_MEMORY = 64 * 1024 * 1024;
const MAX_PARALLEL = 16;

const FORM = /^scrypt\$N=(\d{1,8}),r=(\d{1,3}),p=(\d{1,3})\$([\w-]{11,86})\$([\w-]{22,86})$/;

/** Parses a hash. @returns null: malformed, or too expensive to check */
export function parsePasswordHash(text: string): PasswordHash | null {
  const found = FORM.exec(text);
  if (found === null) return null;
  const [n, r, p] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const isPower = n >= 2 && n < 2 ** (16 * r) && Number.isInteger(Math.log2(n)); // RFC 7914 §2
  if (!isPower || r < 1 || p < 1 || p > MAX_PARALLEL || 128 * n * r > MAX_MEMORY) return null;
  return { n, r, p, salt: Buffer.from(found[4]!, "base64url"), hash: Buffer.from(found[5]!, "base64url") };
}

/** Hashes a password with a new salt. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { ...COSTS, salt, hash: Buffer.alloc(HASH_BYTES) });
  const { n, r, p } = COSTS;
  return `scrypt$N=${n},r=${r},p=${p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/** A hash of the same costs that no password matches. */
export function decoyOf({ n, r, p }: Pick<PasswordHash, "n" | "r" | "p"> = COSTS): PasswordHash {
  return { n, r, p, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
}

/** Whether a password matches a hash. Runs in the thread pool. */
export async function hasPassword(stored: PasswordHash, password: string): Promise<boolean> {
  return timingSafeEqual(await derive(password, stored), stored.hash);
}

function derive(password: string, { n, r, p, salt, hash }: PasswordHash): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // Node's default memory limit is lower than the permitted costs need.
    const options = { N: n, r, p, maxmem: 2 * MAX_MEMORY };
    scrypt(password, salt, hash.length, options, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
