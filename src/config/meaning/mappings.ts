// The method mappings of rules with JSON clients: keys are checked here, methods only with the descriptors.
import { parseTemplate } from "../../translators/grpc-json/mapping/template.ts";
import type { Position } from "../text/problem.ts";
import type { Node } from "../text/tree.ts";
import type { Draft, Place } from "./draft.ts";

const KEY = /^(\*|[A-Za-z-]+)\s+(\/\S*)$/;

/** Reports keys that are not `METHOD /template`. */
export function checkMappings(draft: Draft): void {
  for (const [i, { grpc, transcoding }] of draft.written.router.rules.entries()) {
    for (const [block, map, mappings] of [
      ["grpc", "transcodingRules", grpc?.transcodingRules],
      ["transcoding", "methodMappings", transcoding?.methodMappings],
    ] as const) {
      for (const key of Object.keys(mappings ?? {})) {
        const template = KEY.exec(key.trim())?.[2];
        const wrong = template === undefined ? `"${key}" is not "METHOD /template"` : parseTemplate(template);
        if (typeof wrong !== "string") continue;
        const place = ["router", "rules", i, block, map];
        draft.problems.error(placeOfKey(draft, place, key), `router.rules[${i}].${block}.${map}: ${wrong}`);
      }
    }
  }
}

function placeOfKey(draft: Draft, place: Place, key: string): Position {
  let node: Node | undefined = draft.tree;
  for (const step of place) {
    if (node?.kind === "map") node = node.entries.get(String(step))?.value;
    else if (node?.kind === "list") node = node.items[Number(step)];
  }
  return (node?.kind === "map" ? node.entries.get(key)?.keyAt : undefined) ?? draft.at(place);
}
