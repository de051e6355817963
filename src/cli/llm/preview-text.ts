// The candidates for one request to language models, as lines of text.

import type { Credential } from "../../llm/credentials/credential.ts";
import type { Call } from "../../llm/exchange/call.ts";
import type { Choice } from "../../llm/exchange/candidates/choice.ts";
import type { Preview } from "../../llm/exchange/candidates/preview.ts";
import type { Candidate } from "../../llm/exchange/candidates/provider.ts";
import { isObject, type JsonObject } from "../../llm/json/values.ts";
import type { WholeBody } from "../../wire/whole-body.ts";

/** A line under a name. */
export function explainedLine(name: string, text: string): string {
  return `  ${name.padEnd(16)}${text}`;
}

/** What is sent with a request, by who pays. */
export const PAID_WITH: Readonly<Record<Credential["origin"], string>> = {
  operator: "a key of the operator",
  client: "the client's own key",
  none: "no credential",
};

/** What is asked for, then the candidates in the order of {@link Preview}s. */
export function callLines(call: Call, previews: readonly Preview[]): string[] {
  const { format, model, stream, path } = call.request;
  const { maxAttempts } = call.setup.settings.fallback;
  const attempts = maxAttempts === 1 ? "one attempt" : `at most ${maxAttempts} attempts`;
  const asked = `"${model}" by ${path?.operation ?? format.name}${stream ? ", streamed" : ""}; ${attempts}${orderText(call)}`;
  let place = 0;
  const lines = previews.map((preview) => {
    const { candidate, choice } = preview;
    return choice === null
      ? explainedLine("not asked", `${nameOf(candidate)}: ${reasonOf(call, preview)}`)
      : explainedLine(`model ${++place}`, `${nameOf(candidate)}, ${choiceText(call, choice)}`);
  });
  return [explainedLine("asks for", asked), ...lines];
}

/** What the order depends on beside the configuration. */
function orderText({ setup: { rule }, conversation }: Call): string {
  if (rule.order === "fastest") return "; the order of a running gateway is by its measurements";
  if (rule.order === "weighted" && conversation === null) return "; the order is drawn for each request";
  return "";
}

function nameOf({ id, upstreamName, provider }: Candidate): string {
  return `${id} (${upstreamName} at ${provider.settings.id})`;
}

function reasonOf(call: Call, { isAllowed, fault }: Preview): string {
  if (fault !== null) return fault.message;
  if (!isAllowed)
    return `strategy.allow does not grant it to ${call.ctx.identity === null ? "everyone" : "this client"}`;
  return "the request names another, and failover is off";
}

function choiceText(call: Call, { credential, request }: Choice): string {
  const { native, format, toolNames, warnings } = request;
  const paid = credential.oauth ? "the client's own token" : PAID_WITH[credential.origin];
  const changed = native ? changedKeys(call.request.json, request.body) : [];
  const lost = warnings.filter((name) => !changed.includes(name));
  const parts = [
    native ? passedText(changed) : `translated to ${format.name}`,
    ...(lost.length === 0 ? [] : [`left out or changed: ${lost.join(", ")}`]),
    ...(toolNames === null ? [] : ["tools renamed"]),
  ];
  return `${paid}; ${parts.join("; ")}`;
}

function passedText(changed: readonly string[]): string {
  return changed.length === 0 ? "passes as it is" : `passes but for ${changed.join(", ")}`;
}

/** Keys of a request whose values are others in what is sent. */
function changedKeys(before: JsonObject, body: WholeBody): string[] {
  const after: unknown = JSON.parse(textOf(body));
  if (!isObject(after)) return [];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
}

function textOf(body: WholeBody): string {
  let text = "";
  body.start({
    data(chunk) {
      text += chunk.toString();
      return true;
    },
    end: () => undefined,
  });
  return text;
}
