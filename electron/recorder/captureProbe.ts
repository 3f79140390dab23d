/** Feeds taps with what a run reports, and passes everything on. */
import type { FrameTaps } from '../../shared/capture/frameTaps';
import { passOn } from '../emulator/observe/passOn';
import type { Probe } from '../emulator/probe';

/** A probe in front of `inner`, with whole frames for the taps whatever the trace keeps of them. */
export function captureProbe(inner: Probe, taps: FrameTaps): Probe {
  return passOn(inner, {
    component: (role, name) => {
      const id = inner.component(role, name);
      taps.component(id, role, name);
      return id;
    },
    call: (time, call) => {
      const event = inner.call(time, call);
      taps.call(event, call.functionName);
      return event;
    },
    frame: (time, sender, path, connection, cause, length, payloadLength, retransmission, bytes) => {
      const event = inner.frame(
        time,
        sender,
        path,
        connection,
        cause,
        length,
        payloadLength,
        retransmission,
        bytes,
      );
      taps.frame(event, time, sender, path, connection, cause, length, retransmission, bytes);
      return event;
    },
    frameFate: (time, frame, fate, receiver, flippedBits) => {
      inner.frameFate(time, frame, fate, receiver, flippedBits);
      taps.frameFate(time, frame, fate, receiver, flippedBits);
    },
    packetInterface: (name) => {
      const wanted = inner.packetInterface?.(name) === true;
      return taps.packetInterface(name) || wanted;
    },
    packet: (time, name, direction, call, connection, bytes) => {
      inner.packet?.(time, name, direction, call, connection, bytes);
      taps.packet(time, name, direction, call, connection, bytes);
    },
  });
}
