// Lets HTTP/JSON clients call gRPC services: chooses the method, makes its messages, and turns its answer back into JSON.
import type { RequestContext } from "../../core/context.ts";
import type { Receiver, RequestBody } from "../../core/edges.ts";
import type { Refusal } from "../../core/reply.ts";
import type { Translation } from "../../core/translation.ts";
import type { Translator } from "../../core/translator.ts";
import { getField, joinField } from "../../wire/fields.ts";
import type { DescriptorPool } from "./descriptors/pool.ts";
import { InputError } from "./input-error.ts";
import { type Choice, chooseMethod } from "./mapping/choose-method.ts";
import { dottedName } from "./mapping/field-path.ts";
import { compileMethods, fullName, type MethodTable } from "./mapping/method-table.ts";
import { addQuery } from "./mapping/query.ts";
import { JsonResponse, type ResponsePlan } from "./messages/json-response.ts";
import { MessagePrinter } from "./messages/message-printer.ts";
import { requestMetadata } from "./messages/metadata.ts";
import { FrameBody } from "./messages/request-body.ts";
import { type RequestPlan, takesRawBody } from "./messages/request-message.ts";
import { streamForm } from "./messages/stream-form.ts";
import type { JsonRule } from "./rule.ts";

const IS_JSON = /^(application\/(json|x-ndjson|ndjson|jsonl|x-jsonlines)|text\/json|[\w.-]+\/[\w.-]+\+json)\s*(;|$)/i;

/** The transcoder of one route. */
export class JsonTranslator implements Translator {
  readonly #rule: JsonRule;
  readonly #pool: () => DescriptorPool | null;
  readonly #compiled: (table: MethodTable) => void;
  #table: MethodTable | null = null;

  /**
   * @param pool the descriptors at this moment; null while there are none. A new object means new descriptors
   * @param compiled told of the methods of each new pool, and what is wrong with them
   */
  constructor(
    rule: JsonRule,
    pool: () => DescriptorPool | null,
    compiled: (table: MethodTable) => void = () => undefined,
  ) {
    this.#rule = rule;
    this.#pool = pool;
    this.#compiled = compiled;
  }

  /** Compiles the methods now, where there are descriptors, and not with the first request: what is wrong is said at once. */
  prepare(): void {
    const pool = this.#pool();
    if (pool !== null) this.#tableOf(pool);
  }

  begin(ctx: RequestContext): Translation | Refusal {
    const pool = this.#pool();
    if (pool === null) return { code: "descriptor_unavailable" };
    try {
      const choice = chooseMethod(this.#tableOf(pool), this.#rule.prefix, ctx.method, ctx.path);
      return "code" in choice ? choice : this.#translation(ctx, pool, choice);
    } catch (error) {
      if (error instanceof InputError) return { code: error.code, message: error.message, fields: error.fields };
      throw error;
    }
  }

  #tableOf(pool: DescriptorPool): MethodTable {
    if (this.#table?.pool === pool) return this.#table;
    this.#table = compileMethods(this.#rule, pool);
    this.#compiled(this.#table);
    return this.#table;
  }

  #translation(ctx: RequestContext, pool: DescriptorPool, { binding, values, bound }: Choice): Translation {
    const { method } = binding;
    const { maxMessageBytes: maxBytes, ignoreUnknownFields, print } = this.#rule;
    addQuery(values, method.input, ctx.edit?.query ?? ctx.query, new Set(bound.map(dottedName)), binding.body);
    const contentType = getField(ctx.fields, "content-type") ?? "";
    const request: RequestPlan = { binding, pool, values, contentType, maxBytes, ignoreUnknownFields };
    checkBody(ctx, request);
    const streams = method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming";
    const response: ResponsePlan = {
      pool,
      printer: new MessagePrinter(binding, pool, print),
      form: streams ? streamForm(joinField(ctx.fields, "accept")) : null,
      maxBytes,
      headOnly: ctx.method === "HEAD",
      waits: ctx.expectsContinue,
      noteStatus: (code) => {
        ctx.grpcStatus = code;
      },
    };
    let last: JsonResponse | null = null;
    return {
      method: "POST",
      target: `/${fullName(method)}`,
      fields: requestMetadata(ctx.fields, ctx.nominated),
      streams: method.methodKind !== "unary",
      attempt(body: RequestBody, receiver: Receiver) {
        const answer = new JsonResponse(response, receiver);
        last = answer;
        return { body: new FrameBody(request, body, answer), receiver: answer };
      },
      ending: (trailers) => last?.ending(trailers) ?? null,
    };
  }
}

/** Refuses what can be refused before a byte of the body is read. */
function checkBody(ctx: RequestContext, plan: RequestPlan): void {
  const { binding, contentType, maxBytes } = plan;
  const { body } = ctx;
  if (binding.body === null || body.length === 0) return;
  const encoding = getField(ctx.fields, "content-encoding") ?? "";
  if (encoding !== "" && encoding.toLowerCase() !== "identity") {
    const accepted = ["Accept-Encoding", "identity"]; // RFC 9110 §12.5.3
    const message = "A compressed body cannot be translated: send it without Content-Encoding.";
    throw new InputError(message, "unsupported_media_type", accepted);
  }
  if (!takesRawBody(binding) && contentType !== "" && !IS_JSON.test(contentType)) {
    const accepted = ["Accept", "application/json"]; // RFC 9110 §15.5.16
    throw new InputError(
      "The body must be JSON, with a Content-Type that says so.",
      "unsupported_media_type",
      accepted,
    );
  }
  const { methodKind } = binding.method;
  const single = methodKind === "unary" || methodKind === "server_streaming";
  if (single && body.length > maxBytes)
    throw new InputError(`A message is larger than ${maxBytes} bytes.`, "body_too_large");
}
