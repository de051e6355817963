// A candidate that can be asked now, with its credential and its request.

import type { WholeBody } from "../../../wire/whole-body.ts";
import type { Credential } from "../../credentials/credential.ts";
import type { WireFormat } from "../../format.ts";
import type { ToolNames } from "../../tools/ids.ts";
import type { Candidate } from "./provider.ts";

/** A request that is ready to be sent. */
export interface BuiltRequest {
  /** Path and query at the provider. */
  readonly target: string;
  readonly fields: readonly string[];
  /** Released once there is content. */
  readonly body: WholeBody;
  /** Format the provider is spoken to in. */
  readonly format: WireFormat;
  /** Whether the provider speaks the client's format, so that its answer passes untranslated. */
  readonly native: boolean;
  /** null: tools have the names the client knows. */
  readonly toolNames: ToolNames | null;
  /** Names of fields that were left out or changed. */
  readonly warnings: readonly string[];
}

/** A candidate that can be asked now. */
export interface Choice {
  readonly candidate: Candidate;
  readonly credential: Credential;
  readonly request: BuiltRequest;
  /** Why it takes over, for `x-llm-fallback-reason`; absent: it is the first, or asked again. */
  readonly reason?: string;
}
