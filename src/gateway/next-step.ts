// What follows an attempt that did not serve the client: decided from plain values, executed by `forward.ts`.
import type { Progress } from "../core/edges.ts";
import type { RetryRule } from "../core/retry.ts";
import type { Target } from "../core/strategy.ts";
import { backoff, maySendAgain } from "./resend.ts";

/** One way to go on. */
export type Step =
  /** Attempt on the endpoint the balancer picks; first those that have not failed. */
  | { readonly kind: "attempt" }
  /** The same endpoint on a new connection: it closed the kept one, which counts as no attempt. */
  | { readonly kind: "fresh" }
  /** Another endpoint at once. @param same whether the failed one may be tried again if there is no other */
  | { readonly kind: "other"; readonly same: boolean }
  /** Another attempt after a wait, ms, paid for from the retry budget. */
  | { readonly kind: "wait"; readonly ms: number }
  /** The event stream continues on another connection, after the delay its backend has set. */
  | { readonly kind: "reconnect" }
  /** Another target. Costs nothing of the budgets: it is a new request to another service. */
  | { readonly kind: "target"; readonly to: Target }
  /** What failed is what the client gets. */
  | { readonly kind: "giveUp" };

/** What the decision depends on, besides the outcome of the attempt. */
export interface Situation {
  /** null: only what no backend has looked at is sent again. */
  readonly rule: RetryRule | null;
  /** Attempts made on this target. */
  readonly attempts: number;
  /** Maximum attempts without a retry rule. */
  readonly maxAttempts: number;
  /** Whether doing it twice has the effect of doing it once. */
  readonly repeatable: boolean;
  /** Whether the whole body can still be sent from its beginning. */
  readonly replayable: boolean;
  /** Whether this target was tried on a fresh connection already. */
  readonly fresh: boolean;
  /** Whether the route leaves time for another endpoint at once. */
  readonly inTime: boolean;
  /** Time until the client must have its answer, ms. */
  readonly leftMs: number;
  /** Something of the reply has been sent that another target could not continue. */
  readonly begun: boolean;
  /** The reply is an event stream that can be taken up again. */
  readonly resumable: boolean;
  /** The target that takes over from this one, given how it ended; null: none. */
  readonly next: Target | null;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

const ATTEMPT: Step = { kind: "attempt" };
const FRESH: Step = { kind: "fresh" };
const OTHER: Step = { kind: "other", same: false };
const OTHER_OR_SAME: Step = { kind: "other", same: true };
const GIVE_UP: Step = { kind: "giveUp" };
const RECONNECT: Step = { kind: "reconnect" };

/** The step at the start of a request, and after a delay. */
export const BEGIN: readonly Step[] = [ATTEMPT];

/**
 * The ways to go on after a failed attempt, in order of preference: the first that can be taken is. The last one always can.
 * @param progress how far the attempt came
 */
export function afterFailure(s: Situation, progress: Progress): readonly Step[] {
  if (s.resumable) return [RECONNECT, GIVE_UP];
  const steps: Step[] = [];
  if (!s.begun && maySendAgain(progress, s.repeatable, s.replayable, s.rule !== null)) {
    if (progress === "reset_on_reuse" && !s.fresh) steps.push(FRESH);
    if (s.attempts < (s.rule?.maxAttempts ?? s.maxAttempts)) {
      if (progress !== "sent" && s.inTime) steps.push(progress === "refused" ? OTHER_OR_SAME : OTHER);
      const wait = waitFor(s, -1);
      if (wait !== null) steps.push(wait);
    }
  }
  steps.push(...elsewhere(s, progress), GIVE_UP);
  return steps;
}

/**
 * The way to go on when no attempt could be made.
 * @param progress of the last attempt on this target; `unsent`: there was none
 */
export function afterBlock(s: Situation, progress: Progress): readonly Step[] {
  return [...elsewhere(s, progress), GIVE_UP];
}

/**
 * The steps after an answer for which another attempt may succeed.
 * @param retryable whether the retry rule names its status
 * @param askedMs delay requested by the backend, ms; -1 none
 * @returns empty: the client gets the answer
 */
export function afterAnswer(s: Situation, retryable: boolean, askedMs: number): readonly Step[] {
  if (s.begun || !s.replayable) return [];
  const wait = retryable ? waitFor(s, askedMs) : null;
  const target: readonly Step[] =
    s.next !== null && s.repeatable && s.leftMs > 0 ? [{ kind: "target", to: s.next }] : [];
  return wait === null ? target : [wait, ...target];
}

/** What the first target may have done is not done again by another, unless that is harmless. */
function elsewhere(s: Situation, progress: Progress): readonly Step[] {
  if (s.next === null || s.begun || s.leftMs <= 0) return [];
  const may = progress === "declined" ? s.replayable : maySendAgain(progress, s.repeatable, s.replayable, true);
  return may ? [{ kind: "target", to: s.next }] : [];
}

function waitFor({ rule, attempts, leftMs, random }: Situation, askedMs: number): Step | null {
  if (rule === null || attempts >= rule.maxAttempts) return null;
  const ms = askedMs >= 0 ? askedMs : backoff(rule, attempts - 1, random);
  return ms > rule.maxDelayMs || ms >= leftMs ? null : { kind: "wait", ms };
}
