// The checks that run in this process, so that metrics and the health page can show them and a stop can end them.

import type { CheckCounter } from "./check-status.ts";
import type { OutlierDetector } from "./outlier-detector.ts";
import type { Probe } from "./probe.ts";
import { type ProbeContext, ProbeLoop, type ProbeTiming } from "./probe-loop.ts";
import type { ServiceReach } from "./reach.ts";

/** One running check. */
export interface HealthCheck {
  /** A check of the gateway's own surroundings by its name, or `service/instance`; bounded by the configuration. */
  readonly name: string;
  /** Whether it belongs to the gateway as a whole and not to an endpoint. */
  readonly ofGateway: boolean;
  /** null once the check has ended. */
  readonly verdict: CheckCounter | null;
  close(): void;
}

/** What makes a check. */
interface HealthCheckParts {
  readonly name: string;
  readonly ofGateway: boolean;
  readonly probe: Probe;
  readonly pace: ProbeTiming;
  /** Wait before the first probe, ms. */
  readonly firstMs: number;
  verdict(): CheckCounter | null;
  /** Takes in what came of one probe. */
  report(failure: string | null, ms: number): void;
}

/** All running checks of the process. */
export class HealthChecks {
  readonly running = new Set<HealthCheck>();
  readonly detectors = new Set<OutlierDetector>();
  readonly reaches = new Set<ServiceReach>();
  readonly around: ProbeContext;

  constructor(around: ProbeContext) {
    this.around = around;
  }

  start(parts: HealthCheckParts): HealthCheck {
    const loop = new ProbeLoop(parts.probe, parts.pace, this.around, parts.firstMs, parts.report);
    const check: HealthCheck = {
      name: parts.name,
      ofGateway: parts.ofGateway,
      get verdict() {
        return parts.verdict();
      },
      close: () => {
        this.running.delete(check);
        loop.close();
      },
    };
    this.running.add(check);
    return check;
  }

  /** Ends all checks: the process stops. */
  close(): void {
    for (const check of [...this.running]) check.close();
    for (const detector of this.detectors) detector.close();
    this.detectors.clear();
    for (const reach of this.reaches) reach.close();
    this.reaches.clear();
  }
}
