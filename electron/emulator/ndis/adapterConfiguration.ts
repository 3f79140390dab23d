/** What the registry says of an adapter, as far as its VLANs go: what an administrator has set, and how much its hardware has room for. */
import type { CallArgument } from '../../../shared/trace/records';
import { numberArgument, textArgument } from './arguments';

/** See the file's head. */
export interface AdapterConfiguration {
  /** Identifiers of the VLANs of the interface; empty: none is configured. */
  readonly vlanIds: readonly number[];
  /** VLAN identifiers for which its hardware has entries; Infinity: for all. */
  readonly vlanEntries: number;
}

/** What MiniportInitializeEx is recorded with; nothing where nothing out of the ordinary is configured. */
export function configurationArguments(configuration: AdapterConfiguration | undefined): CallArgument[] {
  if (configuration === undefined) return [];
  const { vlanIds, vlanEntries } = configuration;
  return [
    ...(vlanIds.length === 0 ? [] : [textArgument('VlanId', vlanIds.join(' '))]),
    ...(vlanEntries === Infinity ? [] : [numberArgument('VlanEntries', vlanEntries)]),
  ];
}
