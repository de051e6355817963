// Whose pages may read replies: the settings of `cors` as a request asks them (Fetch standard, "CORS protocol").

/** Settings in effect for a rule. Names of headers in any case. */
export interface CorsSettings {
  readonly allowedOrigins: readonly string[];
  readonly allowedMethods: readonly string[];
  readonly allowedHeaders: readonly string[];
  readonly exposedHeaders: readonly string[];
  readonly allowCredentials: boolean;
  readonly allowPrivateNetwork: boolean;
  /** s; 0: browsers use their own. */
  readonly maxAgeS: number;
  readonly optionsPassthrough: boolean;
  readonly optionsSuccessStatus: number;
}

/** A token of RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** One policy. */
export class CorsPolicy {
  readonly settings: CorsSettings;
  readonly #any: boolean;
  readonly #exact: ReadonlySet<string>;
  /** What stands before and behind the star. */
  readonly #wild: readonly (readonly [before: string, behind: string])[];
  readonly #methods: ReadonlySet<string> | null;
  readonly #headers: ReadonlySet<string> | null;

  constructor(settings: CorsSettings) {
    this.settings = settings;
    const origins = settings.allowedOrigins.map((origin) => origin.toLowerCase());
    this.#any = origins.includes("*");
    this.#exact = new Set(origins.filter((origin) => !origin.includes("*")));
    this.#wild = origins
      .filter((origin) => origin.includes("://*."))
      .map((origin) => [origin.slice(0, origin.indexOf("*")), origin.slice(origin.indexOf("*") + 1)]);
    this.#methods = settings.allowedMethods.includes("*") ? null : new Set(settings.allowedMethods);
    const headers = settings.allowedHeaders.map((name) => name.toLowerCase());
    this.#headers = headers.includes("*") ? null : new Set(headers);
  }

  /** Whether the answer depends on who asks: caches must then be told (RFC 9110 §12.5.5). */
  get varies(): boolean {
    return !this.#any || (this.settings.allowCredentials && this.#exact.size + this.#wild.length > 0);
  }

  /** @returns the value of `Access-Control-Allow-Origin`; null: this origin may not. @param origin as sent */
  allowedOrigin(origin: string): string | null {
    if (this.varies && this.#isListed(origin)) return origin;
    return this.#any ? "*" : null;
  }

  /** Whether the origin may send credentials. Any page can have the origin `null`, and `*` is not an origin. */
  mayShowCredentials(origin: string): boolean {
    return this.settings.allowCredentials && origin !== "null" && this.#isListed(origin);
  }

  allowsMethod(method: string): boolean {
    return TOKEN.test(method) && (this.#methods === null || this.#methods.has(method));
  }

  #isListed(origin: string): boolean {
    const lower = origin.toLowerCase();
    return this.#exact.has(lower) || this.#wild.some((pattern) => fits(lower, pattern));
  }

  /** @param list `Access-Control-Request-Headers` as sent @returns the names in it; null: one of them is not allowed, or none */
  allowedHeaders(list: string): readonly string[] | null {
    const names: string[] = [];
    for (const part of list.split(",")) {
      const name = part.trim().toLowerCase();
      if (name === "") continue; // RFC 9110 §5.6.1: empty elements are passed over
      if (!TOKEN.test(name) || (this.#headers !== null && !this.#headers.has(name))) return null;
      names.push(name);
    }
    return names;
  }
}

/** Whether an origin is one of a name below another, with the same scheme and port. */
function fits(origin: string, [before, behind]: readonly [string, string]): boolean {
  if (origin.length <= before.length + behind.length) return false;
  if (!origin.startsWith(before) || !origin.endsWith(behind)) return false;
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(origin.slice(before.length, origin.length - behind.length));
}
