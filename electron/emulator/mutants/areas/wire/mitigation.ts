/** Mutants for rules about the validation of a peer after a challenge. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { walkBlocks } from '../../../kit';
import type { TCP_OFFLOAD_STATE_CACHED, TCP_OFFLOAD_STATE_DELEGATED } from '../../../ndis/offloadState';
import { advance } from '../../../tcp/sequenceNumber';
import { defaultTcpSettings } from '../../../tcp/tcpSettings';
import { tcpFlags } from '../../../wire/tcpSegment';
import type { BadDriver } from '../../badDriver';
import { copyFrame, editSegment, segmentPlaces } from '../../../tampering/segmentEdits';
import type { Mutant, Situation } from '../../mutant';
import { attacked } from './attacks';

const second = 1_000_000_000;
const { RST, ACK } = tcpFlags;
const rst = { at: 0, flags: RST, offset: 1000 };

/** A RST that is no part of anything lets time pass. */
const wake = (at: number) => ({ at, flags: RST, offset: -1000 });

/** Somebody sends a RST, and the peer is not heard of any more. */
const unanswered = attacked([rst, wake(302 * second), wake(330 * second)], true);

/** As before, and the host stack takes the connection back while probes are sent. */
const takenBack: Situation = (() => {
  const situation = attacked([rst, wake(303.5 * second), wake(303.6 * second)], true);
  return {
    ...situation,
    act: (run) => {
      if (situation.act!(run)) return true;
      if (run.now < 303 * second) return true;
      run.streams[0]!.connection!.upload();
      return false;
    },
  };
})();

/** The target reads other cached variables than it is offered. */
function misreadingOffers(change: Partial<TCP_OFFLOAD_STATE_CACHED>): BadDriver {
  return {
    handlers: {
      InitiateOffloadHandler: (next) => (context, root) => {
        walkBlocks(root, ({ state }) => {
          if (state?.layer === 'tcp') Object.assign(state.cached!, change);
        });
        next(context, root);
      },
    },
  };
}

/** The target hands back other delegated variables. */
function misreporting(change: Partial<TCP_OFFLOAD_STATE_DELEGATED>): BadDriver {
  return {
    functions: {
      NdisMTerminateOffloadComplete: (next) => (handle, root) => {
        walkBlocks(root, ({ state }) => {
          if (state?.layer === 'tcp' && state.delegated !== undefined) Object.assign(state.delegated, change);
        });
        next(handle, root);
      },
    },
  };
}

/** See the file's head. */
export const mitigationMutants: readonly Mutant[] = [
  {
    breaks: 'WIR-044',
    how: 'The target challenges a RST in the window and leaves it at that.',
    situation: unanswered,
    received: (frame, tools) => {
      const places = frame.path === 'peer' ? segmentPlaces(frame) : undefined;
      if (places === undefined || frame.bytes[places.tcp + 13] !== RST || !tools.once()) return [frame];
      return [
        editSegment(copyFrame(frame), (bytes, { tcp }, view) => {
          view.setUint32(tcp + 4, advance(view.getUint32(tcp + 4), -50_000));
          bytes[tcp + 13] = ACK;
        }),
      ];
    },
  },
  {
    breaks: 'WIR-045',
    how: 'The target sends its probes five seconds apart.',
    situation: unanswered,
    in: 'offload-target',
    driver: misreadingOffers({ KaInterval: 5000 }),
  },
  {
    breaks: 'WIR-046',
    how: 'The target sends 12 probes where KaProbeCount is 0.',
    situation: {
      ...unanswered,
      plan: {
        halfway: 'nothing',
        host: {
          tcp: {
            ...defaultTcpSettings,
            clockOffset: 91_350,
            keepAlive: { ...defaultTcpSettings.keepAlive, probes: 0, interval: 0 },
          },
        },
      },
    },
    entails: {
      'WIR-047': 'Ten are the limit.',
    },
    in: 'offload-target',
    driver: misreadingOffers({ KaProbeCount: 12 }),
  },
  {
    breaks: 'WIR-047',
    how: 'The target sends 20 probes where KaProbeCount is 10.',
    situation: unanswered,
    in: 'offload-target',
    driver: misreadingOffers({ KaProbeCount: 20 }),
  },
  {
    breaks: 'WIR-048',
    how: 'The target hands a connection whose peer answers no probe back as established.',
    entails: {
      'TRM-031': 'It had the connection in CLOSED, and says ESTABLISHED.',
    },
    situation: unanswered,
    in: 'offload-target',
    driver: misreporting({ State: constantValue('TcpConnectionEstablished') }),
  },
  {
    breaks: 'WIR-049',
    how: 'The target forgets the probes that it has sent when it hands the connection back.',
    situation: takenBack,
    in: 'offload-target',
    driver: misreporting({ KeepAliveProbeCount: 0 }),
  },
  {
    breaks: 'WIR-050',
    how: 'The target goes on with its probes after the peer has been heard of.',
    situation: attacked([rst, { at: 60 * second, flags: ACK }, wake(305 * second)], true),
    received: (frame, tools) => {
      const places = frame.path === 'peer' ? segmentPlaces(frame) : undefined;
      return places !== undefined && tools.machine.now > 50 * second && frame.bytes[places.tcp + 13] === ACK
        ? []
        : [frame];
    },
  },
];
