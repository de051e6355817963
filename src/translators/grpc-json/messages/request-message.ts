// Makes the gRPC frame of a request message from the body, then from path and query, which take precedence.
import { create, fromJsonString, type JsonValue, type Message, mergeFromJson, toBinary } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { DescriptorPool } from "../descriptors/pool.ts";
import { InputError, tooLarge } from "../input-error.ts";
import type { Binding } from "../mapping/binding.ts";
import type { ValueTree } from "../mapping/field-path.ts";
import { frame } from "./frames.ts";
import { isHttpBody, makeHttpBody } from "./http-body.ts";
import { exactIntegers } from "./json-integers.ts";
import { jsonText } from "./json-text.ts";

/** What the request says outside of its body, and how its body is read. */
export interface RequestPlan {
  readonly binding: Binding;
  readonly pool: DescriptorPool;
  /** Values of path and query. */
  readonly values: ValueTree;
  /** Type of the body, for HttpBody. */
  readonly contentType: string;
  readonly maxBytes: number;
  readonly ignoreUnknownFields: boolean;
}

/** Whether the body is bytes for a `google.api.HttpBody` rather than JSON. */
export function takesRawBody({ method, body }: Binding): boolean {
  if (body === "*") return isHttpBody(method.input);
  return body?.fieldKind === "message" && isHttpBody(body.message);
}

/**
 * The frame of one message.
 * @param body its part of the body; null when there is none
 * @throws {InputError}
 */
export function requestFrame(plan: RequestPlan, body: Uint8Array | null): Buffer {
  const { input } = plan.binding.method;
  let bytes: Uint8Array;
  try {
    const message = body === null ? create(input) : fromBody(plan, body);
    for (const _ in plan.values) {
      mergeFromJson(input, message, plan.values as JsonValue, { registry: plan.pool.registry });
      break;
    }
    bytes = toBinary(input, message);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`The request is not a ${input.typeName}: ${(error as Error).message}`);
  }
  if (bytes.length > plan.maxBytes) throw tooLarge(plan.maxBytes);
  return frame(bytes);
}

function fromBody(plan: RequestPlan, bytes: Uint8Array): Message {
  const { method, body } = plan.binding;
  const { contentType } = plan;
  if (takesRawBody(plan.binding)) {
    if (body === "*") return makeHttpBody(method.input, { contentType, data: bytes });
    const message = create(method.input);
    if (body?.fieldKind === "message") {
      const value = makeHttpBody(body.message, { contentType, data: bytes });
      reflect(method.input, message).set(body, reflect(body.message, value));
    }
    return message;
  }
  let text = jsonText(bytes);
  if (text.trim() === "") return create(method.input);
  if (body !== null && body !== "*") {
    // Read alone before it is put into an object, so that it cannot close that object and go on.
    JSON.parse(text);
    text = `{${JSON.stringify(body.jsonName)}:${text}}`;
  }
  const { registry } = plan.pool;
  return fromJsonString(method.input, exactIntegers(text, method.input, registry), {
    registry,
    ignoreUnknownFields: plan.ignoreUnknownFields,
  });
}
