// What `gateway explain` says about a request to language models: who would be asked, in which order, and why others would not.
import { readFileSync } from "node:fs";
import type { Config, RuleConfig } from "../../config/config.ts";
import type { RequestContext } from "../../core/context.ts";
import { Call } from "../../llm/exchange/call.ts";
import { previewOf } from "../../llm/exchange/candidates/preview.ts";
import { type ModelAsked, requestOf } from "../../llm/exchange/client-request.ts";
import { type Asked, apiOf, apiPath, askedFor } from "../../llm/exchange/operation.ts";
import { PipedRequest } from "../../llm/exchange/piped/piped-request.ts";
import { LlmError } from "../../llm/message/fault.ts";
import { dryLlmRoutes } from "../../snapshot/check/dry-llm.ts";
import { contextOf, type DryRequest } from "../../snapshot/check/dry-run.ts";
import type { LlmRuleParts } from "../../snapshot/llm/llm-routes.ts";
import { identityOfClient } from "../authorization.ts";
import { UsageError } from "../flags.ts";
import { callLines, explainedLine, PAID_WITH } from "./preview-text.ts";

/** What is to be printed, and whether nobody would be asked. */
interface Explained {
  readonly lines: readonly string[];
  readonly denied: boolean;
}

/** What `-d` gives: a text, or `@` and a file. @throws UsageError when the file cannot be read */
export function bodyOf(data: string | undefined): Buffer | null {
  if (data === undefined) return null;
  if (!data.startsWith("@")) return Buffer.from(data);
  try {
    return readFileSync(data.slice(1));
  } catch (error) {
    throw new UsageError(`-d: ${(error as Error).message}`);
  }
}

/**
 * Explains a request on the rule that matched.
 * @param path canonical
 * @param body null: none is given
 * @param who principals of the client; empty: it is not authenticated
 */
export async function explainModels(
  config: Config,
  rule: RuleConfig,
  path: string,
  request: DryRequest,
  body: Buffer | null,
  who: readonly string[],
): Promise<Explained> {
  const identity = who.length === 0 ? null : identityOfClient(config, who);
  const ctx = Object.assign(contextOf(request), { path, identity });
  const parts = (await dryLlmRoutes(config)).partsOf(rule);
  return explainRequest(parts, ctx, body);
}

/** As {@link explainModels}, of a rule that is compiled. @param ctx with its canonical path */
export async function explainRequest(
  parts: LlmRuleParts,
  ctx: RequestContext,
  body: Buffer | null,
): Promise<Explained> {
  const asked = askedFor(ctx, apiPath(ctx.path, parts.setup.strip));
  try {
    return await explain(parts, ctx, asked, body);
  } catch (error) {
    if (!(error instanceof LlmError)) throw error;
    const { status, code, kind, message } = error.fault;
    return answered(`${status} ${code ?? kind}: ${message}`, true);
  }
}

async function explain(
  { setup, models }: LlmRuleParts,
  ctx: RequestContext,
  asked: Asked | null,
  body: Buffer | null,
): Promise<Explained> {
  switch (asked?.kind) {
    case undefined:
      return answered("404 no_route: no API has this method and path", true);
    case "home":
      return answered("200 by the gateway", false);
    case "upgrade":
      return answered("426, so that the client goes on without a WebSocket", false);
    case "models":
      return answered("by the gateway, with its list of models", false);
    case "passed": {
      const api = apiOf(apiPath(ctx.path, setup.strip), ctx.fields);
      const { provider, billed } = new PipedRequest(ctx, setup, await setup.credentials.detect(ctx), {
        ...asked!,
        api,
        body: null,
      });
      return {
        lines: [explainedLine("passed", `to ${provider.settings.id} as it is, with ${PAID_WITH[billed]}`)],
        denied: false,
      };
    }
    default:
      return explainCall({ setup, models }, ctx, asked!, body);
  }
}

async function explainCall(
  { setup, models }: LlmRuleParts,
  ctx: RequestContext,
  asked: ModelAsked,
  body: Buffer | null,
): Promise<Explained> {
  if (body === null) {
    const names = setup.rule.models.map(({ model }) => model).join(", ");
    return {
      lines: [explainedLine("models", `${names}; -d takes a body, to show which of them it would go to`)],
      denied: false,
    };
  }
  const call = new Call(ctx, setup, requestOf(setup.formats, asked, body), await setup.credentials.detect(ctx));
  const previews = previewOf(call, models);
  const lines = callLines(call, previews);
  if (previews.some(({ choice }) => choice !== null)) return { lines, denied: false };
  // Counts of tokens are estimated where nobody can be asked.
  if (asked.kind === "countTokens")
    return { lines: [...lines, explainedLine("answered", "by the gateway, with an estimate")], denied: false };
  return { lines, denied: true };
}

function answered(text: string, denied: boolean): Explained {
  return { lines: [explainedLine("answered", text)], denied };
}
