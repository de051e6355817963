// Errors in streams.
import type { Fault } from "../message/fault.ts";
import { openAiError } from "../openai/errors.ts";

/**
 * Members of the data of an `error` event, in JSON. The parts stand beside each other as documented, and in `error`, where
 * OpenAI's own servers and SDKs have them.
 */
export function errorEvent(fault: Fault): string {
  const error = openAiError(fault);
  const { message, code, param } = error;
  return JSON.stringify({ code, message, param, error }).slice(1, -1);
}

/** The `error` event that ends a stream whose events are not counted. */
export function errorEvents(fault: Fault): string {
  return `event: error\ndata: {"type":"error","sequence_number":0,${errorEvent(fault)}}\n\n`;
}
