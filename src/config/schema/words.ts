// Lists of words of which only some are known.
import { didYouMeanOf } from "../text/suggest.ts";
import type { Field } from "./field.ts";
import { strings } from "./scalars.ts";

/** List of known words; a single one counts as a list of one. */
export function wordsOf<const W extends string>(
  doc: string,
  known: readonly W[],
  fallback: readonly W[],
): Field<readonly W[]> {
  const base = strings(doc, fallback);
  return {
    ...base,
    json: { anyOf: [{ type: "array", items: { enum: [...known] } }, { enum: [...known] }] },
    fallback,
    show: (value) => value,
    read(node, path, reading) {
      return base.read(node, path, reading).flatMap((text) => {
        const word = known.find((each) => each.toLowerCase() === text.toLowerCase());
        if (word !== undefined) return [word];
        const at =
          node.kind === "list"
            ? (node.items.find((i) => i.kind === "scalar" && String(i.value) === text)?.at ?? node.at)
            : node.at;
        reading.problems.error(at, `${path}: unknown word "${text}"${didYouMeanOf(text, known, "there are")}`);
        return [];
      });
    },
  };
}
