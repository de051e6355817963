// Errors in streams for clients of Chat Completions; those of whole answers are the same in all of OpenAI's APIs.
import type { Fault } from "../message/fault.ts";
import { openAiError } from "../openai/errors.ts";

/** The last event of a stream that cannot be completed. */
export function errorEvents(fault: Fault): string {
  return `data: ${JSON.stringify({ error: openAiError(fault) })}\n\n`;
}
