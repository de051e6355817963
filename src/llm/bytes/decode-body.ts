// Decodes the content codings of request bodies (RFC 9110 §8.4), off the event loop but for zstd, and never beyond a bound.
import { brotliDecompress, gunzip, inflate, inflateRaw, type ZlibOptions } from "node:zlib";
import { ZstdError } from "../../wire/zstd/fse.ts";
import { unzstd } from "../../wire/zstd/unzstd.ts";
import { faultOf, LlmError } from "../message/fault.ts";

class CodingError extends Error {}

/** What a refusal offers instead (`Accept-Encoding` of a 415, RFC 9110 §15.5.16). */
export const ACCEPTED_CODINGS = "gzip, br, deflate, zstd";

const MAX_CODINGS = 2;
/** Bytes decoded in one step: each is one turn of a thread. */
const MIN_STEP = 16_384;
const MAX_STEP = 262_144;

/** @returns null: it makes more than `maxBytes` @throws Error malformed */
type Decode = (body: Buffer, maxBytes: number) => Promise<Buffer | null>;

type Zlib = (body: Buffer, options: ZlibOptions, done: (error: Error | null, result: ZlibResult) => void) => void;

/** Of calls with `info: true`, which the types do not know. */
type ZlibResult = Buffer | { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

const DECODERS: ReadonlyMap<string, Decode> = new Map([
  ["gzip", withZlib(gunzip)],
  ["x-gzip", withZlib(gunzip)],
  ["br", withZlib(brotliDecompress)],
  ["deflate", (body, maxBytes) => withZlib(hasZlibHeader(body) ? inflate : inflateRaw)(body, maxBytes)],
  ["zstd", unzstd],
]);

/**
 * Decodes a body.
 * @param encoding value of `Content-Encoding`, its lines joined by commas; "" none
 * @param maxBytes of the decoded body, and of what is between two codings
 * @returns `body` itself if it has no coding
 * @throws LlmError `unsupportedMedia`: a coding that is not known, or more than two; `tooLarge`; `invalid`: malformed or cut
 */
export async function decodeBody(body: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  if (encoding === "" || body.length === 0) return body;
  const codings = codingsOf(encoding);
  if (codings.length > MAX_CODINGS) throw unsupported(`More than ${MAX_CODINGS} content codings are`);
  const decoders = codings.map((coding) => {
    const name = /^[\w-]{1,32}$/.test(coding) ? ` "${coding}"` : "";
    return [coding, DECODERS.get(coding) ?? refuse(unsupported(`The content coding${name} is`))] as const;
  });
  let decoded = body;
  for (const [coding, decode] of decoders.reverse()) {
    let result: Buffer | null;
    try {
      result = await decode(decoded, maxBytes);
    } catch (error) {
      if (!isMalformed(error)) throw error;
      throw new LlmError(faultOf("invalid", `The request body is not valid ${coding}`));
    }
    if (result === null) {
      throw new LlmError(faultOf("tooLarge", `The request body has more than ${maxBytes} bytes when it is decoded`));
    }
    decoded = result;
  }
  return decoded;
}

/** The codings in the order they were applied, `identity` left out. */
export function codingsOf(encoding: string): string[] {
  const codings = encoding.split(",").map((coding) => coding.trim().toLowerCase());
  return codings.filter((coding) => coding !== "" && coding !== "identity");
}

/** Whether `deflate` is what RFC 9110 says, zlib's format; many send the bare data instead (RFC 1950 §2.2). */
function hasZlibHeader(bytes: Buffer): boolean {
  return bytes.length >= 2 && (bytes[0]! & 15) === 8 && bytes.readUInt16BE(0) % 31 === 0;
}

function unsupported(what: string): LlmError {
  return new LlmError(faultOf("unsupportedMedia", `${what} not supported; use one of: ${ACCEPTED_CODINGS}`));
}

function refuse(error: LlmError): never {
  throw error;
}

function isMalformed(error: unknown): boolean {
  return error instanceof ZstdError || error instanceof CodingError || (error instanceof Error && "errno" in error);
}

function isTooLarge(error: Error): boolean {
  return "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
}

function withZlib(decompress: Zlib): Decode {
  return (body, maxBytes) =>
    new Promise((resolve, reject) => {
      const chunkSize = Math.min(Math.max(MIN_STEP, 4 * body.length), MAX_STEP);
      decompress(body, { maxOutputLength: maxBytes, chunkSize, info: true }, (error, result) => {
        if (error !== null) return isTooLarge(error) ? resolve(null) : reject(error);
        const { buffer, engine } = result as Exclude<ZlibResult, Buffer>;
        if (engine.bytesWritten === body.length) resolve(buffer);
        else reject(new CodingError("bytes behind the end"));
      });
    });
}
