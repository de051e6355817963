// Converts a message of the service for the client: JSON with the options of the route, or the bytes of an HttpBody.
import { create, fromBinary, type JsonObject, type JsonValue, type Message, toJson } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { DescriptorPool } from "../descriptors/pool.ts";
import type { Binding } from "../mapping/binding.ts";
import type { PrintOptions } from "../rule.ts";
import { isHttpBody, type RawBody, readHttpBody } from "./http-body.ts";

/** Prints the messages of one call. */
export class MessagePrinter {
  readonly #binding: Binding;
  readonly #options: { readonly registry: DescriptorPool["registry"] } & Record<string, unknown>;
  readonly #spaces: number;
  readonly #name: string;
  /** Answers are bytes with a type of their own. */
  readonly raw: boolean;

  constructor(binding: Binding, pool: DescriptorPool, print: PrintOptions) {
    const { method, responseBody } = binding;
    this.#binding = binding;
    this.#options = {
      registry: pool.registry,
      alwaysEmitImplicit: print.alwaysPrintPrimitiveFields,
      enumAsInteger: print.alwaysPrintEnumsAsInts,
      useProtoFieldName: print.preserveProtoFieldNames,
    };
    this.#spaces = print.addWhitespace ? 2 : 0;
    this.#name = responseBody === null ? "" : print.preserveProtoFieldNames ? responseBody.name : responseBody.jsonName;
    this.raw = isHttpBody(
      responseBody === null ? method.output : responseBody.fieldKind === "message" ? responseBody.message : undefined,
    );
  }

  /**
   * JSON of one message.
   * @param oneLine regardless of the options
   * @throws {Error} when the bytes are no message of the type, or hold an Any of an unknown type
   */
  json(bytes: Uint8Array, oneLine: boolean): string {
    const { method } = this.#binding;
    const whole = toJson(method.output, fromBinary(method.output, bytes), this.#options) as JsonValue;
    const value = this.#name === "" ? whole : ((whole as JsonObject)[this.#name] ?? this.#unset());
    return oneLine ? JSON.stringify(value) : JSON.stringify(value, null, this.#spaces);
  }

  /** A field alone is printed even when it has its default: the answer cannot be nothing. */
  #unset(): JsonValue {
    const { output } = this.#binding.method;
    const all = toJson(output, create(output), { ...this.#options, alwaysEmitImplicit: true }) as JsonObject;
    return all[this.#name] ?? null;
  }

  /** The raw body of one message; its data may be a view of `bytes`. @throws {Error} as {@link json} */
  body(bytes: Uint8Array): RawBody {
    const { method, responseBody } = this.#binding;
    let message: Message = fromBinary(method.output, bytes);
    if (responseBody?.fieldKind === "message") message = reflect(method.output, message).get(responseBody).message;
    return readHttpBody(message);
  }

  /** An error in the same style. */
  status(status: unknown, oneLine: boolean): string {
    return JSON.stringify(status, null, oneLine ? 0 : this.#spaces);
  }
}
