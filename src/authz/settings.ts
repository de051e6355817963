// The settings of role-based access control, as plain data.
import type { Principal } from "./principal.ts";

/** One role of a policy. */
export interface RoleSettings {
  readonly name: string;
  /** For people. */
  readonly description: string;
  /** In the form of `readGrant`. */
  readonly permissions: readonly string[];
  /** Names of roles of the same policy, all of which are there. They make no cycle. */
  readonly inherits: readonly string[];
}

/** Who has a role. */
export interface BindingSettings {
  readonly principal: Principal;
  /** Names of roles of the same policy, all of which are there. */
  readonly roles: readonly string[];
}

/** Roles, and who has them. */
export interface PolicySettings {
  readonly name: string;
  readonly roles: readonly RoleSettings[];
  readonly bindings: readonly BindingSettings[];
}

/** All of it. */
export interface RbacSettings {
  /** false: what would be denied is logged, and passes. */
  readonly enforces: boolean;
  /** Whether a permission passes that no role of any policy is given. */
  readonly defaultAllow: boolean;
  /** Attribute that names the subject; "" = the authenticated subject itself. */
  readonly subjectKey: string;
  /** Decisions that are kept; 0 none. */
  readonly cacheSize: number;
  /** How long each is, ms; 0 until the configuration changes. */
  readonly cacheMs: number;
  readonly policies: readonly PolicySettings[];
}
