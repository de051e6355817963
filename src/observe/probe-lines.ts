// Omits successful probes and scrapes from the access log, because they are frequent and carry no information.
import type { RequestContext } from "../core/context.ts";
import type { AccessLog } from "../core/request-observers.ts";
import { getField } from "../wire/fields.ts";

/** How the user agents of health probes of platforms and load balancers, and of scrapers, begin. */
const AGENTS =
  /^(kube-probe\/|GoogleHC\/|ELB-HealthChecker\/|Amazon-Route53-Health-Check|Consul Health Check|Envoy\/HC|Prometheus\/|Blackbox Exporter\/|Blackbox-Exporter\/|Edge Health Probe|UptimeRobot\/|Mozilla\/5\.0\+\(compatible; UptimeRobot)/;
/** Below it are health pages of services. */
const SERVICES = "/_gateway/health/services/";

/** An access log without them. Those that went wrong are written. */
export class WithoutProbes implements AccessLog {
  readonly #log: AccessLog;
  readonly #paths: ReadonlySet<string>;

  /** @param paths canonical paths of the gateway's own health and metrics pages */
  constructor(log: AccessLog, paths: ReadonlySet<string>) {
    this.#log = log;
    this.#paths = paths;
  }

  write(ctx: RequestContext, durationMs: number): void {
    if (ctx.status < 400 && this.#isProbe(ctx)) return;
    this.#log.write(ctx, durationMs);
  }

  #isProbe(ctx: RequestContext): boolean {
    if (ctx.serviceName === "" && (this.#paths.has(ctx.path) || ctx.path.startsWith(SERVICES))) return true;
    return AGENTS.test(getField(ctx.fields, "user-agent") ?? "");
  }
}
