// What the writers of one request share.
import type { ChatRequest } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { WriteContext } from "../openai/write-context.ts";
import { CALL_IDS } from "../tools/ids.ts";
import type { Spelling } from "./tool-names.ts";

/** Adds how tools are spelled for the endpoint. */
export class ResponsesContext extends WriteContext implements Spelling {
  constructor(request: ChatRequest, to: ModelTarget) {
    super(request, to, CALL_IDS.openai);
  }

  get native(): boolean {
    return this.to.dialect.genuine;
  }

  out(name: string): string {
    return this.names.out(name);
  }
}
