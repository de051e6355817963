// A rule's fallback must be either a service or a fixed answer, exist, and suit the protocol of the clients.
import { consistsOf, TOKEN, VALUE } from "../../wire/grammar.ts";
import type { RuleConfig } from "../config.ts";
import type { FallbackSection } from "../schema/fallback.ts";
import { didYouMean } from "../text/suggest.ts";
import { type Draft, dotted } from "./draft.ts";
import { type Known, VisibleServices } from "./known.ts";
import { INTERNAL } from "./services.ts";

/** Checks every rule that has one. */
export function checkFallbacks(draft: Draft, { rules, services }: Known): void {
  const visible = new VisibleServices(draft, services);
  const byKey = new Map(rules.map((rule) => [rule.key, rule]));
  for (const [i, { fallback }] of draft.written.router.rules.entries()) {
    const place = ["router", "rules", i];
    const rule = byKey.get(dotted(place));
    if (rule === undefined || fallback === null) continue;
    const fault = (message: string, key?: string) => {
      const below = key === undefined ? [] : [key];
      draft.error([...place, "fallback", ...below], `rule "${rule.id}": fallback ${message}`);
    };
    if (rule.serviceName === INTERNAL) fault("needs a rule with a service");
    if ((fallback.serviceName === null) === (fallback.status === null)) fault("needs either serviceName or status");
    else if (fallback.serviceName !== null) checkService(fallback, rule, visible, fault);
    else checkAnswer(fallback, rule, fault);
  }
}

type Fault = (message: string, key?: string) => void;

function checkService(
  { serviceName, headers, body }: FallbackSection,
  rule: RuleConfig,
  services: VisibleServices,
  fault: Fault,
): void {
  if (serviceName === rule.serviceName) fault("is the service of the rule itself", "serviceName");
  else if (!services.mayName(serviceName!, rule.at)) {
    const hint = didYouMean(serviceName!, services.names(rule.at));
    fault(`to an unknown service "${serviceName}"${hint}`, "serviceName");
  }
  if (body !== "" || Object.keys(headers).length > 0) fault("to a service cannot have headers or body");
}

function checkAnswer({ status, headers, body }: FallbackSection, rule: RuleConfig, fault: Fault): void {
  if (rule.protocol === "grpc")
    fault("of a gRPC rule must be a service, because gRPC clients cannot read HTTP answers", "status");
  if (body !== "" && (status === 204 || status === 205 || status === 304))
    fault(`with status ${status} cannot have a body`, "body");
  for (const [name, value] of Object.entries(headers)) {
    if (!consistsOf(name, TOKEN)) fault(`"${name}" is not a valid header name`, "headers");
    else if (FRAMING.has(name.toLowerCase())) fault(`header "${name}" is set by the gateway`, "headers");
    else if (value !== "" && !consistsOf(value, VALUE))
      fault(`header "${name}" has a value that cannot be sent`, "headers");
  }
}

const FRAMING: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "connection",
  "upgrade",
  "trailer",
  "date",
]);
