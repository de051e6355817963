// Header fields that describe the identity to backends. Fields of these names from clients are dropped (wire/known.ts).
import type { Identity } from "../core/identity.ts";

/** Larger claims are omitted, since backends limit the size of headers. */
export const MAX_CLAIMS_BYTES = 4096;

const made = new WeakMap<Identity, readonly string[]>();

/** The fields, as alternating names and values; built once per identity. */
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

/** Adds the subject and its type to a reply. */
export function addReplyFields(fields: string[], identity: Identity): void {
  const [subjectName, subject, typeName, type] = upstreamFields(identity);
  fields.push(subjectName!, subject!, typeName!, type!);
}

/** Claims as ASCII JSON; other characters are escaped as `\uXXXX`. */
export function claimsText(claims: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(claims).replaceAll(/[^\x20-\x7e]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** A scope as an item of the list; a comma in it is encoded, since commas separate scopes. */
function scopeText(scope: string): string {
  return fieldText(scope).replaceAll(",", "%2C");
}

/** Text as a field value: non-printable and non-ASCII characters, `%`, and a leading or trailing space are percent-encoded. */
function fieldText(text: string): string {
  return text.replaceAll(/[^\x20-\x24\x26-\x7e]+|^ | $/g, (run) => {
    let encoded = "";
    for (const byte of Buffer.from(run)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    return encoded;
  });
}
