// Files: uploaded as forms, listed, read back and deleted by the account that owns them.
import type { Route } from "../api.ts";
import { Refusal } from "../rules/refusal.ts";
import { fieldOf, readForm } from "./multipart.ts";

/** A file as it is kept. */
interface StoredFile {
  readonly id: string;
  readonly object: "file";
  readonly bytes: number;
  readonly created_at: number;
  readonly filename: string;
  readonly purpose: string;
  readonly status: "processed";
  /** Not shown. */
  readonly content: Buffer;
}

/** `/files`. */
export const fileRoutes: readonly Route[] = [
  [
    "POST",
    /\/files$/,
    (exchange, _found, { objects }) => {
      const form = readForm(exchange, "file", "purpose");
      const { content, filename } = form.get("file")!;
      const file: StoredFile = {
        id: `file-${exchange.seed.slice(0, 22)}`,
        object: "file",
        bytes: content.length,
        created_at: 1_764_547_200,
        filename: filename ?? "file",
        purpose: fieldOf(form, "purpose"),
        status: "processed",
        content,
      };
      objects.put(exchange.account, file.id, file);
      exchange.json200(shown(file));
    },
  ],
  [
    "GET",
    /\/files$/,
    (exchange, _found, { objects }) => {
      const files = objects.list(exchange.account, "file-") as readonly StoredFile[];
      exchange.json200({ object: "list", data: files.map(shown), has_more: false });
    },
  ],
  [
    "GET",
    /\/files\/([^/]+)\/content$/,
    (exchange, [, id = ""], { objects }) => {
      const { content } = known(objects.get(exchange.account, id), id);
      exchange.bytes(200, "application/octet-stream", content);
    },
  ],
  [
    "GET",
    /\/files\/([^/]+)$/,
    (exchange, [, id = ""], { objects }) => exchange.json200(shown(known(objects.get(exchange.account, id), id))),
  ],
  [
    "DELETE",
    /\/files\/([^/]+)$/,
    (exchange, [, id = ""], { objects }) => {
      known(objects.get(exchange.account, id), id);
      objects.remove(exchange.account, id);
      exchange.json200({ id, object: "file", deleted: true });
    },
  ],
];

function known(file: unknown, id: string): StoredFile {
  if (file === undefined) throw new Refusal("notFound", `No such File object: ${id}`, "id", null);
  return file as StoredFile;
}

function shown({ content: _, ...file }: StoredFile): Omit<StoredFile, "content"> {
  return file;
}
