// `llm.providers`: validated providers, with what their kinds imply and the keys of the environment.
import type { FormatName } from "../../../llm/format.ts";
import { PROVIDER_KINDS } from "../../../llm/providers/kinds.ts";
import type { ProviderSettings } from "../../../llm/settings.ts";
import { consistsOf, TOKEN, VALUE } from "../../../wire/grammar.ts";
import type { Environment } from "../../schema/environment.ts";
import type { ProviderSection } from "../../schema/llm-providers.ts";
import { isUnresolved } from "../../text/placeholders.ts";
import { type Draft, dotted, type Place } from "../draft.ts";
import { type BaseUrl, defaultBaseUrl, isPublic, readBaseUrl } from "./base-url.ts";
import { present } from "./present.ts";

const PLACE: Place = ["llm", "providers"];
/** Fields that the gateway sets, or that hold a credential. */
const OWN_FIELDS: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "content-type",
  "content-encoding",
  "transfer-encoding",
  "connection",
  "accept",
  "accept-encoding",
]);
const KEY_FIELDS: ReadonlySet<string> = new Set(["authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"]);

/** A provider, and where it is. */
export interface ReadProvider {
  readonly settings: ProviderSettings;
  readonly url: BaseUrl;
  readonly section: ProviderSection;
}

/** Reads and checks every provider; those with an error are left out. */
export function readProviders(draft: Draft, env: Environment): readonly ReadProvider[] {
  return Object.entries(draft.written.llm?.providers ?? {}).flatMap(([id, section]) => {
    const reader = new ProviderReader(draft, env, id, section);
    return reader.read();
  });
}

class ProviderReader {
  readonly #draft: Draft;
  readonly #env: Environment;
  readonly #id: string;
  readonly #section: ProviderSection;

  constructor(draft: Draft, env: Environment, id: string, section: ProviderSection) {
    this.#draft = draft;
    this.#env = env;
    this.#id = id;
    this.#section = section;
  }

  read(): readonly ReadProvider[] {
    const { kind } = this.#section;
    this.#checkId();
    if (kind === undefined) return []; // reported by the schema
    const url = this.#url();
    const formats = this.#formats();
    const headers = this.#headers();
    if (url === null || formats === null) return [];
    const facts = PROVIDER_KINDS[kind];
    const apiKeys = this.#apiKeys();
    const settings: ProviderSettings = {
      id: this.#id,
      kind,
      origin: url.origin,
      basePath: url.basePath,
      apiKeys,
      headers,
      formats,
      dialect: { ...facts.dialect, ...present(this.#section.dialect) },
      idleTimeoutMs: this.#section.idleTimeout,
      ttftTimeoutMs: this.#section.ttftTimeout,
      keyless: facts.keyless && this.#section.apiKeys.length === 0,
    };
    return [{ settings, url, section: this.#section }];
  }

  #checkId(): void {
    if (/^[a-z0-9][a-z0-9_-]{0,62}$/.test(this.#id)) return;
    this.#draft.error(
      [...PLACE, this.#id],
      `llm.providers: "${this.#id}" is not a name: it consists of lower-case letters, digits, "-" and "_"`,
    );
  }

  #url(): BaseUrl | null {
    const { kind, baseUrl } = this.#section;
    const implied = defaultBaseUrl(kind);
    if (baseUrl === null) {
      if (implied === null) this.#fault([], "openaiCompatible needs baseUrl, such as http://127.0.0.1:11434/v1");
      return implied;
    }
    try {
      const url = readBaseUrl(baseUrl, kind);
      if (url.scheme === "http" && isPublic(url))
        this.#warn(["baseUrl"], `prompts and keys are sent unencrypted to ${url.address}; write https://`);
      return url;
    } catch (error) {
      this.#fault(["baseUrl"], (error as Error).message);
      return null;
    }
  }

  #formats(): readonly [FormatName, ...FormatName[]] | null {
    const { kind, format } = this.#section;
    const [first, ...more] = format;
    const known: readonly FormatName[] = PROVIDER_KINDS[kind === "openaiCompatible" ? "openai" : kind].formats;
    const strange = format.filter((each) => !known.includes(each));
    if (strange.length > 0) {
      this.#fault(
        ["format"],
        `the API of kind ${kind} has no format ${strange.join(", ")}; it has ${known.join(", ")}`,
      );
      return null;
    }
    return first === undefined ? PROVIDER_KINDS[kind].formats : [first, ...more];
  }

  #headers(): readonly string[] {
    const { kind, headers } = this.#section;
    const { fieldVariables } = PROVIDER_KINDS[kind];
    const own = Object.entries(headers).filter(([name, value]) => this.#isField(name, value));
    const names = new Set(own.map(([name]) => name.toLowerCase()));
    const fromEnv = Object.entries(fieldVariables).flatMap(([name, variable]) => {
      const value = this.#env[variable] ?? "";
      return names.has(name) || value === "" || !consistsOf(value, VALUE) ? [] : [name, value];
    });
    return [...own.flat(), ...fromEnv];
  }

  #isField(name: string, value: string): boolean {
    const fault = (message: string) => {
      this.#fault(["headers", name], message);
      return false;
    };
    const lower = name.toLowerCase();
    if (!consistsOf(name, TOKEN)) return fault(`"${name}" is not a valid header name`);
    if (KEY_FIELDS.has(lower)) return fault(`"${name}" would be sent beside the key; write keys in apiKeys`);
    if (OWN_FIELDS.has(lower)) return fault(`header "${name}" is set by the gateway`);
    return consistsOf(value, VALUE) || fault(`header "${name}" has a value that cannot be sent`);
  }

  /** As written; otherwise those of the environment, separated by commas. */
  #apiKeys(): readonly string[] {
    const { kind, apiKeys } = this.#section;
    const { keyVariable } = PROVIDER_KINDS[kind];
    const implied = keyVariable === null ? "" : (this.#env[keyVariable] ?? "");
    const keys = (apiKeys.length > 0 ? apiKeys : implied.split(",")).map((key) => key.trim());
    const usable = [...new Set(keys)].filter((key) => key !== "" && !isUnresolved(key));
    const strange = usable.findIndex((key) => !consistsOf(key, VALUE) || /\s/.test(key));
    if (strange === -1) return usable;
    this.#fault(["apiKeys"], `key ${strange + 1} contains characters that cannot be sent`);
    return [];
  }

  #fault(place: Place, message: string): void {
    const at = [...PLACE, this.#id, ...place];
    this.#draft.problems.error(this.#draft.at(at), `${dotted(at)}: ${message}`, place[0] === "apiKeys");
  }

  #warn(place: Place, message: string): void {
    const at = [...PLACE, this.#id, ...place];
    this.#draft.warn(at, `${dotted(at)}: ${message}`);
  }
}
