// Compiles `management` into the settings of its server.
import type { FailureSettings } from "../../auth/failures.ts";
import type { Config } from "../../config/config.ts";
import { type UsableCredentials, usableCredentials } from "../../config/meaning/management.ts";
import type { ServerTls } from "../../tls/server-tls.ts";
import type { Group } from "./operation.ts";

/** Settings of the management listener. Equal values behave the same. */
export interface ManagementSettings {
  /** null: plain HTTP. */
  readonly tls: ServerTls | null;
  readonly host: string;
  readonly port: number;
  /** Without a slash at its end; "" for the root. */
  readonly basePath: string;
  /** null when no credential is required. */
  readonly credentials: UsableCredentials | null;
  /** Wrong credentials that are let try. */
  readonly failures: FailureSettings;
  /** Empty: any peer. */
  readonly allowedIPs: readonly string[];
  readonly groups: Readonly<Record<Group, boolean>>;
}

/** Compiles `management`; null when it is off. */
export function managementSettings(config: Config): ManagementSettings | null {
  const { management } = config;
  if (!management.enabled) return null;
  return {
    host: management.host,
    port: management.port,
    basePath: management.basePath.replace(/\/$/, ""),
    credentials: management.auth.enabled ? usableCredentials(management) : null,
    failures: config.auth.failures,
    allowedIPs: management.allowedIPs,
    groups: management.endpoints,
    tls: config.managementTls,
  };
}
