// What the writers of one request to an endpoint of OpenAI's formats share.
import type { ChatRequest, Family } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { callId, type NameRule, TOOL_NAMES, ToolNames } from "../tools/ids.ts";

/** The target of a request, and what is noted while it is written. */
export class WriteContext {
  readonly to: ModelTarget;
  readonly names: ToolNames;
  /** What was left out or changed, by name of the client's field. */
  readonly warnings: Set<string>;
  readonly #callIds: NameRule;

  constructor(request: ChatRequest, to: ModelTarget, callIds: NameRule) {
    this.to = to;
    this.names = new ToolNames(request, TOOL_NAMES.openai, to.dialect.genuine);
    this.warnings = new Set(request.droppable);
    this.#callIds = callIds;
  }

  /** Whose proofs of reasoning the model takes. */
  get family(): Family {
    return this.to.family ?? "openai";
  }

  /** The id of a call, as the endpoint takes it. */
  callId(id: string): string {
    return callId(id, this.#callIds);
  }
}
