// What the writers of one request share.

import type { ChatRequest, Family } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { CALL_IDS, callId, TOOL_NAMES, ToolNames } from "../tools/ids.ts";
import type { Spelling } from "./tool-names.ts";

/** A request in the making. */
export class Writing implements Spelling {
  readonly to: ModelTarget;
  readonly names: ToolNames;
  /** What was left out or changed, by name of the field. */
  readonly warnings = new Set<string>();
  /** Whose proofs the model takes. */
  readonly family: Family;

  constructor(request: ChatRequest, to: ModelTarget) {
    this.to = to;
    this.family = to.family ?? "openai";
    this.names = new ToolNames(request, TOOL_NAMES.openai, to.dialect.genuine);
  }

  get native(): boolean {
    return this.to.dialect.genuine;
  }

  out(name: string): string {
    return this.names.out(name);
  }

  callId(id: string): string {
    return callId(id, CALL_IDS.openai);
  }
}
