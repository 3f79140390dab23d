/** What `wire` tells of the host's connections while it plays: every so often, and whenever SIGUSR2 asks for it. */
import { chimneyStatisticsText, type ChimneyStatistics } from '../../shared/analysis/chimneyStatistics';
import { netstatText, type NetstatRow } from '../../shared/analysis/netstat';

/** Longest interval that a timer of Node takes, ms. */
const longestTimer = 2 ** 31 - 1;

/** A host that can be asked. */
export interface StatisticsSource {
  /** Virtual time, ns. */
  readonly now: number;
  readonly host: { netstat(): NetstatRow[]; chimneyStatistics(): ChimneyStatistics[] };
}

/** How it is told. */
export interface StatisticsOptions {
  /** Real time between two reports, ns; undefined: only when a signal asks. */
  readonly interval: number | undefined;
  /** One line of JSON for each report, instead of tables. */
  readonly json: boolean;
  /** Takes a report. */
  readonly write: (text: string) => void;
}

/** One report as text. */
export function statisticsText({ now, host }: StatisticsSource, json: boolean): string {
  const chimney = host.chimneyStatistics();
  const connections = host.netstat();
  if (json) return `${JSON.stringify({ virtualTime: now, chimney, connections })}\n`;
  const time = `At ${(now / 1e9).toFixed(6)} s\n`;
  return `${time}${chimneyStatisticsText(chimney)}${netstatText(connections)}\n`;
}

/** Begins to tell; answers what ends it. SIGUSR1 is not free: Node starts its debugger when it comes. */
export function tellStatistics(
  source: StatisticsSource,
  { interval, json, write }: StatisticsOptions,
): () => void {
  const tell = (): void => {
    write(statisticsText(source, json));
  };
  process.on('SIGUSR2', tell);
  const timer =
    interval === undefined ? undefined : setInterval(tell, Math.min(interval / 1e6, longestTimer));
  return () => {
    process.off('SIGUSR2', tell);
    clearInterval(timer);
  };
}
