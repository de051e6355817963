// Parses a compact JWS (RFC 7515 §7.1) and rejects malformed ones before their claims are decoded.
import { isUtf8 } from "node:buffer";
import { ALGORITHM_NAMES, type AlgorithmName } from "./algorithms.ts";
import { hasDuplicateNames } from "./duplicate-names.ts";

/** Maximum length of a `kid`, in characters. */
const MAX_KID_LENGTH = 512;

/** Three parts in base64url; encrypted tokens (RFC 7516), which have five, are rejected, as are padding and white space. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * The last characters of base64url whose unused bits are zero, by its length modulo four; null: any. No number of bytes has a
 * remainder of one.
 */
const LAST: readonly (string | null)[] = [null, "", "AQgw", "AEIMQUYcgkosw048"];

const MALFORMED = "the token is not a compact JWS";
const MALFORMED_HEADER = "the header of the token is not a JSON object";

/** Whether a text was rejected because it is not a signed token at all. @param why result of {@link CompactReader.read} */
export function isOpaque(why: string): boolean {
  return why === MALFORMED || why === MALFORMED_HEADER;
}

/** A token with a valid header. Nothing in it has been verified. */
export interface CompactToken {
  readonly algorithm: AlgorithmName;
  /** "" = none. */
  readonly kid: string;
  /** The signed parts. */
  readonly signed: Buffer;
  readonly signature: Buffer;
  /** Claims, in base64url. */
  readonly payload: string;
}

/** The relevant parameters of a header. */
interface Header {
  readonly algorithm: AlgorithmName;
  readonly kid: string;
}

/** Parses tokens. Tokens of one issuer usually have the same header, so the last one is cached. */
export class CompactReader {
  #text = "";
  #header: Header | string = "";

  /**
   * Keys and URLs of keys in the header (`jwk`, `jku`, `x5u`, `x5c`) are ignored.
   * @returns the token, or why it is malformed, for the log; contains none of its text
   */
  read(token: string): CompactToken | string {
    if (!COMPACT.test(token)) return MALFORMED;
    const first = token.indexOf(".");
    const last = token.lastIndexOf(".");
    const header = this.#headerOf(token.slice(0, first));
    if (typeof header === "string") return header;
    const encoded = token.slice(last + 1);
    // Non-zero unused bits would give one signature several encodings (RFC 4648 §3.5).
    if (LAST[encoded.length % 4]?.includes(encoded.at(-1)!) === false) return "the signature is not in base64url";
    return {
      algorithm: header.algorithm,
      kid: header.kid,
      signed: Buffer.from(token.slice(0, last), "latin1"),
      signature: Buffer.from(encoded, "base64url"),
      payload: token.slice(first + 1, last),
    };
  }

  #headerOf(text: string): Header | string {
    if (text !== this.#text) {
      this.#header = headerOf(text);
      this.#text = text;
    }
    return this.#header;
  }
}

function headerOf(text: string): Header | string {
  const header = jsonObject(text);
  if (header === null) return MALFORMED_HEADER;
  const { alg, kid = "" } = header;
  // No extensions are supported, so tokens that require one must be rejected (RFC 7515 §4.1.11, RFC 7797 §6).
  if (header.crit !== undefined) return "the token requires an extension";
  if (header.b64 !== undefined && header.b64 !== true) return "the claims of the token are not base64url-encoded";
  if (typeof kid !== "string" || kid.length > MAX_KID_LENGTH) return "the token has an invalid kid";
  const algorithm = ALGORITHM_NAMES.find((name) => name === alg);
  return algorithm === undefined ? "the token has an unknown algorithm" : { algorithm, kid };
}

/** A base64url-encoded JSON object; null: malformed, or with duplicate names (RFC 7515 §4, RFC 7519 §4). */
export function jsonObject(text: string): Record<string, unknown> | null {
  const bytes = Buffer.from(text, "base64url");
  if (!isUtf8(bytes)) return null;
  try {
    const json = bytes.toString("utf8");
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && !hasDuplicateNames(json, value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
