// Files, cached contents, batches and interactions of the mock of Gemini: they are kept, shown and deleted.
import type { Route } from "../api.ts";
import { Refusal } from "../rules/refusal.ts";

type Kept = Readonly<Record<string, unknown>>;

/** `/v1beta/files`, `/upload/v1beta/files` and what works alike. */
export const geminiFileRoutes: readonly Route[] = [
  [
    "POST",
    /^\/upload\/v1beta\/files$/,
    (exchange, _found, { objects }) => {
      const name = `files/${exchange.seed.slice(0, 12)}`;
      const uri = `https://generativelanguage.googleapis.com/v1beta/${name}`;
      const file = {
        name,
        mimeType: exchange.header("content-type"),
        sizeBytes: String(exchange.body.length),
        uri,
        state: "ACTIVE",
      };
      objects.put(exchange.account, name, file);
      exchange.json200({ file });
    },
  ],
  ...keptRoutes("files", "files"),
  ...keptRoutes("cachedContents", "cachedContents"),
  ...keptRoutes("batches", "operations"),
  ...keptRoutes("interactions", "interactions"),
];

function keptRoutes(kind: string, list: string): Route[] {
  const find = (kept: unknown) => {
    if (kept === undefined) throw new Refusal("notFound", "");
    return kept as Kept;
  };
  return [
    [
      "POST",
      new RegExp(`^/v1beta/${kind}$`),
      (exchange, _found, { objects }) => {
        const name = `${kind}/${exchange.seed.slice(0, 12)}`;
        const kept = { ...exchange.json(), name, id: exchange.seed.slice(0, 12) };
        objects.put(exchange.account, name, kept);
        exchange.json200(kept);
      },
    ],
    [
      "GET",
      new RegExp(`^/v1beta/${kind}$`),
      (exchange, _found, { objects }) => exchange.json200({ [list]: objects.list(exchange.account, `${kind}/`) }),
    ],
    [
      "GET",
      new RegExp(`^/v1beta/(${kind}/[^/:]+)$`),
      (exchange, [, name = ""], { objects }) => exchange.json200(find(objects.get(exchange.account, name))),
    ],
    [
      "DELETE",
      new RegExp(`^/v1beta/(${kind}/[^/:]+)$`),
      (exchange, [, name = ""], { objects }) => {
        find(objects.get(exchange.account, name));
        objects.remove(exchange.account, name);
        exchange.json200({});
      },
    ],
  ];
}
