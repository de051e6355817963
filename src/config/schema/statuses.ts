// Lists of HTTP statuses and ranges of them.
import type { Field } from "./field.ts";
import { strings } from "./scalars.ts";

/** Statuses and ranges of them. */
export function statuses(doc: string, fallback: readonly string[] = []): Field<readonly string[]> {
  const base = strings(doc, fallback);
  const item = { anyOf: [{ type: "integer" }, { type: "string", pattern: "^[1-5]\\d\\d(-[1-5]\\d\\d)?$" }] };
  return {
    ...base,
    type: "status, range, or list",
    json: { anyOf: [{ type: "array", items: item }, ...item.anyOf] },
    read(node, path, reading) {
      const values = base.read(node, path, reading);
      for (const value of values) {
        const range = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(value);
        if (range !== null && Number(range[1]) <= Number(range[2] ?? range[1])) continue;
        reading.problems.error(
          node.at,
          `${path}: "${value}" is not a status or a range such as "200-299"${statusMeant(value)}`,
        );
      }
      return values;
    },
  };
}

function statusMeant(text: string): string {
  const [, hundreds] = /^([1-5])xx$/i.exec(text) ?? [];
  if (hundreds !== undefined) return `; did you mean ${hundreds}00-${hundreds}99?`;
  return /^(ok|success)$/i.test(text) ? "; did you mean 200?" : "; write several as a list";
}
