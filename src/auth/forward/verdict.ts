// What the answer of an authorization service means for the request it is about.
import { isUtf8 } from "node:buffer";
import type { RequestContext } from "../../core/context.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { identityOf } from "../../core/identity.ts";
import { isField } from "../../wire/fields.ts";
import { grpcKind } from "../../wire/grpc.ts";
import { knownField, OTHER, VIA } from "../../wire/known.ts";
import { ADMITTED, type AuthAnswer, type AuthResult } from "../authenticator.ts";
import type { CheckAnswer, CheckFailure } from "./check.ts";
import type { ForwardService } from "./settings.ts";

/** Fields of a denial that gRPC clients get as metadata. */
const GRPC_FIELDS: ReadonlySet<string> = new Set(["www-authenticate", "retry-after"]);

/** Why an answer is not a decision; null: it is one. 304 is invalid, since check requests are not conditional. */
export function faultIn({ status }: CheckAnswer): CheckFailure | null {
  return status >= 500 || status === 304 ? { why: `the service answered ${status}` } : null;
}

/** Whether the answer permits the request. */
export function isAdmission({ status }: CheckAnswer): boolean {
  return status < 300;
}

/** The identity of a permitted request. */
export function identityIn(service: ForwardService, { fields }: CheckAnswer): AuthResult {
  const { subjectHeader, scopesHeader, groupsHeader, rolesHeader, name: provider } = service;
  const subjects = subjectHeader === "" ? [] : valuesOf(fields, subjectHeader);
  if (subjects.length > 1) return { code: "auth_unavailable", why: "the service answered with several subjects" };
  const subject = textIn(subjects[0] ?? "");
  if (subject === null) return { code: "auth_unavailable", why: "the subject is not UTF-8" };
  if (subject === "") return ADMITTED;
  const list = (header: string, separator: RegExp) =>
    header === "" ? [] : valuesOf(fields, header).flatMap((value) => itemsOf(value, separator));
  return identityOf({
    subject,
    method: "forward",
    provider,
    scopes: list(scopesHeader, /[\s,]+/),
    groups: list(groupsHeader, /,/),
    roles: list(rolesHeader, /,/),
  });
}

/** The reply to a request that was denied: the service's answer; for gRPC clients, a status. */
export function denialFor(ctx: RequestContext, { status, fields, body }: CheckAnswer): AuthAnswer {
  const code = codeOf(status);
  if (grpcKind(ctx.fields) === null) return { answer: { status, fields: endToEnd(ctx, fields), body }, code };
  return { answer: { code, fields: fieldsNamed(fields, GRPC_FIELDS) }, code };
}

/** The fields of some names, in lower case, with their values in turn. */
export function fieldsNamed(fields: readonly string[], names: ReadonlySet<string>): string[] {
  return fields.filter((_, i) => names.has(fields[i & ~1]!.toLowerCase()));
}

/** The error code a denial counts as, and the gRPC status follows from. Redirects lead to a login. */
function codeOf(status: number): ErrorCode {
  if (status < 400) return "missing_credentials";
  if (status === 401) return "invalid_credentials";
  return status === 429 ? "rate_limited" : "insufficient_scope";
}

/** Without framing, hop-by-hop fields, and those that the gateway adds to every reply itself. */
function endToEnd(ctx: RequestContext, fields: readonly string[]): string[] {
  const { lowerName } = ctx.snapshot!.requestId;
  return fields.filter((_, i) => {
    const name = fields[i & ~1]!;
    const kind = knownField(name);
    return (kind === OTHER || kind === VIA) && !isField(name, lowerName);
  });
}

function valuesOf(fields: readonly string[], lower: string): string[] {
  return fields.filter((_, i) => i % 2 === 1 && isField(fields[i - 1]!, lower));
}

function itemsOf(value: string, separator: RegExp): string[] {
  return value
    .split(separator)
    .map((item) => textIn(item.trim()) ?? "")
    .filter((item) => item !== "");
}

/** The text of a field value, whose characters are bytes; null if they are not UTF-8. */
function textIn(value: string): string | null {
  const bytes = Buffer.from(value, "latin1");
  return isUtf8(bytes) ? bytes.toString() : null;
}
