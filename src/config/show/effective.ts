// The effective configuration as plain values, secrets masked: what `print-config` and the management API show.
import type { Config } from "../config.ts";
import type { Origin } from "../schema/field.ts";
import { gateway } from "../schema/root.ts";
import { isSecretBlock, isSecretPath } from "../schema/secret-keys.ts";
import { showDuration } from "../text/units.ts";
import { withoutUrlSecrets } from "../text/url-secrets.ts";
import { writtenOf } from "../written.ts";

/** Keys with `token` in their name that hold counts and no secrets. */
const COUNT = /Tokens$/;
const MASK = "***";

/** Everything that is in effect below `gateway`, inferred values included. */
export function effectiveConfiguration(config: Config): Record<string, unknown> {
  const shown = withInferred(gateway.show(writtenOf(config)) as Record<string, unknown>, config);
  return masked(shown, "", false, config.origins) as Record<string, unknown>;
}

/**
 * A free mapping of the configuration with its secrets masked: what its keys call so, and what came from a file.
 * @param path where it stands, dotted, below `gateway`
 */
export function maskedMap(
  map: Readonly<Record<string, unknown>>,
  path: string,
  { origins }: Config,
): Record<string, unknown> {
  return masked(map, path, false, origins) as Record<string, unknown>;
}

/** @param secret whether a key above says so */
function masked(value: unknown, path: string, secret: boolean, origins: ReadonlyMap<string, Origin>): unknown {
  const origin = origins.get(path);
  const hidden = secret || isSecretPath(path) || (origin?.kind === "file" && origin.masked);
  if (Array.isArray(value)) return value.map((item, i) => masked(item, `${path}[${i}]`, hidden, origins));
  if (typeof value === "object" && value !== null) {
    // A secret block is one that is called so; what a file filled in is a value, and the origins of its keys say which.
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const below = path === "" ? key : `${path}.${key}`;
        return [key, masked(inner, below, secret || isSecretBlock(below, key), origins)];
      }),
    );
  }
  const plain = value === null || value === "" || typeof value === "boolean";
  if (hidden && !plain && !(typeof value === "number" && COUNT.test(path))) return MASK;
  return typeof value === "string" ? withoutUrlSecrets(value) : value;
}

/** Ids, ports and schemes that the file leaves out. */
function withInferred(shown: Record<string, unknown>, config: Config): Record<string, unknown> {
  const router = shown.router as { rules: Record<string, unknown>[] };
  for (const [i, rule] of config.rules.entries()) {
    const { id, loadBalance, strategy, timeoutMs } = rule;
    const inferred = strategy === null ? { loadBalance } : { timeout: showDuration(timeoutMs) };
    router.rules[i] = { ...router.rules[i], id, ...inferred };
  }
  const { services } = (shown.registry as { static: { services: { instances: Record<string, unknown>[] }[] } }).static;
  for (const [i, service] of config.services.slice(0, services.length).entries()) {
    for (const [j, { id, port, scheme, http2, grpc }] of service.endpoints.entries()) {
      const written = http2 && !grpc ? "h2c" : scheme;
      services[i]!.instances[j] = { ...services[i]!.instances[j], id, port: port || null, scheme: written };
    }
  }
  return shown;
}
