/** Rules of the area "invalidate" (INV): invalid state and what depends on it. */
import { constantValue } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import type { RuleId } from '../catalogue';
import { isOfTarget, nameOf } from '../engine/blocks';
import type { Call } from '../engine/call';
import { connectionsBehind, hardwareFailureSequence, noBreach } from '../engine/requestChecks';
import { rule, type Rule } from '../engine/rule';
import { treeOf } from '../engine/tree';
import { WaitingMap } from '../engine/gate';

const retrieve = constantValue('TcpIndicateRetrieve');
const abort = constantValue('TcpIndicateAbort');
const invalidState = constantValue('InvalidState');

/** A target that has not asked for the upload so long after an invalidate does not mean to, virtual ns. */
const patience = 10e6;

/** See the file's head. */
export const invalidateRules: readonly Rule[] = [
  rule('INV-002', (context) =>
    hardwareFailureSequence(context, 'NdisMInvalidateOffloadComplete', (block, driver) =>
      connectionsBehind(context, driver, block.object),
    ),
  ),

  rule('INV-004', ({ facts, expect }) => {
    /** Objects of each target whose invalidate has been completed, with the completion. */
    const invalid = new WaitingMap<number, Map<number, Call>>();
    return {
      call: {
        NdisMInvalidateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          let ofDriver = invalid.get(call.caller);
          if (ofDriver === undefined) invalid.set(call.caller, (ofDriver = new Map<number, Call>()));
          for (const { object, status } of treeOf(call))
            if (object !== undefined && status === NDIS_STATUS.SUCCESS) ofDriver.set(object, call);
        },
        NdisMTerminateOffloadComplete: (call) => {
          const ofDriver = invalid.get(call.caller);
          if (ofDriver === undefined) return;
          for (const { object, status } of treeOf(call))
            if (object !== undefined && status === NDIS_STATUS.SUCCESS) {
              // With the completion of the last terminate there was time to look, and nothing was sent.
              if (ofDriver.delete(object)) expect(true, noBreach);
              if (ofDriver.size === 0) invalid.delete(call.caller);
            }
        },
      },
      guarded: [
        {
          gate: invalid.gate,
          chimneyFrame: (frame) => {
            if (frame.payloadLength === 0) return;
            for (const [driver, ofDriver] of invalid) {
              const held = facts.objects.connectionAt('miniport', driver, frame.connection);
              const path = facts.objects.at('miniport', driver, held?.parent);
              const object = [held?.object, path?.object, path?.parent].find(
                (one) => one !== undefined && ofDriver.has(one),
              );
              if (object === undefined) continue;
              expect(false, () => ({
                events: [ofDriver.get(object)!.event, frame.event],
                found: `a segment of ${frame.payloadLength} bytes leaves a connection behind ${nameOf(facts, object)}, which is invalid`,
                expected: 'no payload until it is relinked or terminated',
                component: driver,
                connection: frame.connection,
              }));
            }
          },
        },
      ],
    };
  }),

  rule('INV-005', (context) => {
    const { facts, expect } = context;
    /** Connections of which the target has to ask for the upload, with the completion of the invalidate. */
    const owed = new Map<number, Call>();
    /** Connections of which it has asked since they were offloaded. */
    const asked = new Set<number>();
    const settle = (connection: number | undefined): void => {
      if (connection !== undefined && owed.delete(connection)) expect(true, noBreach);
    };
    const breach = (connection: number, completion: Call, call: Call | undefined): void => {
      owed.delete(connection);
      expect(false, () => ({
        events: [completion.event, call?.event],
        found: `state of a connection was invalidated, and the target has not asked for the upload${call === undefined ? '' : ' when the next send comes'}`,
        expected: 'TcpIndicateRetrieve with InvalidState',
        component: completion.caller,
        connection,
      }));
    };
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { object } of asked.size === 0 ? [] : treeOf(call))
            asked.delete(facts.objects.find(object)?.connection ?? -1);
        },
        NdisMInvalidateOffloadComplete: (call) => {
          if (!isOfTarget(facts, call)) return;
          for (const { object, status } of treeOf(call)) {
            if (status !== NDIS_STATUS.SUCCESS) continue;
            for (const connection of connectionsBehind(context, call.caller, object)) {
              const held = facts.objects.connectionAt('miniport', call.caller, connection);
              if (held?.place === 'held' && !asked.has(connection)) owed.set(connection, call);
            }
          }
        },
        NdisTcpOffloadEventHandler: (call) => {
          const type = call.number('EventType');
          if (call.connection === undefined || (type !== retrieve && type !== abort)) return;
          asked.add(call.connection);
          settle(call.connection);
        },
        MiniportTerminateOffload: (call) => {
          for (const { object } of owed.size === 0 ? [] : treeOf(call))
            settle(facts.objects.find(object)?.connection);
        },
        MiniportUpdateOffload: (call) => {
          if (owed.size === 0) return;
          for (const { object, depth } of treeOf(call))
            if (depth > 0)
              for (const connection of connectionsBehind(context, call.callee, object)) settle(connection);
        },
        MiniportTcpOffloadSend: (call) => {
          const completion = call.connection === undefined ? undefined : owed.get(call.connection);
          if (completion !== undefined && call.time - completion.time > patience)
            breach(call.connection!, completion, call);
        },
      },
      end: ({ time, complete }) => {
        for (const [connection, completion] of complete ? [...owed] : [])
          if (time - completion.time > patience) breach(connection, completion, undefined);
      },
    };
  }),

  rule('INV-006', (context) => {
    const { facts, expect } = context;
    /** Connections with state that was invalidated since they were offloaded. */
    const concerned = new Set<number>();
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          for (const { object, role } of concerned.size === 0 ? [] : treeOf(call))
            if (role === 'new') concerned.delete(facts.objects.find(object)?.connection ?? -1);
        },
        MiniportInvalidateOffload: (call) => {
          for (const { object } of treeOf(call))
            for (const connection of connectionsBehind(context, call.callee, object))
              concerned.add(connection);
        },
        NdisTcpOffloadEventHandler: (call) => {
          const { connection } = call;
          if (connection === undefined || !isOfTarget(facts, call)) return;
          if (call.number('EventType') !== retrieve) return;
          if (call.number('EventSpecificInformation') !== invalidState) return;
          const held = facts.objects.connectionAt('miniport', call.caller, connection);
          if (held === undefined) return;
          const path = facts.objects.at('miniport', call.caller, held.parent);
          const neighbor = facts.objects.at('miniport', call.caller, path?.parent);
          const isInvalid = [held, path, neighbor].some((one) => one?.invalidatedBy !== undefined);
          expect(isInvalid || concerned.has(connection), () => ({
            events: [held.initiate.event, call.event],
            found:
              'the target asks for an upload because of invalid state, and nothing of the connection was invalidated',
            expected: 'another reason, or an invalidate before',
            component: call.caller,
            connection,
          }));
        },
      },
    };
  }),

  rule('INV-008', ({ facts, expect }) => {
    /** Objects that were invalidated and not terminated, by the driver that sent the invalidate. */
    const open = new Map<number, Map<number, Call>>();
    const judge = (driver: number, object: number, invalidate: Call, call: Call | undefined): void => {
      if (facts.objects.at('protocol', driver, object)?.invalidatedBy === undefined) return;
      expect(false, () => ({
        events: [invalidate.event, call?.event],
        found: `${nameOf(facts, object)} was invalidated and never terminated`,
        expected: 'NdisTerminateOffload in the end',
        component: driver,
        object,
      }));
    };
    return {
      call: {
        NdisInvalidateOffload: (call) => {
          if (facts.machine.role(call.caller) === 'intermediate-driver') return;
          let ofDriver = open.get(call.caller);
          if (ofDriver === undefined) open.set(call.caller, (ofDriver = new Map<number, Call>()));
          for (const { object } of treeOf(call)) if (object !== undefined) ofDriver.set(object, call);
        },
        ProtocolTerminateOffloadComplete: (call) => {
          for (const { object, status } of treeOf(call))
            if (
              object !== undefined &&
              status === NDIS_STATUS.SUCCESS &&
              open.get(call.callee)?.delete(object) === true
            )
              expect(true, noBreach);
        },
        NdisCloseAdapterEx: (call) => {
          const ofDriver = open.get(call.caller);
          if (ofDriver === undefined) return;
          const binding = call.number('NdisBindingHandle');
          for (const [object, invalidate] of [...ofDriver]) {
            if (invalidate.number('NdisBindingHandle') !== binding) continue;
            ofDriver.delete(object);
            judge(call.caller, object, invalidate, call);
          }
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const [driver, ofDriver] of open)
          for (const [object, invalidate] of ofDriver) judge(driver, object, invalidate, undefined);
      },
    };
  }),

  rule('INV-009', ({ facts, expect }) => {
    /** Neighbors that a host stack has invalidated, with the call. */
    const neighbors = new Map<number, { readonly driver: number; readonly call: Call }>();
    return {
      call: {
        NdisInvalidateOffload: (call) => {
          if (facts.machine.role(call.caller) === 'intermediate-driver') return;
          for (const { object } of treeOf(call))
            if (object !== undefined && facts.objects.find(object)?.layer === 'neighbor')
              neighbors.set(object, { driver: call.caller, call });
        },
        ProtocolTerminateOffloadComplete: (call) => {
          for (const { object, status } of neighbors.size === 0 ? [] : treeOf(call))
            if (object !== undefined && status === NDIS_STATUS.SUCCESS && neighbors.delete(object))
              expect(true, noBreach);
        },
      },
      end: ({ complete }) => {
        if (!complete) return;
        for (const [neighbor, { driver, call }] of neighbors) {
          const paths = [...facts.objects.allAt('protocol', driver)].filter(
            ({ parent, place }) => parent === neighbor && place === 'held',
          );
          expect(paths.length === 0, () => ({
            events: [call.event],
            found: `${nameOf(facts, neighbor)} was invalidated, and ${paths.length === 1 ? 'a path stays' : 'paths stay'} linked to it`,
            expected: 'an update that links what goes on to another neighbor, or a terminate',
            component: driver,
            object: neighbor,
          }));
        }
      },
    };
  }),
];

/** Rules of the area that records can't decide, each with the reason. */
export const invalidateUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
