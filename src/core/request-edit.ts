// What filters change of a request before it goes to a backend; what the client sent stays as it is.

/** Collects changes. Those of the body are made by replacing `ctx.body`. */
export class RequestEdit {
  /** Path and query sent to the backend; null: what the route makes of them. Calls of gRPC keep their method. */
  target: string | null = null;
  /** Query of the client without what the gateway keeps to itself, with its leading `?` or ""; null: all of it. */
  query: string | null = null;
  /** Flat list of fields that are added. */
  readonly fields: string[] = [];
  /** Lower-case names of the client's fields that are not sent. */
  readonly #dropped = new Set<string>();

  /**
   * Sends a field in place of all the client has sent under this name, and of all that was set before.
   * @throws TypeError for fields that frame the message or belong to the connection
   */
  set(name: string, value: string): void {
    this.drop(name);
    this.add(name, value);
  }

  /**
   * Sends a field in addition to those of the client.
   * @throws TypeError for fields that frame the message or belong to the connection, and for invalid fields
   */
  add(name: string, value: string): void {
    if (UNCHANGEABLE.has(name.toLowerCase())) throw new TypeError(`${name} is not for filters to set`);
    if (!TOKEN.test(name) || !TEXT.test(value)) throw new TypeError(`${JSON.stringify(name)} is not a valid field`);
    this.fields.push(name, value);
  }

  /** Sends no field of this name. */
  drop(name: string): void {
    const lower = name.toLowerCase();
    this.#dropped.add(lower);
    for (let i = this.fields.length - 2; i >= 0; i -= 2) {
      if (this.fields[i]!.toLowerCase() === lower) this.fields.splice(i, 2);
    }
  }

  /** Whether a field of the client is not sent. */
  drops(name: string): boolean {
    return this.#dropped.has(name.toLowerCase());
  }
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Field content of RFC 9110 §5.5: bytes, without controls. */
const TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Fields that are generated for every hop. */
const UNCHANGEABLE: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
