// Reads the body of a request whole and decoded.
import type { RequestContext } from "../../core/context.ts";
import type { Refusal } from "../../core/reply.ts";
import { getField } from "../../wire/fields.ts";
import { readWhole } from "../../wire/whole-body.ts";

/**
 * Reads the body.
 * @param maxBytes most, before and after decoding
 * @throws LlmError the body cannot be decoded
 */
export async function readBody(ctx: RequestContext, maxBytes: number): Promise<Buffer | Refusal> {
  const bytes = await readWhole(ctx, maxBytes);
  const coding = getField(ctx.fields, "content-encoding") ?? "";
  if ("code" in bytes || coding === "" || coding.toLowerCase() === "identity") return bytes;
  const { decodeBody } = await import("../bytes/decode-body.ts");
  return decodeBody(bytes, coding, maxBytes);
}
