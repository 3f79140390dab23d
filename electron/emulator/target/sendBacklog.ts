/**
 * SendBacklogSize of one connection: how many bytes of sends the host stack should keep outstanding so that the wire never waits
 * for it. It follows the windows and not what is posted (EVT-033), in powers of two, and at most so often (EVT-034).
 */
import type { TcpVariables } from '../tcp/tcpVariables';

/** See the file's head; sizes in bytes. */
export interface SendBacklogSettings {
  readonly smallest: number;
  readonly largest: number;
  /** Virtual ns between two changes. */
  readonly interval: number;
}

/** See the file's head. */
export class SendBacklog {
  private reported: number | undefined;
  private reportedAt = -Infinity;

  constructor(private readonly settings: SendBacklogSettings) {}

  /** The size that is best now, bytes: twice what may be in flight, so that a window's worth waits while another is out. */
  ideal(variables: Pick<TcpVariables, 'CWnd' | 'MaxSndWnd'>): number {
    const { smallest, largest } = this.settings;
    const wanted = 2 * Math.min(variables.CWnd, variables.MaxSndWnd);
    let size = smallest;
    while (size < wanted && size < largest) size *= 2;
    return Math.min(size, largest);
  }

  /** The size for the answer of a query, which counts as reported. */
  query(variables: Pick<TcpVariables, 'CWnd' | 'MaxSndWnd'>, now: number): number {
    const size = this.ideal(variables);
    if (size !== this.reported) this.note(size, now);
    return size;
  }

  /** The size to indicate, if it differs from what the host stack knows and the last change is long enough ago (EVT-032). */
  change(variables: Pick<TcpVariables, 'CWnd' | 'MaxSndWnd'>, now: number): number | undefined {
    if (now - this.reportedAt < this.settings.interval) return undefined;
    const size = this.ideal(variables);
    if (size === this.reported) return undefined;
    this.note(size, now);
    return size;
  }

  private note(size: number, now: number): void {
    this.reported = size;
    this.reportedAt = now;
  }
}
