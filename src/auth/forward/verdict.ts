// What the answer of a service means: who the request is from, or what its client is told instead.
import { isUtf8 } from "node:buffer";
import type { RequestContext } from "../../core/context.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { identityOf } from "../../core/identity.ts";
import { isField } from "../../wire/fields.ts";
import { grpcKind } from "../../wire/grpc.ts";
import { knownField, OTHER, VIA } from "../../wire/known.ts";
import { ADMITTED, type AuthAnswer, type AuthResult } from "../authenticator.ts";
import type { NoAnswer, ServiceAnswer } from "./exchange.ts";
import type { ForwardService } from "./settings.ts";

/** What clients of gRPC are told, too. */
const TOLD_TO_CALLS: ReadonlySet<string> = new Set(["www-authenticate", "retry-after"]);

/** Why an answer decides nothing, for the log; null: it does. 304 answers a condition that was not put. */
export function faultIn({ status }: ServiceAnswer): NoAnswer | null {
  return status >= 500 || status === 304 ? { why: `the service answered ${status}` } : null;
}

/** Whether an answer lets the request pass. */
export function admits({ status }: ServiceAnswer): boolean {
  return status < 300;
}

/** Who a request that passes is from. */
export function identityIn(service: ForwardService, { fields }: ServiceAnswer): AuthResult {
  const { subjectHeader, scopesHeader, groupsHeader, rolesHeader, name: provider } = service;
  const subjects = subjectHeader === "" ? [] : valuesOf(fields, subjectHeader);
  if (subjects.length > 1) return { code: "auth_unavailable", why: "the service names two subjects" };
  const subject = textIn(subjects[0] ?? "");
  if (subject === null) return { code: "auth_unavailable", why: "the subject is not UTF-8" };
  if (subject === "") return ADMITTED;
  const list = (header: string, separator: RegExp) =>
    header === "" ? [] : valuesOf(fields, header).flatMap((value) => wordsIn(value, separator));
  return identityOf({
    subject,
    method: "forward",
    provider,
    scopes: list(scopesHeader, /[\s,]+/),
    groups: list(groupsHeader, /,/),
    roles: list(rolesHeader, /,/),
  });
}

/** The answer for the client of a request that does not pass; in gRPC a status, since nobody there reads pages. */
export function denial(ctx: RequestContext, { status, fields, body }: ServiceAnswer): AuthAnswer {
  const code = codeOf(status);
  if (grpcKind(ctx.fields) === null) return { answer: { status, fields: endToEnd(ctx, fields), body }, code };
  const told = fields.filter((_, i) => TOLD_TO_CALLS.has(fields[i & ~1]!.toLowerCase()));
  return { answer: { code, fields: told }, code };
}

/** All values of a field. @param lower its name in lower case */
export function valuesOf(fields: readonly string[], lower: string): string[] {
  return fields.filter((_, i) => i % 2 === 1 && isField(fields[i - 1]!, lower));
}

/** The row of the error table that a refusal counts as. Redirects lead to a login. */
function codeOf(status: number): ErrorCode {
  if (status < 400) return "missing_credentials";
  if (status === 401) return "invalid_credentials";
  return status === 429 ? "rate_limited" : "insufficient_scope";
}

/** Without what frames the message, and what the gateway says itself. */
function endToEnd(ctx: RequestContext, fields: readonly string[]): string[] {
  const { lowerName } = ctx.snapshot!.requestId;
  return fields.filter((_, i) => {
    const name = fields[i & ~1]!;
    const kind = knownField(name);
    return (kind === OTHER || kind === VIA) && !isField(name, lowerName);
  });
}

function wordsIn(value: string, separator: RegExp): string[] {
  return value
    .split(separator)
    .map((word) => textIn(word.trim()) ?? "")
    .filter((word) => word !== "");
}

/** Fields hold bytes: null if they are no UTF-8. */
function textIn(value: string): string | null {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString() : null;
}
