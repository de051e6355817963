// Refuses request heads larger than the route admits, below the limits that hold before a route is known.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Refusal } from "../core/reply.ts";

const TOO_LARGE: Refusal = { code: "headers_too_large" };
/** `: ` and the end of the line. */
const FIELD_BYTES = 4;

/** Largest head of a request; null: no limit beside that of the listener. */
export interface HeadLimits {
  /** Bytes of path and header fields as HTTP/1.1 writes them. */
  readonly maxHeaderSize: number | null;
  /** Most fields. */
  readonly maxHeaders: number | null;
}

/** Looks at the fields before anything reads them. */
export function headSize({ maxHeaderSize, maxHeaders }: HeadLimits): Filter {
  return {
    name: "head-size",
    phase: "edge",
    onRequest(ctx) {
      const count = ctx.fields.length / 2;
      if (maxHeaders !== null && count > maxHeaders) {
        ctx.detail = `${count} header fields, at most ${maxHeaders} are allowed by the rule`;
        return TOO_LARGE;
      }
      if (maxHeaderSize === null) return undefined;
      const bytes = headBytes(ctx);
      if (bytes <= maxHeaderSize) return undefined;
      ctx.detail = `${bytes} bytes of header fields, at most ${maxHeaderSize} are allowed by the rule`;
      return TOO_LARGE;
    },
  };
}

function headBytes({ rawPath, query, fields }: RequestContext): number {
  let bytes = rawPath.length + query.length + (fields.length / 2) * FIELD_BYTES;
  for (const text of fields) bytes += text.length; // one byte a letter: HTTP fields are read as latin1
  return bytes;
}
