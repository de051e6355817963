// What a fault of a provider means for the credential it was sent, and for the model.
import type { Fault, FaultKind } from "../message/fault.ts";
import type { FallbackSettings } from "../settings.ts";
import type { Credential } from "./credential.ts";

/** What is not to be asked for a while. */
export type Scope =
  /** The credential, for all models. */
  | "key"
  /** The credential, for this model. */
  | "keyModel"
  /** The model, whatever the credential. */
  | "providerModel";

/** A row of the table. */
interface Consequence {
  readonly scope: Scope;
  /** ms; null: `fallback.cooldownMs`. */
  readonly ms: number | null;
  /** Whether the provider may ask for another time, up to `fallback.maxCooldownMs`. */
  readonly asks: boolean;
  /** Refused rather than limited: one request tries it again after that time. */
  readonly refused: boolean;
}

/** Time after which a key that was refused is tried again, ms. */
export const PROBE_MS = 300_000;
const QUOTA_MS = 300_000;
const OVERLOAD_MS = 30_000;
const RAMP_MS = 10_000;
const MISSING_MODEL_MS = 300_000;

const QUOTA: Consequence = { scope: "key", ms: QUOTA_MS, asks: false, refused: false };

type ByKind = Readonly<Partial<Record<FaultKind, Consequence>>>;
type ByCode = Readonly<Record<string, Consequence>>;

const OVERLOADED: ByKind = { overloaded: { scope: "providerModel", ms: OVERLOAD_MS, asks: false, refused: false } };

/** Keys: those of clients and those of the operator alike. */
const KEYS: ByKind = {
  ...OVERLOADED,
  rateLimit: { scope: "keyModel", ms: null, asks: true, refused: false },
  quota: QUOTA,
  billing: QUOTA,
};

/** The limit of a subscription is one for all models. */
const SUBSCRIPTIONS: ByKind = {
  ...OVERLOADED,
  rateLimit: { scope: "key", ms: null, asks: true, refused: false },
  quota: { scope: "key", ms: null, asks: true, refused: false },
};

const OPERATOR: ByKind = {
  ...KEYS,
  authentication: { scope: "key", ms: PROBE_MS, asks: false, refused: true },
  // A key may lack permission for one model only: clients that name it must not take the others from everybody.
  permission: { scope: "keyModel", ms: PROBE_MS, asks: false, refused: true },
};

/** Codes that say more than the kind of their fault. */
const CODES: ByCode = {
  insufficient_quota: QUOTA,
  contract_spend_limit_reached: QUOTA,
  enforced_spend_limit_reached: QUOTA,
  linked_organization_spend_limit_reached: QUOTA,
  ramp_limit_exceeded: { scope: "keyModel", ms: RAMP_MS, asks: true, refused: false },
};

const OPERATOR_CODES: ByCode = {
  ...CODES,
  model_not_found: { scope: "providerModel", ms: MISSING_MODEL_MS, asks: false, refused: false },
};

/** A cooldown to set. */
export interface NewCooldown {
  readonly scope: Scope;
  readonly ms: number;
  readonly refused: boolean;
}

/** The cooldown a fault leads to; null: none. */
export function cooldownFor(fault: Fault, credential: Credential, fallback: FallbackSettings): NewCooldown | null {
  const row = rowFor(fault, credential);
  if (row === undefined) return null;
  const { scope, ms, asks, refused } = row;
  const asked = asks && fault.retryAfterMs >= 0 ? Math.min(fault.retryAfterMs, fallback.maxCooldownMs) : null;
  return { scope, ms: asked ?? ms ?? fallback.cooldownMs, refused };
}

/**
 * Whether a fault goes to the client although others could be asked: it concerns a credential of its own, and another one must
 * not pay instead.
 */
export function isFinal({ kind }: Fault, { origin, oauth }: Credential, onLimit: "return" | "failover"): boolean {
  if (origin !== "client") return false;
  if (kind === "authentication" || kind === "permission") return true;
  return oauth && onLimit === "return" && (kind === "rateLimit" || kind === "quota" || kind === "billing");
}

function rowFor({ kind, code }: Fault, { origin, oauth }: Credential): Consequence | undefined {
  if (oauth) return SUBSCRIPTIONS[kind];
  const codes = origin === "operator" ? OPERATOR_CODES : CODES;
  if (code !== null && Object.hasOwn(codes, code)) return codes[code];
  return (origin === "client" ? KEYS : origin === "operator" ? OPERATOR : OVERLOADED)[kind];
}
