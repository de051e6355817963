// Asks a model for one token, to find out whether a key works.
import type { RequestContext } from "../../../core/context.ts";
import { ClientCredentials } from "../../credentials/client-credentials.ts";
import { withoutCredential } from "../../credentials/conceal.ts";
import type { Credential } from "../../credentials/credential.ts";
import { type JsonObject, objectOr, parseObject, textOr } from "../../json/values.ts";
import { type Fault, LlmError } from "../../message/fault.ts";
import { withoutKeys } from "../../providers/error-text.ts";
import { buildRequest } from "../build-request.ts";
import { Call } from "../call.ts";
import type { BuiltRequest } from "../candidates/choice.ts";
import type { Candidate } from "../candidates/provider.ts";
import { requestOf } from "../client-request.ts";
import type { RuleSetup } from "../setup.ts";
import { askService, type OwnAnswer } from "./ask-service.ts";

/** What became of the question. */
export interface TokenAnswer {
  /** HTTP status; 0: there was no answer. */
  readonly status: number;
  /** Time to the last byte. */
  readonly ms: number;
  /** What is wrong, without credentials; null: nothing. */
  readonly problem: string | null;
}

const MAX_BYTES = 1024 * 1024;
/** Least output that models accept which are told to reason by a word. */
const REASONING_TOKENS = 16;
/** Their answer where the tokens have not sufficed to reason: the key works. */
const CUT_SHORT = /max_tokens or model output limit was reached/;

/** Asks a candidate. @param ctx of `POST /v1/chat/completions`, without credentials */
export async function askOneToken(
  setup: RuleSetup,
  ctx: RequestContext,
  candidate: Candidate,
  credential: Credential,
  timeoutMs: number,
): Promise<TokenAnswer> {
  const startedAt = performance.now();
  const end = (status: number, problem: string | null): TokenAnswer => {
    const shown = problem === null ? null : withoutKeys(credential.hideIn(problem));
    return { status, ms: Math.round(performance.now() - startedAt), problem: shown };
  };
  try {
    const request = requestTo(setup, ctx, candidate, credential);
    const { service } = candidate.provider;
    const answer = await askService(service, ctx, { method: "POST", ...request }, { timeoutMs, maxBytes: MAX_BYTES });
    return end(answer.status, problemOf(answer, request, credential));
  } catch (error) {
    return end(0, (error as Error).message);
  }
}

function requestTo(setup: RuleSetup, ctx: RequestContext, candidate: Candidate, credential: Credential): BuiltRequest {
  const reasons = candidate.facts.reasoning.kind === "effort";
  const body = {
    model: candidate.upstreamName,
    messages: [{ role: "user", content: "Hi" }],
    max_completion_tokens: reasons ? REASONING_TOKENS : 1,
  };
  const asked = { kind: "chat", format: "openai-chat", model: null, stream: null } as const;
  const request = requestOf(setup.formats, asked, Buffer.from(JSON.stringify(body)));
  return buildRequest(new Call(ctx, setup, request, new ClientCredentials()), candidate, credential, false);
}

function problemOf(
  { status, fields, body }: OwnAnswer,
  { format }: BuiltRequest,
  credential: Credential,
): string | null {
  const object = parseObject(body);
  try {
    if (status === 200 && object !== null) {
      format.provider.readResponse(object);
      return null;
    }
    if (status === 200) return "the answer is not JSON; is baseUrl right?";
  } catch (error) {
    if (!(error instanceof LlmError)) throw error;
    return textOf(withoutCredential(error.fault, credential), object);
  }
  const fault = format.provider.readError(status, object, fields);
  if (CUT_SHORT.test(fault.message)) return null;
  return textOf(withoutCredential(fault, credential), object);
}

/** What the fault means, and the provider's own words where that does not repeat them. */
function textOf({ message }: Fault, body: JsonObject | null): string {
  const said = textOr(objectOr(body?.error)?.message);
  return said === null || said === "" || message.includes(said) ? message : `${message}: ${said}`;
}
