// An answer that comes as one JSON object.
import { Gathered } from "../../../wire/gathered.ts";
import { replacedValue } from "../../bytes/json-edit.ts";
import { type JsonObject, parseObject } from "../../json/values.ts";
import { badResponse, LlmError } from "../../message/fault.ts";
import type { ChatResponse } from "../../message/response.ts";
import { restoreTools } from "../../tools/restored-tools.ts";
import { deliverFault } from "./deliver-fault.ts";
import { playback } from "./playback.ts";
import { passedFields } from "./reply-fields.ts";
import type { ReplyOutput, ReplyPart } from "./reply-part.ts";

/** Largest answer that is read, bytes: images and vectors in Base64 make large ones. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Reads an answer, and sends it as the client wants it. */
export class WholeReply implements ReplyPart {
  readonly #to: ReplyOutput;
  readonly #body = new Gathered();

  constructor(to: ReplyOutput) {
    this.#to = to;
  }

  data(chunk: Buffer): boolean {
    this.#body.add(chunk);
    if (this.#body.length > MAX_BYTES) this.end();
    return true;
  }

  end(): void {
    try {
      this.#send(this.#body.take());
    } catch (error) {
      if (!(error instanceof LlmError)) throw error;
      this.#to.faulted(error.fault, (fault) => deliverFault(fault, this.#to));
    }
  }

  #send(bytes: Buffer): void {
    const json = bytes.length > MAX_BYTES ? null : parseObject(bytes);
    if (json === null) throw badResponse("a body that is no JSON object");
    const { call, choice, fields } = this.#to;
    const { format, native, toolNames } = choice.request;
    if (native && !call.request.stream) return this.#pass(bytes, json);
    const response = format.provider.readResponse(json);
    const known = toolNames === null ? response : restoreTools(response, toolNames);
    if (known.usage !== null) call.used(known.usage);
    if (call.request.stream) return this.#play(known);
    const body = Buffer.from(JSON.stringify(call.request.format.client.writeResponse(known, call.identity)));
    call.contentBegins();
    this.#to.answer(200, body, native ? passedFields(fields, choice.credential) : ["Content-Type", "application/json"]);
  }

  #pass(bytes: Buffer, json: JsonObject): void {
    const { call, choice, fields } = this.#to;
    const { format } = choice.request;
    if (isError(json)) throw new LlmError(format.provider.readError(errorStatus(json), json, fields));
    const usage = format.provider.usageOf(json);
    if (usage !== null) call.used(usage);
    this.#to.made(json);
    call.contentBegins();
    this.#to.answer(
      200,
      renamed(bytes, format.modelKeys, call.renamedTo(choice)),
      passedFields(fields, choice.credential),
    );
  }

  /** The client wants a stream, which this provider does not give. */
  #play(response: ChatResponse): void {
    const { call } = this.#to;
    const writer = call.request.format.client.streamWriter(call.identity);
    playback(response, writer);
    this.#to.events(Buffer.from(writer.take()), true);
  }
}

/** The bytes with the name of the model replaced. @param model JSON text; null: it stays */
export function renamed(bytes: Buffer, keys: readonly (readonly string[])[], model: Buffer | null, from = 0): Buffer {
  if (model === null) return bytes;
  return keys.reduce((changed, path) => replacedValue(changed, from, path, model), bytes);
}

/** Some servers report errors with status 200. */
function isError({ error, choices, output, content, candidates }: JsonObject): boolean {
  if (typeof error !== "object" || error === null) return false;
  return choices === undefined && output === undefined && content === undefined && candidates === undefined;
}

function errorStatus({ error }: JsonObject): number {
  const { code, status } = error as JsonObject;
  const number = typeof code === "number" ? code : Number(status);
  return number >= 400 && number <= 599 ? number : 502;
}
