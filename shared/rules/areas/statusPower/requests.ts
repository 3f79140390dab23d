/** What an adapter asks for with NdisMIndicateStatusEx, and what comes of it: pause, upload of everything, resume (PWR-001 to PWR-012). */
import { structureLayout } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { rule, type Rule } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import { treeOf } from '../../engine/tree';
import { adapterFacts, type KnownAdapter } from '../../facts/adapters';
import type { HeldObject } from '../../facts/objectFacts';

const { OFFLOAD_PAUSE, OFFLOAD_RESUME, UPLOAD_ALL, PAUSED, UPLOAD_IN_PROGRESS } = NDIS_STATUS;

/** The three codes by which an adapter says what may be offloaded to it. */
const requests: readonly NdisStatus[] = [OFFLOAD_PAUSE, OFFLOAD_RESUME, UPLOAD_ALL];

const capabilities = 'NDIS_TCP_CONNECTION_OFFLOAD';

/** What is wrong with a buffer that should be an NDIS_TCP_CONNECTION_OFFLOAD; undefined if nothing is. */
function faultOf(
  buffer: StructureView | undefined,
  indication: StructureView | undefined,
): string | undefined {
  const size = indication?.number('StatusBufferSize');
  if (buffer === undefined) return size === undefined || size === 0 ? 'an empty buffer' : 'another buffer';
  const { header } = structureLayout(capabilities);
  const known = header?.revisions.find(({ value }) => value === buffer.number('Header.Revision'));
  if (size !== undefined && size < structureLayout(capabilities).size) return `a buffer of ${size} bytes`;
  if (buffer.name !== capabilities) return `a buffer with ${buffer.name}`;
  if (buffer.number('Header.Type') !== header?.typeValue)
    return `a buffer with Header.Type ${buffer.number('Header.Type')}`;
  if (known === undefined) return `a buffer with Header.Revision ${buffer.number('Header.Revision')}`;
  if (buffer.number('Header.Size') !== known.size)
    return `a buffer with Header.Size ${buffer.number('Header.Size')}`;
  return undefined;
}

/** An upload of everything, and what it still waits for. */
interface UploadAll {
  readonly adapter: KnownAdapter;
  readonly call: Call;
  /** Objects that were offloaded then, by the initiate with which they came. */
  readonly waits: Map<number, HeldObject>;
}

/** Objects of some layers that were offloaded when everything was asked back, and at the end of the trace still are. */
function leftBehind(layers: readonly string[], id: 'PWR-007' | 'PWR-008'): Rule {
  return rule(id, ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const asked: UploadAll[] = [];
    const at = (adapter: KnownAdapter): HeldObject[] =>
      [...facts.objects.allAt('miniport', adapter.component)].filter(
        ({ object, initiate }) =>
          layers.includes(facts.objects.find(object)?.layer ?? '') && adapters.of(initiate) === adapter,
      );
    return {
      call: {
        NdisMIndicateStatusEx: (call) => {
          const adapter = adapters.of(call);
          if (adapter === undefined || call.number('StatusCode') !== UPLOAD_ALL) return;
          const held = at(adapter).filter(({ place }) => place === 'held');
          asked.push({ adapter, call, waits: new Map(held.map((one) => [one.object, one])) });
        },
        MiniportTerminateOffload: (call) => {
          for (const { waits } of asked) {
            if (waits.size === 0) continue;
            for (const block of treeOf(call)) if (block.object !== undefined) waits.delete(block.object);
          }
        },
        ...(id === 'PWR-008'
          ? {}
          : {
              NdisInitiateOffload: (call) => {
                const adapter = adapters.of(call);
                const heard = adapter?.heard.uploadAll;
                if (adapter === undefined || heard === undefined) return;
                expect(adapter.uploadAll === undefined, () => ({
                  events: [heard.event, call.event],
                  found: 'NdisInitiateOffload was called after NDIS_STATUS_UPLOAD_ALL',
                  expected: 'no new offload before NDIS_STATUS_OFFLOAD_RESUME',
                  component: call.caller,
                  connection: call.connection,
                }));
              },
            }),
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const { adapter, call, waits } of asked) {
          const left = at(adapter).find((one) => waits.get(one.object)?.initiate === one.initiate);
          expect(left === undefined, () => ({
            events: [left?.since.event, call.event],
            found: `${facts.objects.find(left?.object)?.label ?? 'an object'} was offloaded when NDIS_STATUS_UPLOAD_ALL came, and never terminated`,
            expected: 'NdisTerminateOffload for every object',
            component: adapter.binding?.component ?? adapter.component,
            connection: facts.objects.find(left?.object)?.connection,
            object: left?.object,
          }));
        }
      },
    };
  });
}

/** See the file's head. */
export const requestRules: readonly Rule[] = [
  rule('PWR-001', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    const looks =
      (member: string) =>
      (call: Call): void => {
        const value = call.number(member);
        if (value === undefined) return;
        expect(!requests.includes(value), () => ({
          events: [adapters.of(call)?.initialize.event, call.event],
          found: `${call.functionName} was called with ${statusName(value)}`,
          expected: 'NdisMIndicateStatusEx with that StatusCode',
          component: call.caller,
          connection: call.connection,
        }));
      };
    return {
      call: {
        NdisMOffloadEventIndicate: looks('IndicationCode'),
        NdisTcpOffloadEventHandler: looks('EventType'),
        NdisMIndicateStatusEx: (call) => {
          const code = call.number('StatusCode');
          const inside = call.structure('StatusIndication')?.number('StatusCode');
          if (code === undefined || inside === undefined || !requests.includes(code)) return;
          expect(code === inside, () => ({
            events: [adapters.of(call)?.initialize.event, call.event],
            found: `StatusCode of the NDIS_STATUS_INDICATION is ${statusName(inside)}`,
            expected: statusName(code),
            component: call.caller,
          }));
        },
      },
    };
  }),

  rule('PWR-002', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisInitiateOffload: (call) => {
          const adapter = adapters.of(call);
          if (adapter === undefined) return;
          const heard = adapter.heard.pause;
          // What the host stack has issued before, intermediate drivers pass on.
          let outermost = call;
          while (outermost.parent !== undefined) outermost = outermost.parent;
          const isPassedOn = heard !== undefined && outermost.event < heard.event;
          // A resume that is being delivered opens the gate already.
          expect(heard === undefined || adapter.pause === undefined || isPassedOn, () => ({
            events: [adapter.pause?.event, heard?.event, call.event],
            found: 'NdisInitiateOffload was called after NDIS_STATUS_OFFLOAD_PAUSE had been delivered',
            expected: 'no new offload before NDIS_STATUS_OFFLOAD_RESUME',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('PWR-003', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    /** Initiates that were open while the adapter was paused: by their call, the pause. */
    const open = new Map<Call, { readonly adapter: KnownAdapter; pause: Call | undefined }>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          const adapter = adapters.of(call);
          if (adapter !== undefined) open.set(call, { adapter, pause: adapter.pause });
        },
        NdisMIndicateStatusEx: (call) => {
          if (call.number('StatusCode') !== OFFLOAD_PAUSE) return;
          const adapter = adapters.of(call);
          for (const entry of open.values()) if (entry.adapter === adapter) entry.pause ??= call;
        },
        NdisMInitiateOffloadComplete: (call) => {
          const request = facts.objects.requestOf(call)?.call;
          if (request === undefined) return;
          if (open.get(request)?.pause !== undefined)
            expect(true, () => ({ events: [], found: '', expected: '' }));
          open.delete(request);
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const [call, { adapter, pause }] of open) {
          // Held until a resume that has not come: that is how it should be (PWR-004).
          if (pause === undefined || adapter.pause !== undefined || adapter.uploadAll !== undefined) continue;
          expect(false, () => ({
            events: [pause.event, call.event],
            found: 'an initiate that was under way at a pause was never completed',
            expected: 'NdisMInitiateOffloadComplete',
            component: adapter.component,
            connection: call.connection,
          }));
        }
      },
    };
  }),

  rule('PWR-004', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    /** What came while its adapter was paused. */
    const came = new Map<Call, { readonly adapter: KnownAdapter; readonly pause: Call }>();
    /** What ends requests for reasons of its own: power, reset, halt. */
    const disturbed = (call: Call): void => {
      const adapter = adapters.of(call);
      for (const [request, entry] of came) if (entry.adapter === adapter) came.delete(request);
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          const adapter = adapters.of(call);
          const { pause } = adapter ?? {};
          if (adapter === undefined || pause === undefined || adapter.uploadAll !== undefined) return;
          if (adapter.asleep === undefined) came.set(call, { adapter, pause });
        },
        MiniportOidRequest: (call) => {
          if (call.number('PowerState') !== undefined) disturbed(call);
        },
        MiniportResetEx: disturbed,
        MiniportHaltEx: disturbed,
        MiniportDevicePnPEventNotify: disturbed,
        MiniportPause: disturbed,
        NdisMInitiateOffloadComplete: (call) => {
          const request = facts.objects.requestOf(call)?.call;
          const entry = request === undefined ? undefined : came.get(request);
          if (request === undefined || entry === undefined) return;
          came.delete(request);
          if (entry.adapter.pause !== entry.pause) return;
          const offered = treeOf(call).filter(({ role }) => role === 'new');
          const taken = offered.some(
            ({ status }) => status === NDIS_STATUS.SUCCESS || status === NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS,
          );
          expect(taken || offered.length === 0, () => ({
            events: [entry.pause.event, request.event, call.event],
            found: `an initiate that came to a paused adapter was refused with ${statusName(offered[0]?.status ?? 0)}`,
            expected: 'the request held until NDIS_STATUS_OFFLOAD_RESUME',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('PWR-005', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    /** Adapters that are paused; nearly always none. */
    let paused = 0;
    const look = (call: Call, statuses: () => readonly NdisStatus[]): void => {
      if (paused === 0) return;
      const adapter = adapters.of(call);
      if (adapter?.pause === undefined || adapter.uploadAll !== undefined) return;
      expect(!statuses().includes(PAUSED), () => ({
        events: [adapter.pause?.event, call.event],
        found: `${call.functionName} ended a request with NDIS_STATUS_PAUSED while offloading was paused`,
        expected: 'what it would have ended with without the pause',
        component: call.caller,
        connection: call.connection,
      }));
    };
    const data = (call: Call): void => {
      look(call, () => call.lists.map(({ status }) => status));
    };
    const state = (call: Call): void => {
      look(call, () => treeOf(call).map(({ status }) => status));
    };
    return {
      call: {
        NdisMIndicateStatusEx: (call) => {
          const code = call.number('StatusCode');
          const adapter = adapters.of(call);
          if (code === OFFLOAD_PAUSE && adapter?.pause === undefined) paused++;
          if (code === OFFLOAD_RESUME && adapter?.pause !== undefined) paused--;
        },
        NdisTcpOffloadSendComplete: data,
        NdisTcpOffloadReceiveComplete: data,
        NdisTcpOffloadDisconnectComplete: data,
        NdisTcpOffloadForwardComplete: data,
        NdisMTerminateOffloadComplete: state,
        NdisMUpdateOffloadComplete: state,
        NdisMQueryOffloadStateComplete: state,
        NdisMInvalidateOffloadComplete: state,
      },
    };
  }),

  rule('PWR-006', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisTcpOffloadSendComplete: (call) => {
          const adapter = adapters.of(call);
          const asked = adapter?.pause === undefined ? undefined : adapter.uploadAll;
          for (const { list, lent } of facts.lists.givenBack(call)) {
            const late = asked !== undefined && lent !== undefined && lent.call.event > asked.event;
            const wrong = list.status === PAUSED || (late && list.status === NDIS_STATUS.SUCCESS);
            // Besides UPLOAD_IN_PROGRESS a send may still end with what a reset of the connection does to it.
            expect(!wrong, () => ({
              events: [asked?.event, lent?.call.event, call.event],
              found: `a send was completed with ${statusName(list.status)}${late ? ' after NDIS_STATUS_UPLOAD_ALL' : ''}`,
              expected: late ? statusName(UPLOAD_IN_PROGRESS) : 'any other status',
              component: call.caller,
              connection: call.connection,
            }));
          }
        },
      },
    };
  }),

  leftBehind(['tcp'], 'PWR-007'),

  leftBehind(['path', 'neighbor'], 'PWR-008'),

  rule('PWR-009', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisMIndicateStatusEx: (call) => {
          const adapter = adapters.of(call);
          if (adapter?.uploadAll === undefined || call.number('StatusCode') !== OFFLOAD_RESUME) return;
          const left = [...facts.objects.allAt('miniport', adapter.component)].find(
            ({ object, place, initiate }) =>
              place !== 'offloading' &&
              facts.objects.find(object)?.layer === 'tcp' &&
              adapters.of(initiate) === adapter,
          );
          expect(left === undefined, () => ({
            events: [adapter.uploadAll?.event, left?.since.event, call.event],
            found: `NDIS_STATUS_OFFLOAD_RESUME came while a connection was still ${left?.place === 'terminating' ? 'being terminated' : 'offloaded'}`,
            expected: 'the last NdisMTerminateOffloadComplete before it',
            component: call.caller,
            connection: facts.objects.find(left?.object)?.connection,
            object: left?.object,
          }));
        },
      },
    };
  }),

  rule('PWR-010', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisInitiateOffload: (call) => {
          const binding = adapters.bindingOf(call);
          const resume = binding?.adapter?.heard.resume;
          if (resume === undefined) return;
          const learned = binding?.learned?.event ?? -1;
          expect(learned >= resume.event, () => ({
            events: [resume.event, call.event],
            found:
              'NdisInitiateOffload followed NDIS_STATUS_OFFLOAD_RESUME without the capabilities being learned',
            expected: 'a query of the capabilities in between, or capabilities in the status buffer',
            component: call.caller,
            connection: call.connection,
          }));
        },
      },
    };
  }),

  rule('PWR-011', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisMIndicateStatusEx: (call) => {
          if (call.number('StatusCode') !== OFFLOAD_RESUME) return;
          const adapter = adapters.of(call);
          const enabled = adapter?.binding?.enabled;
          // Whoever uses the older OID is told by the query that a resume leads to (A22).
          if (enabled !== undefined && enabled.structure('InformationBuffer') === undefined) return;
          const fault = faultOf(call.structure('StatusBuffer'), call.structure('StatusIndication'));
          expect(fault === undefined, () => ({
            events: [(adapter?.pause ?? adapter?.uploadAll)?.event, call.event],
            found: `NDIS_STATUS_OFFLOAD_RESUME came with ${fault}`,
            expected: `an ${capabilities}`,
            component: call.caller,
          }));
        },
      },
    };
  }),

  rule('PWR-012', ({ expect, facts }) => {
    const adapters = facts.of(adapterFacts);
    return {
      call: {
        NdisMIndicateStatusEx: (call) => {
          const code = NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES;
          if (call.number('StatusCode') !== code) return;
          const fault = faultOf(call.structure('StatusBuffer'), call.structure('StatusIndication'));
          expect(fault === undefined, () => ({
            events: [adapters.of(call)?.offloadAttributes?.call.event, call.event],
            found: `${statusName(code)} came with ${fault}`,
            expected: `an ${capabilities}`,
            component: call.caller,
          }));
        },
      },
    };
  }),
];
