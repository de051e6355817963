// Finds the TLS blocks that are enabled, and checks their settings.
import type { ListenerTls, ManagementTls } from "../schema/listener-tls.ts";
import type { ManagementSection } from "../schema/management.ts";
import type { Written } from "../schema/root.ts";
import type { UpstreamTls } from "../schema/upstream-tls.ts";
import { backendOf, hasOwnTls } from "./backends.ts";
import { type Draft, dotted, type Place, placeOfKey } from "./draft.ts";
import type { Known } from "./known.ts";
import type { ListenerDraft } from "./listeners.ts";

/** Most services a warning names. */
const MAX_NAMES = 10;

/** An enabled block and its place. */
export interface TlsBlock<T> {
  readonly place: Place;
  readonly tls: T;
}

/** Every enabled block of a listener, including the management listener. @param listeners for clients */
export function listenerBlocks(
  listeners: readonly ListenerDraft[],
  management: ManagementSection,
): readonly TlsBlock<ListenerTls | ManagementTls>[] {
  const clients = listeners
    .filter(({ tls }) => tls.enabled)
    .map(({ key, tls }) => ({ place: [...placeOfKey(key), "tls"], tls }));
  const operators = management.enabled && management.tls.enabled;
  return operators ? [...clients, { place: ["management", "tls"], tls: management.tls }] : clients;
}

/** The TLS block for one service, or for all services without one of their own. */
interface UpstreamBlock extends TlsBlock<UpstreamTls> {
  readonly section: "http" | "grpc";
  /** null: all services without a block of their own. */
  readonly service: string | null;
}

/** Every enabled TLS block for services. The block of a single service includes inherited settings. */
export function upstreamBlocks(written: Pick<Written, "backend">): readonly UpstreamBlock[] {
  const { backend } = written;
  const sections = ["http", "grpc"] as const;
  const ofAll = sections.map((section) => {
    return { section, service: null, place: ["backend", section, "tls"], tls: backend[section].tls };
  });
  const own = Object.keys(backend.services).flatMap((service) => {
    const place = (section: string) => ["backend", "services", service, section, "tls"];
    return sections
      .filter((section) => hasOwnTls(written, service, section))
      .map((section) => ({ section, service, place: place(section), tls: backendOf(written, service)[section].tls }));
  });
  return [...ofAll, ...own].filter(({ tls }) => tls.enabled);
}

/** Checks the settings of every enabled block, except its files. */
export function checkTls(draft: Draft, known: Known): void {
  const listeners = listenerBlocks(known.listeners, draft.written.management);
  const upstreams = upstreamBlocks(draft.written);
  for (const { place, tls } of listeners) {
    if (tls.certFile !== "" || tls.pkcs12File !== "" || tls.keyFile !== "") continue;
    if (tls.certificates.length > 0 || tls.acme.enabled) continue;
    const ordered = tls.acme.domains.length + tls.acme.certificates.length > 0;
    const needs = ordered
      ? "acme needs enabled: true, which accepts the authority's terms of service"
      : "enabled needs certFile and keyFile, pkcs12File, certificates or acme";
    draft.error(place, `${dotted(place)}: ${needs}`);
  }
  const { management } = draft.written;
  for (const { key, tls } of [...known.listeners, { key: "management", tls: management.tls }]) {
    const place = placeOfKey(`${key}.tls`);
    if (!tls.acme.enabled) checkOff(draft, place, tls, tls.clientAuth !== "none");
    else if (!tls.enabled) draft.error([...place, "acme"], `${key}.tls.acme: certificates need tls.enabled: true`);
  }
  for (const section of ["http", "grpc"] as const) {
    const { tls } = draft.written.backend[section];
    checkOff(draft, ["backend", section, "tls"], tls, tls.pins.length > 0);
  }
  for (const { place, tls } of [...listeners, ...upstreams]) {
    if (Number(tls.minVersion) > Number(tls.maxVersion)) {
      draft.error([...place, "minVersion"], `${dotted(place)}: minVersion is above maxVersion`);
    }
  }
  for (const block of upstreams) {
    const { place, tls } = block;
    if ((tls.clientCertFile === "") !== (tls.clientKeyFile === "")) {
      draft.error(place, `${dotted(place)}: clientCertFile and clientKeyFile must be set together`);
    }
    if (tls.insecureSkipVerify) {
      const key = [...place, "insecureSkipVerify"];
      draft.warn(key, `${dotted(key)}: certificates of ${trusted(draft.written, block, known)} are not verified`);
    }
  }
}

/**
 * Reports a block that has settings, is off, and does not say so.
 * @param guards whether its settings would have kept somebody out: then this is an error
 */
function checkOff(draft: Draft, place: Place, tls: { readonly enabled: boolean }, guards: boolean): void {
  const isWritten = (name: string) => draft.isGiven(`${dotted(place)}.${name}`);
  // A block within the block may be switched off itself.
  const isSetting = (value: unknown) => typeof value !== "object" || Array.isArray(value);
  if (tls.enabled || isWritten("enabled")) return;
  if (!Object.entries(tls).some(([name, value]) => isSetting(value) && isWritten(name))) return;
  const message = `${dotted(place)} has no effect without enabled: true`;
  if (guards) draft.error(place, message);
  else draft.warn(place, message);
}

/** The services a block is for, for messages. */
function trusted(written: Written, { service, section }: UpstreamBlock, { services }: Known): string {
  if (service !== null) return `service "${service}"`;
  const names = services.map(({ name }) => name).filter((name) => !hasOwnTls(written, name, section));
  if (names.length === 0) return "backends";
  const more = names.length - MAX_NAMES;
  return `backends (${names.slice(0, MAX_NAMES).join(", ")}${more > 0 ? ` and ${more} more` : ""})`;
}
