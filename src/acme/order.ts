// One order up to its certificate, resumed where an earlier gateway has left it.
import type { Authorization, Order } from "acme-client";
import { AcmeError, refused } from "./acme-error.ts";
import type { Authority } from "./authority.ts";
import { Challenges, kindOf } from "./challenges.ts";
import { faultOf } from "./fault.ts";
import { pause } from "./pause.ts";
import { type CertificateRecord, ORDERS, type OrderRecord, SpoiltRecord } from "./records.ts";
import { lifetimeOf } from "./renewal.ts";
import { type AcmeSettings, type ChallengeKind, type NameSet, setName } from "./settings.ts";
import type { AcmeStore } from "./store.ts";

/** Pause between looks at what an authority is doing, ms: from the first, doubled each time, to the longest. */
const LOOK_MS = { first: 100, longest: 5000 } as const;

/** The challenge of that kind did not convince the authority. */
export class ChallengeFailed extends AcmeError {
  readonly kind: ChallengeKind;

  constructor(kind: ChallengeKind, error: AcmeError) {
    super(error.message, error);
    this.kind = kind;
  }
}

/** At least one. */
export type ChallengeKinds = readonly [ChallengeKind, ...ChallengeKind[]];

/** What an order is made with. The signal is also that of the authority. */
export interface OrderParts {
  readonly settings: AcmeSettings;
  readonly store: AcmeStore;
  readonly authority: Authority;
  readonly signal: AbortSignal;
}

/**
 * Has a certificate issued. What is under way is in the store at each step, so that whoever comes after a crash goes on.
 * @param kinds of challenges, the best first
 * @throws AcmeError (rejects); what may still become of the order is resumed by the next call
 */
export async function obtain(names: NameSet, kinds: ChallengeKinds, parts: OrderParts): Promise<CertificateRecord> {
  const { settings, store, authority, signal } = parts;
  const name = setName(settings, names);
  const left = await resumed(name, parts);
  const { order, key } = left ?? (await placed(name, names, parts));
  try {
    const ready = order.status === "pending" ? await authorized(order, kinds, parts) : order;
    const done = await finished(ready, key, names, parts);
    const cert = await authority.client.getCertificate(done);
    const record = { names, cert, key, issuedAt: Date.now() };
    check(record);
    return record;
  } catch (error) {
    signal.throwIfAborted();
    // An order that the authority has refused to go on with would be refused again, and one that makes no sense stays so.
    const isHopeless = error instanceof AcmeError ? !error.passes : left !== null;
    if (isHopeless) await ORDERS.remove(store, name);
    throw error;
  }
}

/** The order that was begun before, unless nothing can become of it. */
async function resumed(name: string, { store, authority }: OrderParts): Promise<Begun | null> {
  const record = await readOrder(name, store);
  if (record === null) return null;
  try {
    const order = await authority.client.getOrder({ url: record.url } as Order);
    if (order.status !== "invalid") return { order, key: record.key };
  } catch (error) {
    // The authority does not know it any more, or it is another account's.
    if (!(error instanceof AcmeError) || error.passes || error.type === "accountDoesNotExist") throw error;
  }
  await ORDERS.remove(store, name);
  return null;
}

/** One that is spoilt is of no use, and is written anew. */
async function readOrder(name: string, store: AcmeStore): Promise<OrderRecord | null> {
  try {
    return await ORDERS.read(store, name);
  } catch (error) {
    if (error instanceof SpoiltRecord) return null;
    throw error;
  }
}

interface Begun {
  readonly order: Order;
  /** PEM key of the certificate. */
  readonly key: string;
}

async function placed(name: string, names: NameSet, { settings, store, authority }: OrderParts): Promise<Begun> {
  const key = await newKey(settings, authority);
  const order = await authority.client.createOrder({ identifiers: names.map((value) => ({ type: "dns", value })) });
  const record: OrderRecord = { url: order.url, key };
  await ORDERS.write(store, name, record);
  return { order, key };
}

async function newKey({ keyType }: AcmeSettings, { crypto }: Authority): Promise<string> {
  const make = {
    "ecdsa-p256": () => crypto.createPrivateEcdsaKey("P-256"),
    "ecdsa-p384": () => crypto.createPrivateEcdsaKey("P-384"),
    "rsa-2048": () => crypto.createPrivateRsaKey(2048),
    "rsa-4096": () => crypto.createPrivateRsaKey(4096),
  };
  return (await make[keyType]()).toString();
}

/** Shows the authority that all names are ours. */
async function authorized(order: Order, kinds: ChallengeKinds, parts: OrderParts): Promise<Order> {
  const { store, authority, signal } = parts;
  const { client } = authority;
  const authorization = async (url: string) =>
    (await client.getAuthorizations({ ...order, authorizations: [url] }))[0]!;
  const pending: Authorization[] = [];
  // One after the other: a hundred names at once would look like an attack.
  for (const url of order.authorizations) {
    const one = await authorization(url);
    if (one.status !== "valid") pending.push(one);
  }
  const challenges = new Challenges(kinds, store, authority);
  try {
    await challenges.answer(pending);
    for (const { url, identifier } of pending) {
      const look = () => authorization(url);
      const { status, challenges: all } = await until(look, (seen) => seen.status !== "pending", parts);
      if (status === "valid") continue;
      const failed = all.find(({ error }) => error !== undefined);
      const kind = kindOf(failed?.type ?? "") ?? kinds[0];
      throw new ChallengeFailed(kind, refused(`${identifier.value} by ${kind}`, failed?.error));
    }
  } finally {
    // Whoever takes over goes on with the same answers.
    if (!signal.aborted) await challenges.remove();
  }
  return until(
    () => client.getOrder(order),
    ({ status }) => status !== "pending",
    parts,
  );
}

/** Has the certificate made. */
async function finished(ready: Order, key: string, names: NameSet, parts: OrderParts): Promise<Order> {
  const { client, crypto } = parts.authority;
  let order = ready;
  if (order.status === "ready") {
    const [, csr] = await crypto.createCsr({ altNames: [...names] }, key);
    order = await client.finalizeOrder(order, csr);
  }
  if (order.status === "processing" || order.status === "ready") {
    order = await until(
      () => client.getOrder(order),
      ({ status }) => status !== "processing" && status !== "ready",
      parts,
    );
  }
  if (order.status !== "valid") throw refused(`the order for ${names.join(", ")} is ${order.status}`, order.error);
  return order;
}

/** Looks until something is done, or patience ends. The authority may ask for longer pauses. */
async function until<T>(look: () => Promise<T>, done: (seen: T) => boolean, parts: OrderParts): Promise<T> {
  const { authority, signal } = parts;
  for (let ms: number = LOOK_MS.first; ; ms = Math.min(2 * ms, LOOK_MS.longest)) {
    const seen = await look();
    if (done(seen)) return seen;
    await pause(Math.max(ms, Math.min(authority.retryAfterMs, LOOK_MS.longest * 6)), signal);
  }
}

/** @throws AcmeError when what the authority sent cannot be shown to clients */
function check(record: CertificateRecord): void {
  const detail = typeof record.cert === "string" ? (faultOf(record) ?? expiry(record)) : "not a PEM certificate";
  if (detail !== null) throw refused("the authority sent no certificate for our key and names", { detail });
}

/** Of one that starts in the future the clock of this machine is the likelier cause: it is shown. */
function expiry({ cert }: CertificateRecord): string | null {
  const { to } = lifetimeOf(cert);
  return to > Date.now() ? null : `the certificate ended at ${new Date(to).toISOString()}`;
}
