// Commands that answer a request in place of the model.
import type { Commands } from "./commands.ts";
import { amount } from "./commands.ts";
import type { Exchange } from "./exchange.ts";
import { Refusal, type RefusalKind } from "./rules/refusal.ts";

const REFUSALS: Readonly<Record<string, RefusalKind>> = {
  "400": "invalid",
  "401": "authentication",
  "402": "billing",
  "403": "permission",
  "404": "notFound",
  "413": "tooLarge",
  "429": "rateLimit",
  quota: "quota",
  "500": "server",
  "503": "unavailable",
  "529": "overloaded",
  overflow: "overflow",
  policy: "policy",
};

const PAGE = "<!doctype html><html><head><title>Error</title></head><body><h1>Something is wrong</h1></body></html>\n";

/** The refusal that is commanded; null: none. */
function refusalOf(commands: Commands): Refusal | null {
  for (const name of commands.keys()) {
    const kind = REFUSALS[name];
    if (kind !== undefined) return new Refusal(kind, "", null, null, amount(commands, name, -1));
  }
  return null;
}

/** Does what is commanded instead of an answer. @returns whether anything was */
export function misbehave(exchange: Exchange, commands: Commands): boolean {
  const refusal = refusalOf(commands);
  if (refusal !== null) throw refusal;
  const act = [...commands.keys()].map((name) => ACTS[name]).find((found) => found !== undefined);
  act?.(exchange);
  return act !== undefined;
}

const ACTS: Readonly<Record<string, (exchange: Exchange) => void>> = {
  hang: () => undefined,
  reset: (exchange) => exchange.cut(),
  html: (exchange) => exchange.bytes(200, "text/html", Buffer.from(PAGE)),
  "html-502": (exchange) => exchange.bytes(502, "text/html", Buffer.from(PAGE)),
  garbage: (exchange) => exchange.bytes(200, "application/json", Buffer.from('{"id": "x", "cho')),
  redirect: (exchange) => exchange.bytes(307, "text/plain", Buffer.from(""), { Location: "http://127.0.0.1:1/" }),
};
