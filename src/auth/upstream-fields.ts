// What backends are told of an authenticated client. What the client itself says under these names never passes (wire/known.ts).
import type { Identity } from "../core/identity.ts";

/** Claims that take more bytes are left out: backends bound their headers. */
export const MAX_CLAIMS_BYTES = 4096;

const made = new WeakMap<Identity, readonly string[]>();

/** The fields, names and values in turn; made once for each identity. */
export function upstreamFields(identity: Identity): readonly string[] {
  let fields = made.get(identity);
  if (fields === undefined) made.set(identity, (fields = fieldsOf(identity)));
  return fields;
}

function fieldsOf({ subject, type, provider, scopes, claims }: Identity): readonly string[] {
  const json = claimsText(claims);
  return [
    ...["X-Auth-Subject", fieldText(subject)],
    ...["X-Auth-Type", type],
    ...["X-Auth-Provider", fieldText(provider)],
    ...(scopes.length === 0 ? [] : ["X-Auth-Scopes", scopes.map(scopeText).join(",")]),
    ...(json === "{}" || json.length > MAX_CLAIMS_BYTES ? [] : ["X-Auth-Claims", json]),
  ];
}

/** Tells a client who it is taken for. */
export function addReplyFields(fields: string[], identity: Identity): void {
  const [subjectName, subject, typeName, type] = upstreamFields(identity);
  fields.push(subjectName!, subject!, typeName!, type!);
}

/** Claims as JSON in ASCII: other characters are escaped as JSON does it. */
export function claimsText(claims: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(claims).replaceAll(/[^\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A scope in the list: tokens may have one with a comma in it, which must not read as two. */
function scopeText(scope: string): string {
  return fieldText(scope).replaceAll(",", "%2C");
}

/** Text as the value of a field: what is not printable ASCII, `%`, and a blank at either end are percent-encoded as UTF-8. */
function fieldText(text: string): string {
  return text.replaceAll(/[^\x20-\x24\x26-\x7e]+|^ | $/g, (run) => {
    let encoded = "";
    for (const byte of Buffer.from(run)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    return encoded;
  });
}
