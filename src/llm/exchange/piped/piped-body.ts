// Objects that the body of a passed operation names: it must go to the account that has them.
import type { RequestContext } from "../../../core/context.ts";
import type { Refusal } from "../../../core/reply.ts";
import { getField } from "../../../wire/fields.ts";
import { listOr, parseObject } from "../../json/values.ts";
import type { Operation } from "../../providers/kinds.ts";
import { readBody } from "../read-body.ts";

/** Members of bodies that name objects. */
const MEMBERS: Readonly<Partial<Record<Operation, readonly string[]>>> = {
  batches: ["input_file_id"],
  fineTuning: ["training_file", "validation_file"],
  vectorStores: ["file_id", "file_ids"],
  responses: ["previous_response_id", "conversation"],
  interactions: ["previous_interaction_id"],
};
/** Descriptions of jobs are small, bytes. */
const MAX_BYTES = 1024 * 1024;

/** A body that was read for what it names. */
export interface ReadBody {
  readonly bytes: Buffer;
  readonly ids: readonly string[];
}

/** Whether the body of a request is read: else it is passed as it comes. */
export function isRead({ method, fields }: RequestContext, operation: Operation): boolean {
  const type = getField(fields, "content-type") ?? "";
  return method === "POST" && MEMBERS[operation] !== undefined && /^application\/(?:[\w.-]+\+)?json\b/i.test(type);
}

/** Reads the body. @throws LlmError it cannot be decoded */
export async function readNamed(ctx: RequestContext, operation: Operation): Promise<ReadBody | Refusal> {
  const bytes = await readBody(ctx, MAX_BYTES);
  if ("code" in bytes) return bytes;
  const object = parseObject(bytes);
  const named =
    object === null ? [] : (MEMBERS[operation] ?? []).flatMap((key) => [object[key], ...listOr(object[key])]);
  return { bytes, ids: named.filter((id) => typeof id === "string") };
}
