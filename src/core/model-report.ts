// What operators are told of the language models of the rules: plain data, and nothing secret.

/** A key of the operator. */
export interface ModelKeyReport {
  /** `bad`: refused by the provider. `unknown`: no gateway was asked. */
  readonly state: "good" | "cooling" | "bad" | "unknown";
  /** Time until it may be used, ms; 0: now. */
  readonly forMs: number;
}

/** A model of a rule, at one provider. */
export interface ModelReport {
  /** Id of the rule. */
  readonly rule: string;
  readonly order: "priority" | "weighted" | "cheapest" | "fastest";
  /** Place among the models of the rule, from 1, as a client gets them that names none. */
  readonly place: number;
  readonly weight: number;
  /** Name for clients. */
  readonly model: string;
  readonly provider: string;
  /** Name at the provider. */
  readonly upstreamName: string;
  /** What requests are sent with: `client` = only what clients bring, `keyless` = nothing is needed, `none` = nobody can use it. */
  readonly credential: "keys" | "client" | "keyless" | "none";
  /** Keys of the operator for the model, in their order. */
  readonly keys: readonly ModelKeyReport[];
  /** Time until the model is asked again, whatever the key, ms; 0: now. */
  readonly restsMs: number;
  /** Whether it stands for all models of the provider that fit its name, which clients name. */
  readonly open: boolean;
  /** Whether anything is known of it; otherwise the capabilities are those assumed for its provider. */
  readonly known: boolean;
  /** Most tokens of prompt and answer; 0 unknown. */
  readonly contextIn: number;
  /** Most tokens of the answer; 0 unknown. */
  readonly contextOut: number;
  /** Names of what it can do: `images`, `documents`, `audio`, `tools`, `jsonSchema`, `sampling`, `stop`, `reasoning`. */
  readonly capabilities: readonly string[];
  /** USD per million tokens; null: unknown. */
  readonly price: { readonly input: number; readonly output: number } | null;
}
