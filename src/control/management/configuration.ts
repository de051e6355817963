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
export function configurationOperations(view: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/config",
      group: "config",
      run: () =>
        json({
          configHash: view.config().hash,
          gateway: effectiveConfiguration(view.config()),
          warnings: view.warnings(),
          dropped: view.dropped(),
          lastReload: lastReload(view),
        }),
    },
    { method: "POST", path: "/config/reload", group: "config", run: (call) => reload(view, call) },
    {
      method: "POST",
      path: "/debug/log-level",
      group: "config",
      run: async ({ body }) => {
        const { level } = readFields<{ level: LogLevel }>(body, {
          level: {
            expects: `one of ${LOG_LEVELS.join(", ")}`,
            is: (v): v is LogLevel => LOG_LEVELS.some((l) => l === v),
          },
        });
        if (level === undefined) throw new CallError(400, "Missing level");
        await view.ask("setLogLevel", level);
        return json({ level });
      },
    },
  ];
}
