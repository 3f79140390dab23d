/** A run's report for people who read a terminal. */
import { hashesAgree, type RunReport } from '../../shared/analysis/runReport';
import { recordingCostText, type RecordingCost } from '../../shared/contract/recordingCost';

/** What only the caller knows. */
export interface ReportContext {
  readonly wallSeconds: number | undefined;
  readonly events: number;
  /** Undefined where it was not measured. */
  readonly cost?: RecordingCost | undefined;
  readonly trace: string | undefined;
}

/** Several lines, each ended. */
export function reportText(report: RunReport, context: ReportContext): string {
  const { sha256, bytesSent, bytesReceived, frames } = report;
  const wall = context.wallSeconds === undefined ? '' : `, wall ${context.wallSeconds.toFixed(2)} s`;
  const lines = [
    `${report.success ? 'OK' : 'FAILED'}: ${report.summary}`,
    `  SHA-256 source    ${sha256.source ?? 'unknown'}`,
    `  SHA-256 peer      ${sha256.peer ?? 'unknown'}`,
    `  SHA-256 returned  ${sha256.returned ?? 'unknown'}${hashesAgree(report) ? '  (all equal)' : '  (NOT equal)'}`,
    `  bytes sent        ${bytesSent.hostPath} by host path, ${bytesSent.chimney} by chimney`,
    `  bytes received    ${bytesReceived.hostPath} by host path, ${bytesReceived.chimney} by chimney`,
    `  calls recorded    ${report.callsRecorded} (${report.optionalHandlersCalls} NdisSetOptionalHandlers) in ${context.events} events`,
    `  frames            ${frames.sent} sent, ${frames.lost} lost, ${frames.retransmitted} retransmitted`,
    `  time              virtual ${(report.virtualTime / 1e9).toFixed(6)} s${wall}`,
  ];
  if (context.cost !== undefined) lines.push(`  recording         ${recordingCostText(context.cost)}`);
  if (context.trace !== undefined) lines.push(`  trace             ${context.trace}`);
  return lines.join('\n') + '\n';
}
