// Takes a compact JWS apart (RFC 7515 §7.1), and refuses what is none before its claims are decoded.
import { isUtf8 } from "node:buffer";
import { ALGORITHM_NAMES, type AlgorithmName } from "./algorithms.ts";
import { hasTwinNames } from "./twin-names.ts";

/** Longest token that is looked at, characters. */
export const MAX_TOKEN_LENGTH = 8192;
/** Longest `kid`, characters. */
const MAX_KID_LENGTH = 512;

/** Three parts of base64url; the five of an encrypted token (RFC 7516) are refused, as are padding and blanks. */
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

const NO_TOKEN = "the token is no compact JWS";
const NO_HEADER = "the header of the token is no JSON object";

/** Whether a text was refused because it is no signed token at all. @param why as {@link CompactReader.read} says it */
export function isOpaque(why: string): boolean {
  return why === NO_TOKEN || why === NO_HEADER;
}

/** A token whose header can be used. Nothing in it has been verified. */
export interface CompactToken {
  readonly algorithm: AlgorithmName;
  /** "" = it names no key. */
  readonly kid: string;
  /** The two parts that are signed. */
  readonly signed: Buffer;
  readonly signature: Buffer;
  /** Claims in base64url. */
  readonly payload: string;
}

/** What a header says. */
interface Header {
  readonly algorithm: AlgorithmName;
  readonly kid: string;
}

/** Takes tokens apart. Those of one issuer have the same header, so the last one is remembered. */
export class CompactReader {
  #text = "";
  #header: Header | string = "";

  /**
   * Keys and addresses of keys in the header (`jwk`, `jku`, `x5u`, `x5c`) are not looked at.
   * @returns why it is none, for the log; without any of its text
   */
  read(token: string): CompactToken | string {
    if (token.length > MAX_TOKEN_LENGTH) return "the token is too long";
    if (!COMPACT.test(token)) return NO_TOKEN;
    const first = token.indexOf(".");
    const last = token.lastIndexOf(".");
    const header = this.#headerOf(token.slice(0, first));
    if (typeof header === "string") return header;
    const encoded = token.slice(last + 1);
    const signature = Buffer.from(encoded, "base64url");
    // Unused bits at its end would give one signature several spellings (RFC 4648 §3.5).
    if (signature.toString("base64url") !== encoded) return "the signature is not in base64url";
    return {
      algorithm: header.algorithm,
      kid: header.kid,
      signed: Buffer.from(token.slice(0, last), "latin1"),
      signature,
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
  if (header === null) return NO_HEADER;
  const { alg, kid = "" } = header;
  // No extension is understood, so each one that must be is reason to refuse (RFC 7515 §4.1.11, RFC 7797 §6).
  if (header.crit !== undefined) return "the token demands an extension";
  if (header.b64 !== undefined && header.b64 !== true) return "the claims of the token are not encoded";
  if (typeof kid !== "string" || kid.length > MAX_KID_LENGTH) return "the token has an invalid kid";
  const algorithm = ALGORITHM_NAMES.find((name) => name === alg);
  return algorithm === undefined ? "the token has an unknown algorithm" : { algorithm, kid };
}

/** An object in JSON in base64url; null: it is none, or one with two members of a name (RFC 7515 §4, RFC 7519 §4). */
export function jsonObject(text: string): Record<string, unknown> | null {
  const bytes = Buffer.from(text, "base64url");
  if (!isUtf8(bytes)) return null;
  try {
    const json = bytes.toString("utf8");
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject && !hasTwinNames(json, value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
