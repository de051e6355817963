// `Vary`: the request fields that a reply depends on (RFC 9110 §12.5.5).
import { isField } from "./fields.ts";

/** Adds a name to the field, where it is not in it. @param fields flat list, changed in place */
export function addVary(fields: string[], name: string): void {
  const lower = name.toLowerCase();
  let at = -1;
  for (let i = 0; i < fields.length; i += 2) {
    if (!isField(fields[i]!, "vary")) continue;
    const listed = fields[i + 1]!.split(",").map((part) => part.trim().toLowerCase());
    if (listed.includes(lower) || listed.includes("*")) return;
    if (fields[i + 1]!.trim() !== "") at = i + 1;
  }
  if (at === -1) fields.push("Vary", name);
  else fields[at] += `, ${name}`;
}
