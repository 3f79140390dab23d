/** Send data that changes hands with an offload: its chain, its place in the stream, and who goes on with it (INI-018 to INI-021, INI-046, INI-047, INI-060 to INI-063). */
import { sequenceDistance } from '../../../analysis/tcpSegment';
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import { fateDelivers } from '../../../trace/frameFates';
import type { FrameFateRecord, NetBufferListSnapshot, VirtualTime } from '../../../trace/records';
import { chainIsRecorded, chainOf } from '../../engine/attachedLists';
import { isOfTarget, isOriginal, isRefusal, offeredConnections } from '../../engine/blocks';
import type { Call } from '../../engine/call';
import { tcpFlags, type WireFrame } from '../../engine/frame';
import { rule, type Breach, type Rule, type RuleContext } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { treeOf, type TreeBlock } from '../../engine/tree';
import { unseenFrames } from '../../facts/unseenFrames';
import { flows } from '../../facts/flows';
import { payloadOf } from './receivedData';
import { Gate, WaitingMap } from '../../engine/gate';

/** States in which a FIN may be among what is outstanding. */
const finStates = new Set(
  (['TcpConnectionFinWait1', 'TcpConnectionClosing', 'TcpConnectionLastAck'] as const).map((name) =>
    constantValue(name),
  ),
);

const retrieve = constantValue('TcpIndicateRetrieve');
const abort = constantValue('TcpIndicateAbort');

const notRunning = 0xffff_ffff;

function totalLength(lists: readonly NetBufferListSnapshot[]): number {
  return lists.reduce((sum, { dataLength }) => sum + dataLength, 0);
}

/** Bytes between SndUna and SndMax, without a FIN. */
function outstandingBytes(delegated: StructureView): number {
  const out = sequenceDistance(delegated.number('SndUna') ?? 0, delegated.number('SndMax') ?? 0);
  return out - (finStates.has(delegated.number('State') ?? 0) ? 1 : 0);
}

/** What the send pointers of a block say about its chain. */
interface SendPointers {
  readonly lists: readonly NetBufferListSnapshot[];
  /** Places of SendDataHead and SendDataTail in the chain; -1 where they are not in it. */
  readonly head: number;
  readonly tail: number;
  /** Places of the first and the last list with data; -1 where there is none. */
  readonly first: number;
  readonly last: number;
}

/** Undefined where the block has no chain, or the trace doesn't tell what is in it. */
function sendPointers(call: Call, block: TreeBlock, delegated: StructureView): SendPointers | undefined {
  const lists = chainOf(call, block);
  if (lists.length === 0) return undefined;
  const placeOf = (member: 'SendDataHead' | 'SendDataTail'): number => {
    const address = delegated.pointer(member);
    return lists.findIndex((list) => list.address === address);
  };
  const withData = lists.map(({ dataLength }) => dataLength > 0);
  return {
    lists,
    head: placeOf('SendDataHead'),
    tail: placeOf('SendDataTail'),
    first: withData.indexOf(true),
    last: withData.lastIndexOf(true),
  };
}

/** Looks at every connection that the host stack offers. */
function atOffer(
  id: 'INI-018' | 'INI-020' | 'INI-021',
  look: (
    call: Call,
    block: TreeBlock,
    delegated: StructureView,
    judge: (holds: boolean, found: string, expected: string, severity?: Breach['severity']) => void,
  ) => void,
): Rule {
  return rule(id, ({ facts, expect }) => ({
    call: {
      NdisInitiateOffload: (call) => {
        if (!isOriginal(facts, call)) return;
        for (const { block, delegated } of offeredConnections(call))
          look(call, block, delegated, (holds, found, expected, severity) => {
            expect(holds, () => ({
              events: [call.event],
              found,
              expected,
              component: call.caller,
              object: block.object,
              connection: facts.objects.find(block.object)?.connection,
              ...(severity === undefined ? {} : { severity }),
            }));
          });
      },
    },
  }));
}

/** First bytes of a chain at a sequence number. */
interface Sample {
  readonly sequence: number;
  readonly offset: number;
  readonly bytes: readonly number[];
  readonly call: Call;
}

/** Bytes of a chain that the target must send at their place in the stream: those at SndUna, or those farther on. */
function samplesRule(id: 'INI-060' | 'INI-061', isWanted: (offset: number) => boolean, where: string): Rule {
  return rule(id, ({ facts, expect }) => {
    const samples = new WaitingMap<number, Sample[]>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          const texts = call.record.arguments.flatMap((argument) =>
            argument.kind === 'text' && argument.name === 'SendDataBytes' ? argument.value : [],
          );
          if (texts.length === 0) return;
          let next = 0;
          for (const { block, delegated } of offeredConnections(call)) {
            const text =
              (block.structure.pointer('NetBufferListChain') ?? 0) === 0 ? undefined : texts[next++];
            const connection = facts.objects.find(block.object)?.connection;
            if (text === undefined || connection === undefined) continue;
            const una = delegated.number('SndUna') ?? 0;
            const found = samplesIn(text, una, call).filter(({ offset }) => isWanted(offset));
            if (found.length > 0) samples.set(connection, found);
            else samples.delete(connection);
          }
        },
        MiniportTerminateOffload: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined) samples.delete(connection);
          }
        },
      },
      guarded: [
        {
          gate: samples.gate,
          chimneyFrame: (frame) => {
            if (frame.payloadLength === 0) return;
            const known = frame.connection === undefined ? undefined : samples.get(frame.connection);
            if (known === undefined) return;
            for (const sample of [...known]) {
              const at = sequenceDistance(frame.sequence, sample.sequence);
              const payload = payloadOf(frame);
              if (at < 0 || at >= payload.length) continue;
              known.splice(known.indexOf(sample), 1);
              const length = Math.min(sample.bytes.length, payload.length - at);
              const same = sample.bytes.slice(0, length).every((byte, index) => payload[at + index] === byte);
              expect(same, () => ({
                events: [sample.call.event, frame.event],
                found: `the segment with the byte ${sample.offset} behind SndUna carries ${hex(payload.subarray(at, at + length))}`,
                expected: `${hex(sample.bytes.slice(0, length))}, as they stand ${where}`,
                component: frame.sender,
                connection: frame.connection,
              }));
            }
            if (known.length === 0) samples.delete(frame.connection!);
          },
        },
      ],
    };
  });
}

function samplesIn(text: string, una: number, call: Call): Sample[] {
  return text.split(' ').flatMap((sample) => {
    const [place, digits] = sample.split(':');
    if (digits === undefined) return [];
    const offset = Number(place);
    const bytes = digits.match(/../g)?.map((byte) => parseInt(byte, 16)) ?? [];
    return { sequence: (una + offset) >>> 0, offset, bytes, call };
  });
}

function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** What the target has taken over to send. */
interface TakenOver {
  readonly initiate: Call;
  readonly completion: Call;
  readonly driver: number;
  /** SndUna and SndMax at the offload. */
  readonly una: number;
  readonly max: number;
  /** Highest acknowledgments that have arrived since, the newest last. */
  readonly acknowledgments: {
    readonly number: number;
    readonly frame: WireFrame;
    readonly time: VirtualTime;
  }[];
  /** When SndUna must have been sent again at the latest; Infinity: it need not be. */
  deadline: VirtualTime;
  /** Whether its terminate is under way: what arrives then may go up to the host stack unprocessed. */
  isLeaving: boolean;
}

/** An acknowledgment that arrived so long before has been processed, virtual ns. */
const processingTime = 1e6;

function takeOverRule({ facts, expect }: RuleContext) {
  const wire = facts.of(flows);
  const unseen = facts.of(unseenFrames);
  const taken = new Map<number, TakenOver>();
  let ticksPerSecond = 1000;
  let earliest = Infinity;
  /** Open while a deadline lies ahead. */
  const timersRun = new Gate();
  const end = (connection: number | undefined): void => {
    if (connection !== undefined) taken.delete(connection);
  };
  const endTree = (call: Call): void => {
    for (const { object } of treeOf(call)) end(facts.objects.find(object)?.connection);
  };
  const judgeReport = (call: Call): void => {
    for (const block of treeOf(call)) {
      const una = block.state('TCP_OFFLOAD_STATE_DELEGATED')?.number('SndUna');
      const connection = facts.objects.find(block.object)?.connection;
      const known = connection === undefined ? undefined : taken.get(connection);
      if (una === undefined || known?.driver !== call.caller || block.status !== NDIS_STATUS.SUCCESS)
        continue;
      const processed = known.acknowledgments.findLast(({ time }) => time <= call.time - processingTime);
      // An adapter that sleeps reads no acknowledgment.
      if (processed === undefined || unseen.since(call.caller, processed.frame.event)) continue;
      expect(sequenceDistance(processed.number, una) >= 0, () => ({
        events: [known.initiate.event, processed.frame.event, call.event],
        found: `SndUna is still ${una}, although the peer has acknowledged ${processed.number}`,
        expected: `SndUna of ${processed.number} or more`,
        component: call.caller,
        object: block.object,
        connection,
      }));
    }
  };
  const awaitTimer = (deadline: VirtualTime): void => {
    earliest = Math.min(earliest, deadline);
    timersRun.isOpen = earliest < Infinity;
  };
  const judgeTimers = (now: VirtualTime): void => {
    if (now < earliest) return;
    earliest = Infinity;
    timersRun.isOpen = false;
    for (const [connection, known] of taken) {
      if (now < known.deadline) {
        awaitTimer(known.deadline);
        continue;
      }
      known.deadline = Infinity;
      expect(false, () => ({
        events: [known.initiate.event, known.completion.event],
        found:
          'the retransmission timer that came with the connection has expired, and nothing was sent again from SndUna on',
        expected: `a retransmission at ${known.una}`,
        component: known.driver,
        connection,
      }));
    }
  };
  return {
    call: {
      MiniportOidRequest: (call: Call) => {
        const parameters = call.structure('InformationBuffer');
        if (parameters?.name === 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS')
          ticksPerSecond = parameters.number('TicksPerSecond') ?? ticksPerSecond;
      },
      NdisMInitiateOffloadComplete: (call: Call) => {
        const request = facts.objects.requestOf(call);
        if (request === undefined || !isOfTarget(facts, call)) return;
        for (const { block, delegated } of offeredConnections(call)) {
          const connection = facts.objects.find(block.object)?.connection;
          if (connection === undefined || isRefusal(block.status)) continue;
          const una = delegated.number('SndUna') ?? 0;
          const max = delegated.number('SndMax') ?? 0;
          const delta = delegated.number('Retransmit.TimeoutDelta') ?? notRunning;
          const waits =
            outstandingBytes(delegated) > 0 && delta !== notRunning && (delegated.number('SndWnd') ?? 0) > 0;
          // What the target needs for itself, and a timer that it may have started anew.
          const deadline = waits ? call.time + (2 * delta * 1e9) / ticksPerSecond + 1e9 : Infinity;
          awaitTimer(deadline);
          taken.set(connection, {
            initiate: request.call,
            completion: call,
            driver: call.caller,
            una,
            max,
            acknowledgments: [],
            deadline,
            isLeaving: false,
          });
        }
      },
      NdisMQueryOffloadStateComplete: judgeReport,
      NdisMTerminateOffloadComplete: (call: Call) => {
        judgeReport(call);
        endTree(call);
      },
      MiniportInvalidateOffload: () => {
        // Everything behind it stops; which connections these are matters to no one here.
        taken.clear();
      },
      MiniportTerminateOffload: (call: Call) => {
        for (const { object } of treeOf(call)) {
          const known = taken.get(facts.objects.find(object)?.connection ?? -1);
          if (known === undefined) continue;
          known.deadline = Infinity;
          known.isLeaving = true;
        }
      },
      // What comes by way of the host stack may acknowledge, too.
      MiniportTcpOffloadForward: (call: Call) => {
        end(call.connection);
      },
      NdisTcpOffloadEventHandler: (call: Call) => {
        const type = call.number('EventType');
        if (type === retrieve || type === abort) end(call.connection);
      },
      MiniportTcpOffloadDisconnect: (call: Call) => {
        if (call.number('Flags') !== constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE')) end(call.connection);
      },
    },
    guarded: [
      {
        gate: timersRun,
        frame: (frame: WireFrame) => {
          judgeTimers(frame.time);
        },
        chimneyFrame: (frame: WireFrame) => {
          if (frame.payloadLength === 0) return;
          const known = frame.connection === undefined ? undefined : taken.get(frame.connection);
          if (known === undefined || known.deadline === Infinity) return;
          if (sequenceDistance(frame.sequence, known.una) < 0) return;
          if (sequenceDistance(known.una, frame.sequenceEnd) <= 0) return;
          known.deadline = Infinity;
          expect(true, () => ({ events: [], found: '', expected: '' }));
        },
      },
    ],
    peerFate: ({ fate, receiver }: FrameFateRecord, frame: WireFrame, time: VirtualTime) => {
      if (taken.size === 0 || frame.connection === undefined) return;
      const known = taken.get(frame.connection);
      // Another adapter of a team may get a segment as well.
      if (
        known?.driver !== receiver ||
        known.isLeaving ||
        !frame.isSegment ||
        !fateDelivers(fate) ||
        fate === 'corrupted'
      )
        return;
      if (!frame.has(tcpFlags.ACK)) {
        if (frame.has(tcpFlags.RST)) end(frame.connection);
        return;
      }
      const { acknowledgment } = frame;
      if (sequenceDistance(known.una, acknowledgment) <= 0) return;
      known.deadline = Infinity;
      if (frame.flags & (tcpFlags.SYN | tcpFlags.RST | tcpFlags.URG)) {
        end(frame.connection);
        return;
      }
      if (sequenceDistance(acknowledgment, known.max) < 0) return;
      // A segment outside of the window is not looked at any further.
      const expected = wire.of(frame.connection)?.peer.arrived.contiguousEnd;
      const ahead = expected === undefined ? -1 : sequenceDistance(expected, frame.sequence);
      if (ahead < 0 || ahead > 16_384) return;
      const last = known.acknowledgments.at(-1);
      if (last === undefined || sequenceDistance(last.number, acknowledgment) > 0)
        known.acknowledgments.push({ number: acknowledgment, frame, time });
    },
    end: ({ time, complete }: { readonly time: VirtualTime; readonly complete: boolean }) => {
      if (complete) judgeTimers(time);
    },
  };
}

/** See the file's head. */
export const sendDataRules: readonly Rule[] = [
  atOffer('INI-018', (call, block, delegated, judge) => {
    const chain = block.structure.pointer('NetBufferListChain');
    if (chain === undefined) return;
    const bytes = outstandingBytes(delegated);
    if (bytes > 0)
      judge(
        chain !== 0,
        `a connection is offered without NetBufferListChain, although ${bytes} bytes are outstanding`,
        'the chain of the sends that hold them',
      );
    else if (chain !== 0 && chainIsRecorded(call, block))
      judge(
        totalLength(chainOf(call, block)) > 0,
        'NetBufferListChain holds no data',
        'NULL where there is no send data',
        'warning',
      );
  }),

  rule('INI-019', ({ facts, expect }) => {
    const look = (call: Call): void => {
      for (const block of treeOf(call)) {
        const delegated = block.state('TCP_OFFLOAD_STATE_DELEGATED');
        if (delegated === undefined) continue;
        if (call.functionName !== 'NdisInitiateOffload' && block.status !== NDIS_STATUS.SUCCESS) continue;
        const pointers = sendPointers(call, block, delegated);
        if (pointers === undefined) continue;
        const { head, tail, first, last } = pointers;
        const inChain = head >= 0 && tail >= 0;
        expect(inChain && head <= tail && (first < 0 || (head <= first && last <= tail)), () => ({
          events: [facts.objects.requestOf(call)?.call.event, call.event],
          found: inChain
            ? `SendDataHead and SendDataTail are lists ${head + 1} and ${tail + 1} of a chain with data in ${first + 1} to ${last + 1}`
            : `${head < 0 ? 'SendDataHead' : 'SendDataTail'} is not in NetBufferListChain`,
          expected: 'both in the chain, with all send data between them',
          component: call.caller,
          object: block.object,
          connection: facts.objects.find(block.object)?.connection,
        }));
      }
    };
    return {
      call: {
        NdisInitiateOffload: (call) => {
          if (isOriginal(facts, call)) look(call);
        },
        NdisMTerminateOffloadComplete: (call) => {
          if (isOfTarget(facts, call)) look(call);
        },
      },
    };
  }),

  atOffer('INI-020', (call, block, delegated, judge) => {
    const pointers = sendPointers(call, block, delegated);
    // Pointers to elsewhere are INI-019's.
    if (pointers === undefined || pointers.head < 0 || pointers.tail < 0) return;
    const { head, tail, last } = pointers;
    judge(
      head === 0 && (last < 0 || tail === last),
      `SendDataHead is list ${head + 1} of the chain and SendDataTail list ${tail + 1}`,
      `list 1 and list ${Math.max(0, last) + 1}, the last one with data`,
    );
  }),

  atOffer('INI-021', (call, block, delegated, judge) => {
    const lists = chainOf(call, block);
    if (lists.length === 0) return;
    const bytes = outstandingBytes(delegated);
    const total = totalLength(lists);
    judge(
      total >= bytes,
      `the chain has ${total} bytes, and ${bytes} are outstanding`,
      'a chain with all of them',
    );
  }),

  rule('INI-046', ({ facts, expect }) => {
    /** Lists of refused connections at each target, with the completion that refused them. */
    const refused = new Map<number, Map<number, Call>>();
    /** Lists of open initiates that were completed already. */
    const early = new Map<number, Call>();
    const lend = (driver: number, address: number): void => {
      refused.get(driver)?.delete(address);
      early.delete(address);
    };
    const touched = (completion: Call, call: Call, connection: number | undefined): void => {
      expect(false, () => ({
        events: [completion.event, call.event],
        found: 'a NET_BUFFER_LIST of a connection that was refused is completed as a send',
        expected: 'the chain left alone: it is still the host stack’s',
        component: call.caller,
        connection,
      }));
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const block of treeOf(call))
            for (const { address } of chainOf(call, block)) lend(call.callee, address);
        },
        MiniportTcpOffloadSend: (call) => {
          for (const { address } of call.lists) lend(call.callee, address);
        },
        NdisTcpOffloadSendComplete: (call) => {
          for (const { list, lent } of facts.lists.givenBack(call)) {
            const completion = refused.get(call.caller)?.get(list.address);
            if (completion !== undefined) touched(completion, call, call.connection);
            if (lent?.call.functionName === 'MiniportInitiateOffload') early.set(list.address, call);
          }
        },
        NdisMInitiateOffloadComplete: (call) => {
          const request = facts.objects.requestOf(call)?.call;
          if (request === undefined || !isOfTarget(facts, call)) return;
          const before = treeOf(request);
          for (const [index, block] of treeOf(call).entries()) {
            const given = before[index];
            if (given === undefined || given.address !== block.address) continue;
            const lists = chainOf(request, given);
            const connection = facts.objects.find(block.object)?.connection;
            for (const { address } of lists) {
              const completed = early.get(address);
              if (completed === undefined) continue;
              early.delete(address);
              if (isRefusal(block.status)) touched(completed, call, connection);
            }
            if (!isRefusal(block.status) || lists.length === 0) continue;
            const after = new Map(chainOf(call, block).map((list) => [list.address, list.status]));
            let ofDriver = refused.get(call.caller);
            if (ofDriver === undefined) refused.set(call.caller, (ofDriver = new Map<number, Call>()));
            for (const { address, status } of lists) {
              ofDriver.set(address, call);
              const now = after.get(address);
              if (now === undefined) continue;
              expect(now === status, () => ({
                events: [request.event, call.event],
                found: `a connection is refused, and Status of a NET_BUFFER_LIST in its chain is ${statusName(now)} now`,
                expected: `${statusName(status)}, as it was`,
                component: call.caller,
                object: block.object,
                connection,
              }));
            }
          }
        },
      },
    };
  }),

  rule('INI-047', ({ facts, expect }) => {
    /** Lists of chains that have been returned, with the call that did. */
    const returned = new Map<string, Call>();
    const keyOf = (driver: number, address: number): string => `${driver} ${address}`;
    const comesBack = (driver: number, address: number, call: Call, connection: number | undefined): void => {
      const before = returned.get(keyOf(driver, address));
      if (before !== undefined) {
        expect(false, () => ({
          events: [before.event, call.event],
          found: 'a NET_BUFFER_LIST of the chain that came with the offload is returned a second time',
          expected: 'each of them returned once',
          component: driver,
          connection,
        }));
        return;
      }
      const lent = facts.lists.find('miniport', driver, address);
      if (lent?.call.functionName !== 'MiniportInitiateOffload') return;
      returned.set(keyOf(driver, address), call);
      expect(true, () => ({ events: [], found: '', expected: '' }));
    };
    const lendAgain = (call: Call, lists: readonly NetBufferListSnapshot[]): void => {
      if (returned.size > 0) for (const { address } of lists) returned.delete(keyOf(call.callee, address));
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const block of treeOf(call)) lendAgain(call, chainOf(call, block));
        },
        MiniportTcpOffloadSend: (call) => {
          lendAgain(call, call.lists);
        },
        NdisTcpOffloadSendComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const { address } of call.lists) comesBack(call.caller, address, call, call.connection);
        },
        NdisMTerminateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const block of treeOf(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (
              connection === undefined ||
              block.status !== NDIS_STATUS.SUCCESS ||
              !chainIsRecorded(call, block)
            )
              continue;
            const back = new Set(chainOf(call, block).map(({ address }) => address));
            for (const lent of facts.lists.open('miniport', call.caller, connection, 'send')) {
              if (lent.call.functionName !== 'MiniportInitiateOffload' || back.has(lent.address)) continue;
              expect(false, () => ({
                events: [lent.call.event, call.event],
                found:
                  'the offload is terminated, and a NET_BUFFER_LIST of the chain that came with it has not come back',
                expected: 'the list in the chain of the terminate, or completed before',
                component: call.caller,
                object: block.object,
                connection,
              }));
            }
            for (const address of back) comesBack(call.caller, address, call, connection);
          }
        },
      },
    };
  }),

  samplesRule('INI-060', (offset) => offset === 0, 'at the first used byte of the chain'),
  samplesRule('INI-061', (offset) => offset > 0, 'at that place of the chain'),

  rule('INI-062', ({ facts, expect }) => {
    const wire = facts.of(flows);
    /** What each connection has sent up to: SndNxt at first. */
    const sentUpTo = new Map<number, { next: number; readonly max: number; readonly initiate: Call }>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          if (facts.machine.role(call.callee) === 'intermediate-driver') return;
          for (const { block, delegated } of offeredConnections(call)) {
            const connection = facts.objects.find(block.object)?.connection;
            if (connection === undefined) continue;
            const next = delegated.number('SndNxt') ?? 0;
            sentUpTo.set(connection, { next, max: delegated.number('SndMax') ?? 0, initiate: call });
          }
        },
        NdisMTerminateOffloadComplete: (call) => {
          for (const { object } of treeOf(call)) {
            const connection = facts.objects.find(object)?.connection;
            if (connection !== undefined) sentUpTo.delete(connection);
          }
        },
      },
      chimneyFrame: (frame) => {
        if (frame.payloadLength === 0 || frame.connection === undefined) return;
        const known = sentUpTo.get(frame.connection);
        if (known === undefined || frame.isFragment) return;
        const { sequence, sequenceEnd } = frame;
        // Probes of a closed window and of an idle connection lie below what was sent; acknowledged data need not be sent again.
        const acknowledged = wire.of(frame.connection)?.peer.arrived.acknowledgment;
        if (acknowledged !== undefined && sequenceDistance(known.next, acknowledged) > 0)
          known.next = acknowledged;
        // What the peer holds by SACK may be left out where data is sent again.
        const gap = sequenceDistance(known.next, sequence);
        const mayHold =
          sequenceDistance(sequence, known.max) >= 0 && gap > 0 && holdsByChance(frame, known.next);
        expect(gap <= 0 || mayHold, () => ({
          events: [known.initiate.event, frame.event],
          found: `a segment begins at ${sequence}, and ${gap} bytes before it have not been sent`,
          expected: `${known.next} next: SndNxt to SndMax, then the rest of the chain, then what was posted later`,
          component: frame.sender,
          connection: frame.connection,
        }));
        if (sequenceDistance(known.next, sequenceEnd) > 0) known.next = sequenceEnd;
      },
    };

    /** Whether the peer has what lies between `from` and a segment, as its own record of arrivals says. */
    function holdsByChance(frame: WireFrame, from: number): boolean {
      return wire.of(frame.connection)?.machine.arrived.covers(from, frame.sequence) === true;
    }
  }),

  rule('INI-063', (context) => takeOverRule(context)),
];
