// Counts the tokens of a prompt where no provider does: an estimate that errs high.
import type { Reply } from "../../core/reply.ts";
import type { FormatName } from "../format.ts";
import { estimatePrompt } from "../token-estimate.ts";
import type { Call } from "./call.ts";

const BODIES: Readonly<Record<FormatName, (tokens: number) => object>> = {
  "openai-chat": (tokens) => ({ input_tokens: tokens }),
  "openai-responses": (tokens) => ({ object: "response.input_tokens", input_tokens: tokens }),
  "anthropic-messages": (tokens) => ({ input_tokens: tokens }),
  gemini: (totalTokens) => ({ totalTokens }),
};

/** The estimate, as the API of the client gives counts. @throws LlmError `invalid` */
export function estimatedCount(call: Call): Reply {
  const body = BODIES[call.request.format.name](estimatePrompt(call.common));
  return { status: 200, fields: ["Content-Type", "application/json"], body: JSON.stringify(body) };
}
