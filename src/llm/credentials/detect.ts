// Finds the credentials for providers that a client has sent, by where they are and how they begin.
import type { RequestContext } from "../../core/context.ts";
import { isField } from "../../wire/fields.ts";
import { queryValues } from "../../wire/query.ts";
import { invalid } from "../message/fault.ts";
import type { ProviderKind } from "../providers/kinds.ts";
import type { CredentialSettings, ProviderSettings } from "../settings.ts";
import { ClientCredentials } from "./client-credentials.ts";
import { Credential } from "./credential.ts";
import { FORMS } from "./forms.ts";
import { ACCOUNT_FIELDS, CREDENTIAL_PARAMETERS, KEY_FIELD_PREFIX } from "./stripped.ts";

const FIELDS: ReadonlySet<string> = new Set([
  "authorization",
  ...FORMS.map(({ place }) => place).filter((place) => place !== "bearer" && place !== "query"),
]);
/** Of names in {@link FIELDS}: most fields are told by it. */
const LENGTHS: ReadonlySet<number> = new Set([...FIELDS].map(({ length }) => length));
const X = /^x-llm-key-/i;
const GEMINI_PATH = /\/v1(?:alpha|beta)(?:\/|$)|\/models\/[^/]+:[A-Za-z]+$/;

/** Whether clients may bring a credential for providers of a kind. */
export function acceptsCredential(kind: ProviderKind, { enabled }: CredentialSettings): boolean {
  return enabled.includes("user-key") || FORMS.some((form) => form.kind === kind && enabled.includes(form.adapter));
}

/** Makes the detection. */
export class Detector {
  readonly #enabled: ReadonlySet<string>;
  readonly #prefixes: CredentialSettings["prefixes"];
  /** By id in lower case, as fields are named. */
  readonly #providers: ReadonlyMap<string, ProviderSettings>;

  constructor({ enabled, prefixes }: CredentialSettings, providers: readonly ProviderSettings[]) {
    this.#enabled = new Set(enabled);
    this.#prefixes = prefixes;
    this.#providers = new Map(providers.map((provider) => [provider.id.toLowerCase(), provider]));
  }

  /**
   * The credentials for providers in a request. What the gateway's own authentication has accepted or removed is none.
   * @throws LlmError of `invalid`: several different credentials are in the same place, or one names no provider
   */
  detect(ctx: RequestContext): ClientCredentials {
    const places = placesIn(ctx);
    const found = new ClientCredentials();
    for (const [place, value] of places) {
      if (place.startsWith(KEY_FIELD_PREFIX)) this.#addNamed(found, place.slice(KEY_FIELD_PREFIX.length), value);
    }
    const decided = new Set<string>();
    for (const form of FORMS) {
      const value = places.get(form.place);
      if (value === undefined || decided.has(form.place) || !this.#begins(value, form.prefix)) continue;
      decided.add(form.place);
      // An authorization service has seen the whole request: it is unknown which part of it has convinced it.
      if (!this.#enabled.has(form.adapter) || (form.generic && ctx.admission?.method === "forward")) continue;
      const { kind, oauth = false } = form;
      const account = accountOf(kind, ctx.fields);
      found.add(new Credential({ kind, provider: null, origin: "client", oauth, account }, value));
    }
    return found;
  }

  #begins(value: string, prefix: keyof CredentialSettings["prefixes"] | null): boolean {
    return prefix === null || value.startsWith(this.#prefixes[prefix]);
  }

  #addNamed(found: ClientCredentials, lowerId: string, value: string): void {
    if (!this.#enabled.has("user-key")) return;
    const provider = this.#providers.get(lowerId);
    // Else the operator would pay for a request whose client has misspelt a name.
    if (provider === undefined) throw invalid(KEY_FIELD_PREFIX + lowerId, "names no provider");
    const { kind } = provider;
    found.add(new Credential({ kind, provider, origin: "client", oauth: false, account: [] }, value));
  }
}

/** What is in each place where credentials are sent: fields in lower case, `bearer` and `query`. */
function placesIn({ fields, edit, query, path, credential }: RequestContext): Map<string, string> {
  const places = new Map<string, string>();
  const note = (place: string, shown: string, value: string): void => {
    if (value === "" || value === credential) return;
    const before = places.get(place);
    if (before !== undefined && before !== value) throw invalid(shown, "must not be sent with different values");
    places.set(place, value);
  };
  for (let i = 0; i < fields.length; i += 2) {
    const written = fields[i]!;
    if (!LENGTHS.has(written.length) && !X.test(written)) continue;
    const name = written.toLowerCase();
    if (!(FIELDS.has(name) || name.startsWith(KEY_FIELD_PREFIX)) || edit?.drops(name)) continue;
    const value = fields[i + 1]!.trim();
    if (name === "authorization") note("bearer", name, bearerIn(value));
    else note(name, name, value);
  }
  if (GEMINI_PATH.test(path)) {
    const [parameter] = CREDENTIAL_PARAMETERS;
    for (const value of queryValues(edit?.query ?? query, parameter)) note("query", `?${parameter}`, value);
  }
  return places;
}

function bearerIn(value: string): string {
  return isField(value.slice(0, 6), "bearer") && value.charCodeAt(6) === 0x20 ? value.slice(7).trim() : "";
}

function accountOf(kind: ProviderKind, fields: readonly string[]): readonly string[] {
  const names: readonly string[] = (ACCOUNT_FIELDS as Partial<Record<ProviderKind, readonly string[]>>)[kind] ?? [];
  const found: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (names.includes(name)) found.push(name, fields[i + 1]!);
  }
  return found;
}
