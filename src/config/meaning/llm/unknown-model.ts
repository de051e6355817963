// What is wrong with the name of a model that no provider serves, and what to write instead.
import { AUTO } from "../../../llm/models/resolve.ts";
import type { ModelSettings, ProviderSettings } from "../../../llm/settings.ts";
import { didYouMean, didYouMeanOf, nearest } from "../../text/suggest.ts";
import type { Draft } from "../draft.ts";

/** A message about the name, which begins with what is unknown. */
export function unknownModel(
  draft: Draft,
  providers: readonly ProviderSettings[],
  models: readonly ModelSettings[],
  name: string,
): string {
  const own = models.map(({ id }) => id);
  const near = nearest(name, own);
  if (near !== null) return `unknown model "${name}"; did you mean "${near}"?`;
  if (name === AUTO) return `"${AUTO}" is what clients send; name models`;
  const [, author, rest] = /^([^/:]*)[/:](.*)$/.exec(name) ?? [];
  if (rest === "") return `"${name}" names no model behind "${author}"`;
  const ids = Object.keys(draft.written.llm?.providers ?? {});
  if (author === undefined) {
    const [only] = providers.length === 1 ? providers : [];
    const meant = only === undefined ? "author/model, such as openai/gpt-5" : `${only.id}/${name}`;
    return `model "${name}" has no provider; write ${meant}${listing(ids)}`;
  }
  if (ids.includes(author)) return `provider "${author}" is invalid`;
  const all = providers.find(({ kind }) => kind === "openrouter");
  if (all !== undefined && name.includes("/"))
    return `unknown provider "${author}"; to use the model through ${all.id}, write ${all.id}:${name}`;
  return `unknown provider "${author}" in "${name}"${didYouMean(author, ids) || didYouMeanOf(author, ids, "llm.providers has")}`;
}

function listing(ids: readonly string[]): string {
  return ids.length < 2 ? "" : `, with one of ${ids.join(", ")}`;
}
