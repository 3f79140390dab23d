/** What remote hosts and paths do: resets, windows, acknowledgments, silence, other addresses and MTUs. */
import { macAddress } from '../scenarios/topology';
import { isIpv6 } from '../wire/address';
import { ipv6MinimumMtu } from '../wire/ipv6';
import { tcpFlags } from '../wire/tcpSegment';
import type { Deed } from './adapterDeeds';
import type { FaultScene, FaultyConnection } from './faultScene';
import type { SegmentChange } from './frameChanges';
import type { InjectedFault } from './injectedFault';

type ConnectionFault =
  'mtu-change' | 'peer-reset' | 'zero-window' | 'window-shrink' | 'wrong-ack' | 'peer-silence';

type PeerFault = ConnectionFault | 'mac-change';

/** Ethernet addresses of replaced adapters. */
const firstReplacement = 0x300;

/** Offsets in a TCP header (RFC 9293 section 3.1). */
const offsets = { acknowledgment: 8, flags: 13, window: 14 } as const;

/** Something that goes wrong with a connection that the application has opened. */
function connectionDeed<Kind extends ConnectionFault>(
  what: (fault: InjectedFault<Kind>) => string,
  act: (fault: InjectedFault<Kind>, found: FaultyConnection, scene: FaultScene) => void,
): Deed<Kind> {
  return (fault, scene) => {
    const { connection: number } = fault.definition as { readonly connection: number };
    const found = scene.connection(number);
    if (found === undefined) {
      fault.note(`there is no connection ${number} yet, and nothing happens`, scene.topology.host.component);
      return;
    }
    scene.machine.cause = fault.note(what(fault), found.peer.component, found.connection.id);
    act(fault, found, scene);
  };
}

/** A change of the peer's segments for a while. */
function segmentDeed<Kind extends 'zero-window' | 'window-shrink' | 'wrong-ack' | 'peer-silence'>(
  what: string,
  changeOf: (fault: InjectedFault<Kind>) => SegmentChange,
): Deed<Kind> {
  return connectionDeed<Kind>(
    () => what,
    (fault, { connection }, { frames, machine }) => {
      const end = frames.begin(connection.id, changeOf(fault));
      machine.queueDeferredCall((fault.definition as { readonly for: number }).for, end);
    },
  );
}

/** Whether a segment's window is not scaled, and whether it has an acknowledgment. */
function flagsOf(view: DataView, tcp: number): { readonly isSyn: boolean; readonly acknowledges: boolean } {
  const flags = view.getUint8(tcp + offsets.flags);
  return { isSyn: (flags & tcpFlags.SYN) !== 0, acknowledges: (flags & tcpFlags.ACK) !== 0 };
}

function settingWindow(change: (window: number, scale: number) => number): SegmentChange {
  return (view, { tcp }, scale) => {
    const at = tcp + offsets.window;
    if (!flagsOf(view, tcp).isSyn) view.setUint16(at, change(view.getUint16(at), scale));
    return true;
  };
}

/** See the file's head. */
export const peerDeeds: { readonly [Kind in PeerFault]: Deed<Kind> } = {
  'mac-change': (fault, scene) => {
    const { neighbor } = fault.definition;
    const peer = scene.topology.peers[neighbor - 1];
    if (peer === undefined) {
      fault.note(`there is no neighbor ${neighbor}, and nothing happens`, scene.topology.host.component);
      return;
    }
    scene.machine.cause = fault.note('the adapter of a next hop is replaced', peer.component);
    peer.replaceMac(macAddress(firstReplacement + scene.nextNumber()));
  },
  'mtu-change': connectionDeed(
    ({ definition }) => `path MTU discovery finds ${definition.mtu} bytes`,
    ({ definition }, { connection }, { topology }) => {
      const { remoteAddress } = connection;
      const least = isIpv6(remoteAddress) ? ipv6MinimumMtu : 0;
      topology.host.changePathMtu(remoteAddress, Math.max(least, definition.mtu));
    },
  ),
  'peer-reset': connectionDeed(
    () => 'the peer resets the connection',
    (_fault, { connection, peer, address }) => {
      peer.reset(address, connection.path.source, connection.localPort);
    },
  ),
  'zero-window': segmentDeed('the peer closes its window', () => settingWindow(() => 0)),
  'window-shrink': segmentDeed('the peer takes back a part of its window', ({ definition }) =>
    settingWindow((window, scale) => Math.max(0, window - Math.ceil(definition.by / 2 ** scale))),
  ),
  'wrong-ack': segmentDeed(
    'the peer acknowledges what nobody has sent',
    ({ definition }) =>
      (view, { tcp }) => {
        const at = tcp + offsets.acknowledgment;
        if (flagsOf(view, tcp).acknowledges) view.setUint32(at, (view.getUint32(at) + definition.by) >>> 0);
        return true;
      },
  ),
  'peer-silence': segmentDeed('nothing comes from the peer', () => () => false),
};
