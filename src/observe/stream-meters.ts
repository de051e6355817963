// Counts WebSockets and event streams by service: those open now, those closed, and the messages of both.
import type { RequestContext, StreamCounts } from "../core/context.ts";
import type { StreamMeter } from "../core/request-observers.ts";

/** The streams of one kind to one service. */
export interface StreamCell {
  readonly kind: StreamCounts["kind"];
  readonly service: string;
  /** Open now; counted live. */
  readonly open: Set<StreamCounts>;
  /** Carried by streams that are closed. */
  sent: number;
  received: number;
  /** Handshakes and streams by HTTP status. */
  readonly byStatus: Map<number, number>;
}

/** The counters of all services. */
export class StreamMeterCells implements StreamMeter {
  readonly #cells = new Map<string, StreamCell>();

  opened(ctx: RequestContext): void {
    const stream = ctx.stream!;
    const cell = this.#cell(stream.kind, ctx.serviceName);
    cell.open.add(stream);
    count(cell, ctx.status);
  }

  done(ctx: RequestContext): void {
    const { stream, serviceName } = ctx;
    if (serviceName === "") return;
    if (stream === null) {
      if (ctx.upgrade) count(this.#cell("websocket", serviceName), ctx.status);
      return;
    }
    const cell = this.#cell(stream.kind, serviceName);
    if (!cell.open.delete(stream)) return;
    cell.sent += stream.sent;
    cell.received += stream.received;
  }

  /** Cells of services that exist, and of those that still have streams; the others are forgotten. */
  cells(exists: (service: string) => boolean): StreamCell[] {
    for (const [key, cell] of this.#cells) {
      if (cell.open.size === 0 && !exists(cell.service)) this.#cells.delete(key);
    }
    return [...this.#cells.values()];
  }

  #cell(kind: StreamCounts["kind"], service: string): StreamCell {
    const key = `${kind}|${service}`;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = { kind, service, open: new Set(), sent: 0, received: 0, byStatus: new Map() };
      this.#cells.set(key, cell);
    }
    return cell;
  }
}

/** Messages sent to clients of a cell, open and closed streams together. */
export function sentBy(cell: StreamCell): number {
  let sum = cell.sent;
  for (const stream of cell.open) sum += stream.sent;
  return sum;
}

/** Messages received from clients of a cell. */
export function receivedBy(cell: StreamCell): number {
  let sum = cell.received;
  for (const stream of cell.open) sum += stream.received;
  return sum;
}

function count(cell: StreamCell, status: number): void {
  cell.byStatus.set(status, (cell.byStatus.get(status) ?? 0) + 1);
}
