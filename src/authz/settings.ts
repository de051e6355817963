// The settings of role-based access control, as plain data.
import type { Principal } from "./principal.ts";

/** A role of a policy. */
export interface RoleSettings {
  readonly name: string;
  /** Shown by `gateway explain`. */
  readonly description: string;
  /** In the canonical form of `readGrant`. */
  readonly permissions: readonly string[];
  /** Names of existing roles of the same policy, without cycles. */
  readonly inherits: readonly string[];
}

/** The roles of a principal. */
export interface BindingSettings {
  readonly principal: Principal;
  /** Names of existing roles of the same policy. */
  readonly roles: readonly string[];
}

/** Roles and their bindings. */
export interface PolicySettings {
  readonly name: string;
  readonly roles: readonly RoleSettings[];
  readonly bindings: readonly BindingSettings[];
}

/** The settings. */
export interface RbacSettings {
  /** false: denials are only logged. */
  readonly enforces: boolean;
  /** Whether permissions are allowed that no role of any policy grants. */
  readonly defaultAllow: boolean;
  /** Attribute that contains the subject; "": the authenticated subject. */
  readonly subjectKey: string;
  /** Size of the decision cache; 0 disables it. */
  readonly cacheSize: number;
  /** Lifetime of a cached decision, ms; 0 until the next reload. */
  readonly cacheMs: number;
  readonly policies: readonly PolicySettings[];
}
