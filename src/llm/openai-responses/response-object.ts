// The response object, which repeats much of the request.
import type { ReplyIdentity } from "../format.ts";
import type { JsonObject } from "../json/values.ts";
import type { Reasoning } from "../message/request.ts";
import { SERVICE_TIERS } from "../openai/account.ts";
import type { OWN_THOUGHT } from "./reasoning-items.ts";
import { AS_DECLARED } from "./tool-names.ts";
import { writeToolChoice, writeTools } from "./write-tools.ts";

/** Service tiers of this format: those of other providers say nothing to its clients. */
export const RESPONSES_TIERS: ReadonlySet<string> = new Set([...SERVICE_TIERS, "ultrafast"]);

/** What is the same from the first event of a stream to the last. */
export function replyFields({ id, model, createdAt, request }: ReplyIdentity): JsonObject {
  const { system, sampling, toolChoice, tools, output, verbosity, reasoning } = request;
  return {
    id,
    object: "response",
    created_at: createdAt,
    model,
    instructions: system.length === 0 ? null : system.map(({ text }) => text).join("\n\n"),
    max_output_tokens: request.maxTokens,
    metadata: request.metadata ?? {},
    parallel_tool_calls: request.parallelTools ?? true,
    previous_response_id: null,
    reasoning: repeated(reasoning),
    store: false,
    temperature: sampling.temperature,
    text: {
      format: output === null ? { type: "text" } : formatOf(output),
      ...(verbosity === null ? null : { verbosity }),
    },
    tool_choice: toolChoice === null ? "auto" : writeToolChoice(toolChoice, tools, AS_DECLARED),
    tools: writeTools(tools, AS_DECLARED),
    top_p: sampling.topP,
    truncation: "disabled",
  };
}

function repeated(reasoning: Reasoning | null): JsonObject {
  return { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null };
}

function formatOf(output: NonNullable<ReplyIdentity["request"]["output"]>): JsonObject {
  if (output.kind === "json") return { type: "json_object" };
  const { name, description, schema, strict } = output;
  return { type: "json_schema", name, description, schema, strict };
}

/** Names items of one answer. */
export class ItemIds {
  readonly #suffix: string;

  constructor(replyId: string) {
    this.#suffix = replyId.slice(replyId.indexOf("_") + 1);
  }

  /** @param index of the item in the output */
  id(prefix: "msg" | "fc" | "ctc" | typeof OWN_THOUGHT, index: number): string {
    return `${prefix}_${this.#suffix}_${index}`;
  }
}

/** Whether a thought is shown as a summary: where it is one, and where the client has asked for that. */
export function asSummary(summary: boolean, reasoning: Reasoning | null): boolean {
  return summary || (reasoning?.summary ?? null) !== null;
}
