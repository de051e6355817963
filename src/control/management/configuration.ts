// `/config`: what is in effect, loading it again, and how much is logged.
import { effectiveConfiguration } from "../../config/show/effective.ts";
import { LOG_LEVELS, type LogLevel } from "../../core/log.ts";
import { CallError, json } from "./answer.ts";
import { readFields } from "./body.ts";
import type { GatewayView } from "./gateway-view.ts";
import { lastReload } from "./info.ts";
import type { Operation } from "./operation.ts";
import { reload } from "./routes.ts";

/** Operations of the group. */
export function configurationOperations(backstage: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/config",
      group: "config",
      run: () =>
        json({
          configHash: backstage.snapshot().hash,
          gateway: effectiveConfiguration(backstage.snapshot().config),
          warnings: backstage.warnings(),
          lastReload: lastReload(backstage),
        }),
    },
    { method: "POST", path: "/config/reload", group: "config", run: (call) => reload(backstage, call) },
    {
      method: "POST",
      path: "/debug/log-level",
      group: "config",
      run: ({ body }) => {
        const { level } = readFields<{ level: LogLevel }>(body, {
          level: {
            expects: `one of ${LOG_LEVELS.join(", ")}`,
            is: (v): v is LogLevel => LOG_LEVELS.some((l) => l === v),
          },
        });
        if (level === undefined) throw new CallError(400, "Say level");
        backstage.setLogLevel(level);
        return json({ level });
      },
    },
  ];
}
