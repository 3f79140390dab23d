/** Records in plain sentences, as the steps of an explanation. */
import { formatStateVariable, offloadStateVariables } from '../ddi/offloadState';
import { statusName } from '../ddi/status';
import type { CallRecord, EventId, FrameRecord, StateOwner, StateValue } from '../trace/records';
import { connectionFramesOf } from './connectionFrames';
import { tcpFlag } from './tcpSegment';
import type { TraceModel } from './traceModel';

/** A component by its name. */
export function componentName({ store }: TraceModel, component: number): string {
  return store?.components[component]?.name ?? `component ${component}`;
}

/** A state object by its label. */
export function objectName({ store }: TraceModel, object: number): string {
  return store?.stateObjects[object]?.label ?? `object ${object}`;
}

/** The name of a variable. */
export function variableName({ store }: TraceModel, object: number, variable: number): string {
  const layer = store?.stateObjects[object]?.layer;
  return (layer && offloadStateVariables(layer)[variable]?.name) ?? `variable ${variable}`;
}

/** A value of a variable. */
export function variableText(
  { store }: TraceModel,
  object: number,
  variable: number,
  value: StateValue,
): string {
  const layer = store?.stateObjects[object]?.layer;
  const known = layer && offloadStateVariables(layer)[variable];
  return known === undefined ? String(value) : formatStateVariable(known, value);
}

const ownerTexts: Readonly<Record<StateOwner, string>> = {
  host: 'belongs to the host stack',
  offloading: 'is on its way to the target',
  target: 'belongs to the target',
  uploading: 'is on its way back to the host stack',
  gone: 'is gone',
};

/** What a change of ownership means. */
export function ownerText(model: TraceModel, object: number, owner: StateOwner): string {
  return `${objectName(model, object)} ${ownerTexts[owner]}.`;
}

/** A call: who calls whom. */
export function callText(model: TraceModel, record: CallRecord): string {
  const status = record.arguments.find((value) => value.kind === 'status');
  const said = status === undefined ? '' : ` with ${statusName(status.value)}`;
  return `${componentName(model, record.caller)} calls ${record.functionName} of ${componentName(model, record.callee)}${said}.`;
}

const flagNames = [
  ['SYN', tcpFlag.SYN],
  ['FIN', tcpFlag.FIN],
  ['RST', tcpFlag.RST],
] as const;

/** A frame, without what became of it: `a segment with 1448 bytes from 1000, ACK 2000`. */
export function frameText(model: TraceModel, event: EventId, record: FrameRecord): string {
  const frame = model.frames.at(event);
  const header = frame === undefined ? undefined : connectionFramesOf(model).header(frame);
  if (header === undefined) return `a frame of ${record.length} bytes`;
  const flags = flagNames.filter(([, bit]) => (header.flags & bit) !== 0).map(([name]) => name);
  const what = flags.length === 0 ? 'segment' : flags.join(' ');
  const data =
    record.payloadLength === 0 ? '' : ` with ${record.payloadLength} bytes from ${header.sequence}`;
  const acknowledgment = (header.flags & tcpFlag.ACK) === 0 ? '' : `, ACK ${header.acknowledgment}`;
  return `a ${record.retransmission ? 'repeated ' : ''}${what}${data}${acknowledgment}`;
}

/** A length of virtual time that is easy to read. */
export function lengthText(time: number): string {
  if (time < 10_000) return `${Math.round(time)} ns`;
  if (time < 10_000_000) return `${(time / 1e3).toFixed(1)} us`;
  return time < 10e9 ? `${(time / 1e6).toFixed(1)} ms` : `${(time / 1e9).toFixed(2)} s`;
}
