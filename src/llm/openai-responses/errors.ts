// Errors in streams for clients of Responses; those of whole answers are the same in all of OpenAI's APIs.
import type { Fault } from "../message/fault.ts";
import { openAiError } from "../openai/errors.ts";

/**
 * Members of the data of an `error` event, in JSON. The parts stand beside each other as documented, and in `error`, where
 * OpenAI's own servers and SDKs have them.
 */
export function errorMembers(fault: Fault): string {
  const error = openAiError(fault);
  const { message, code, param } = error;
  return JSON.stringify({ code, message, param, error }).slice(1, -1);
}

/** The last event of a stream that cannot be completed and whose events were not counted. */
export function errorEvents(fault: Fault): string {
  return `event: error\ndata: {"type":"error","sequence_number":0,${errorMembers(fault)}}\n\n`;
}
