/** Checks that rules about different state requests have in common. */
import { constantValue, type FunctionName } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import { driverOf } from '../facts/edges';
import { isOfTarget, isOriginal, nameOf } from './blocks';
import type { Call } from './call';
import type { Handlers, RuleContext } from './rule';
import { treeOf, type TreeBlock } from './tree';

const retrieve = constantValue('TcpIndicateRetrieve');
const abort = constantValue('TcpIndicateAbort');
const hardwareFailure = constantValue('HardwareFailure');

/** For `expect` where a case holds: nobody asks. */
export const noBreach = (): never => {
  throw new Error('nothing is wrong');
};

/** An object of which a request has failed must be terminated by the host stack sooner or later (UPD-007, QRY-010). */
export function mustBeTerminated(
  { facts, expect }: RuleContext,
  completion: FunctionName,
  isMeant: (block: TreeBlock) => boolean,
): Handlers {
  /** Completions that failed, by driver and object. */
  const failed = new Map<number, Map<number, Call>>();
  return {
    call: {
      [completion]: (call: Call) => {
        const driver = driverOf(call);
        if (facts.machine.role(driver) === 'intermediate-driver') return;
        for (const block of treeOf(call)) {
          const held = facts.objects.at('protocol', driver, block.object);
          if (block.status !== NDIS_STATUS.FAILURE || !isMeant(block) || held?.place !== 'held') continue;
          let ofDriver = failed.get(driver);
          if (ofDriver === undefined) failed.set(driver, (ofDriver = new Map<number, Call>()));
          if (!ofDriver.has(held.object)) ofDriver.set(held.object, call);
        }
      },
      NdisTerminateOffload: (call) => {
        const ofDriver = failed.get(call.caller);
        if (ofDriver === undefined || ofDriver.size === 0) return;
        for (const { object } of treeOf(call))
          if (object !== undefined && ofDriver.delete(object)) expect(true, noBreach);
      },
    },
    end: ({ complete }) => {
      if (!complete) return;
      for (const [driver, ofDriver] of failed)
        for (const [object, call] of ofDriver) {
          if (facts.objects.at('protocol', driver, object)?.place !== 'held') continue;
          expect(false, () => ({
            events: [call.event],
            found: `${completion} reported NDIS_STATUS_FAILURE for ${nameOf(facts, object)}, which was never terminated`,
            expected: 'NdisTerminateOffload for it',
            component: driver,
            object,
            connection: facts.objects.find(object)?.connection,
          }));
        }
    },
  };
}

/** A connection in the hardware-failure sequence. */
interface Failing {
  readonly completion: Call;
  readonly driver: number;
  /** The first of the two events. */
  retrieved: Call | undefined;
}

/** After a request has failed, TcpIndicateRetrieve with HardwareFailure and TcpIndicateAbort follow, in this order (QRY-011, INV-002). */
export function hardwareFailureSequence(
  { facts, expect }: RuleContext,
  completion: FunctionName,
  affected: (block: TreeBlock, driver: number) => readonly number[],
): Handlers {
  const failing = new Map<number, Failing>();
  /** Connections that have had both events since they were offloaded: nobody repeats them. */
  const lost = new Set<number>();
  const breach = (connection: number, known: Failing, call: Call | undefined, found: string): void => {
    failing.delete(connection);
    expect(false, () => ({
      events: [known.completion.event, known.retrieved?.event, call?.event],
      found: `${completion} reported NDIS_STATUS_FAILURE, and ${found}`,
      expected: 'TcpIndicateRetrieve with HardwareFailure, then TcpIndicateAbort',
      component: known.driver,
      connection,
    }));
  };
  return {
    call: {
      [completion]: (call: Call) => {
        if (!isOfTarget(facts, call)) return;
        for (const block of treeOf(call)) {
          if (block.status !== NDIS_STATUS.FAILURE) continue;
          for (const connection of affected(block, call.caller))
            if (!lost.has(connection) && !failing.has(connection))
              failing.set(connection, { completion: call, driver: call.caller, retrieved: undefined });
        }
      },
      NdisTcpOffloadEventHandler: (call) => {
        const { connection } = call;
        const type = call.number('EventType');
        if (connection === undefined || !isOfTarget(facts, call)) return;
        const known = failing.get(connection);
        if (known === undefined || known.driver !== call.caller) {
          if (type === abort) lost.add(connection);
          return;
        }
        const reason = call.number('EventSpecificInformation');
        if (known.retrieved === undefined) {
          if (type === retrieve && reason === hardwareFailure) known.retrieved = call;
          else breach(connection, known, call, 'another event comes first');
        } else if (type === abort) {
          failing.delete(connection);
          lost.add(connection);
          expect(true, noBreach);
        } else breach(connection, known, call, 'another event comes before TcpIndicateAbort');
      },
      NdisMTerminateOffloadComplete: (call) => {
        if (failing.size === 0 && lost.size === 0) return;
        for (const { object, status } of treeOf(call)) {
          const connection = facts.objects.find(object)?.connection;
          if (connection === undefined || status !== NDIS_STATUS.SUCCESS) continue;
          lost.delete(connection);
          const known = failing.get(connection);
          if (known?.driver === call.caller)
            breach(connection, known, call, 'the connection is terminated without both events');
        }
      },
    },
    end: ({ complete }) => {
      if (complete)
        for (const [connection, known] of [...failing])
          breach(connection, known, undefined, 'no events follow');
    },
  };
}

/** Connections at a driver's miniport edge that are an object, or depend on it. */
export function connectionsBehind(
  { facts: { objects } }: Pick<RuleContext, 'facts'>,
  driver: number,
  object: number | undefined,
): number[] {
  if (object === undefined) return [];
  const found: number[] = [];
  for (const held of objects.allAt('miniport', driver)) {
    const known = objects.find(held.object);
    if (known?.layer !== 'tcp' || known.connection === undefined) continue;
    const path = objects.at('miniport', driver, held.parent);
    if (held.object === object || path?.object === object || path?.parent === object)
      found.push(known.connection);
  }
  return found;
}

/** Looks at every block that a host stack's own request names an object with. */
export function atOriginalBlocks(
  { facts }: RuleContext,
  functionName: FunctionName,
  look: (call: Call, block: TreeBlock) => void,
): Handlers {
  return {
    call: {
      [functionName]: (call: Call) => {
        if (!isOriginal(facts, call)) return;
        for (const block of treeOf(call)) if (block.role !== 'placeholder') look(call, block);
      },
    },
  };
}
