// permessage-deflate (RFC 7692) negotiated independently on each side, in messages mode.
import type { RequestContext } from "../core/context.ts";
import { dropFields, joinField } from "../wire/fields.ts";
import { type Deflate, type Extensions, framing } from "./ws-parts.ts";

/** Messages below this size are sent as they are where that costs the peer nothing, bytes. */
const THRESHOLD = 1024;
const NAME = "sec-websocket-extensions";
const NEGOTIATED = "permessage-deflate";
const NONE: Extensions = {};

/** What was agreed on both sides. */
export interface Compression {
  readonly client: Extensions;
  readonly backend: Extensions;
}

/** Compression levels, 0 = off, and the bounds messages have after decompression, bytes. */
export interface CompressionSettings {
  readonly clientDeflate: number;
  readonly backendDeflate: number;
  readonly maxFromClient: number;
  readonly maxFromBackend: number;
}

/**
 * Takes the backend's choice out of `fields` and puts the answer to the client's offer in.
 * @throws Error when the backend chose what was not offered
 */
export function agreeOnCompression(ctx: RequestContext, fields: string[], settings: CompressionSettings): Compression {
  const chosen = joinField(fields, NAME);
  dropFields(fields, new Set([NAME]));
  const backend = backendSide(chosen, settings);
  const client = clientSide(joinField(ctx.fields, NAME), settings);
  const deflate = client[NEGOTIATED];
  if (deflate !== undefined) {
    fields.push("Sec-WebSocket-Extensions", framing().extension.format({ [NEGOTIATED]: [deflate.params] }));
  }
  return { client, backend };
}

function backendSide(chosen: string | undefined, settings: CompressionSettings): Extensions {
  if (chosen === undefined || chosen === "") return NONE;
  const named = framing().extension.parse(chosen);
  const answer = named[NEGOTIATED];
  if (settings.backendDeflate === 0 || answer === undefined || Object.keys(named).length !== 1) {
    throw new Error("extension that was not offered");
  }
  const deflate = make(settings.backendDeflate, settings.maxFromBackend, false);
  deflate.accept(answer);
  return { [NEGOTIATED]: deflate };
}

/** An offer that cannot be met counts as none. */
function clientSide(offered: string | undefined, settings: CompressionSettings): Extensions {
  if (offered === undefined || settings.clientDeflate === 0) return NONE;
  try {
    const offers = framing().extension.parse(offered)[NEGOTIATED];
    if (offers === undefined) return NONE;
    const deflate = make(settings.clientDeflate, settings.maxFromClient, true);
    deflate.accept(offers);
    return { [NEGOTIATED]: deflate };
  } catch {
    return NONE;
  }
}

function make(level: number, maxPayload: number, isServer: boolean): Deflate {
  return new (framing().PerMessageDeflate)({
    isServer,
    maxPayload,
    threshold: THRESHOLD,
    zlibDeflateOptions: { level },
  });
}
