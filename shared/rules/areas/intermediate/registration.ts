/** What intermediate drivers register, and what NDIS makes of it (IMD-001 to IMD-005). */
import { constantValue } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../ddi/status';
import type { EventId } from '../../../trace/records';
import type { Call } from '../../engine/call';
import { rule, type Handlers, type Rule, type RuleContext } from '../../engine/rule';
import { oidOf, setsOid } from '../../facts/oidRequests';
import { passedOn } from '../../facts/passedOn';
import { chimneyStructures, registrationFacts } from '../../facts/registrations';

const taskOffload = constantValue('OID_TCP_TASK_OFFLOAD');

/** A MiniportOidRequest of OID_TCP_TASK_OFFLOAD at an intermediate driver, and what has become of it below. */
interface AskedAbove {
  readonly call: Call;
  below: Call | undefined;
  lowerStatus: NdisStatus | undefined;
}

/** See the file's head. */
export const registrationRules: readonly Rule[] = [
  rule('IMD-001', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    const passed = facts.of(passedOn);
    return {
      call: {
        MiniportInitializeEx: (call) => {
          const driver = call.callee;
          if (!passed.isBetween(driver) || !facts.historyComplete) return;
          const missing = chimneyStructures.filter((one) => registrations.inForce(driver, one).length === 0);
          // One without any is no chimney driver.
          if (missing.length === chimneyStructures.length) return;
          const some = chimneyStructures.find((one) => !missing.includes(one))!;
          expect(missing.length === 0, () => ({
            events: [registrations.inForce(driver, some)[0]?.call.event, call.event],
            found: `the intermediate driver has registered ${some}, but not ${missing.join(', ')}`,
            expected: 'all four chimney structures: both edges take part',
            component: driver,
          }));
        },
      },
    };
  }),

  rule('IMD-002', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    const passed = facts.of(passedOn);
    const offers = (driver: number): boolean =>
      registrations.offersChimney(driver, 'miniport') && registrations.offersChimney(driver, 'protocol');
    return {
      call: {
        MiniportInitiateOffload: (call) => {
          const sender = call.parent?.functionName === 'NdisInitiateOffload' ? call.parent.caller : undefined;
          const between = [call.callee, sender].filter(
            (one): one is number => one !== undefined && passed.isBetween(one),
          );
          if (!facts.historyComplete) return;
          for (const driver of between)
            expect(offers(driver), () => ({
              events: [call.parent?.event, call.event],
              found: `${facts.machine.name(driver)} has not registered for chimney offload at both edges, and MiniportInitiateOffload was called all the same`,
              expected: 'no chimney offload at such a driver or below it',
              component: call.caller,
            }));
        },
      },
    };
  }),

  rule('IMD-003', (context) => {
    const registrations = context.facts.of(registrationFacts);
    return taskOffloadRequests(context, false, (asked, event, status) => {
      const driver = asked.call.callee;
      // Whoever permits no offload at all says so himself (IMD-004).
      if (!registrations.offersChimney(driver, 'miniport')) return;
      const { below, lowerStatus } = asked;
      const same = lowerStatus === undefined || lowerStatus === status;
      context.expect(below !== undefined && same, () => ({
        events: [asked.call.event, below?.event, event],
        found:
          below === undefined
            ? `the query of OID_TCP_TASK_OFFLOAD was answered ${statusName(status)}, and nothing was asked below`
            : `the driver below answered ${statusName(lowerStatus ?? 0)}, and ${statusName(status)} went up`,
        expected: 'the answer of the driver below',
        component: driver,
      }));
    });
  }),

  rule('IMD-004', (context) => {
    const registrations = context.facts.of(registrationFacts);
    return taskOffloadRequests(context, false, (asked, event, status) => {
      const driver = asked.call.callee;
      if (!context.facts.historyComplete) return;
      if (chimneyStructures.some((one) => registrations.inForce(driver, one).length > 0)) return;
      // It may still permit task offloads: then it asks below and says what that says.
      if (asked.below !== undefined && asked.lowerStatus === status) return;
      context.expect(status === NDIS_STATUS.NOT_SUPPORTED && asked.below === undefined, () => ({
        events: [asked.call.event, asked.below?.event, event],
        found: `an intermediate driver without chimney functions answered the query of OID_TCP_TASK_OFFLOAD with ${statusName(status)}`,
        expected: statusName(NDIS_STATUS.NOT_SUPPORTED),
        component: driver,
      }));
    });
  }),

  rule('IMD-005', (context) =>
    taskOffloadRequests(context, true, (asked, event, status) => {
      context.expect(asked.below !== undefined, () => ({
        events: [asked.call.event, event],
        found: `a set of OID_TCP_TASK_OFFLOAD was answered ${statusName(status)}, and nothing went down`,
        expected: 'the same set at the adapter below',
        component: asked.call.callee,
      }));
    }),
  ),
];

/** Requests of OID_TCP_TASK_OFFLOAD at intermediate drivers; `decide` hears when each has been answered. */
function taskOffloadRequests(
  { facts }: RuleContext,
  sets: boolean,
  decide: (asked: AskedAbove, event: EventId | undefined, status: NdisStatus) => void,
): Handlers {
  const passed = facts.of(passedOn);
  const open: AskedAbove[] = [];
  const concerns = (call: Call): boolean => oidOf(call) === taskOffload && setsOid(call) === sets;
  const end = (asked: AskedAbove, event: EventId | undefined, status: NdisStatus | undefined): void => {
    open.splice(open.indexOf(asked), 1);
    decide(asked, event, status ?? NDIS_STATUS.SUCCESS);
  };
  return {
    call: {
      MiniportOidRequest: (call) => {
        if (passed.isBetween(call.callee) && concerns(call))
          open.push({ call, below: undefined, lowerStatus: undefined });
      },
      NdisOidRequest: (call) => {
        if (!concerns(call)) return;
        for (const asked of open) if (asked.call.callee === call.caller) asked.below ??= call;
      },
      ProtocolOidRequestComplete: (call) => {
        for (const asked of open)
          if (asked.below !== undefined && call.record.completes.includes(asked.below.event))
            asked.lowerStatus = call.number('Status');
      },
      NdisMOidRequestComplete: (call) => {
        const asked = open.find((one) => call.record.completes.includes(one.call.event));
        if (asked !== undefined) end(asked, call.event, call.number('Status'));
      },
    },
    returned: {
      NdisOidRequest: (call) => {
        for (const asked of open)
          if (asked.below === call && call.status !== NDIS_STATUS.PENDING) asked.lowerStatus = call.status;
      },
      MiniportOidRequest: (call) => {
        const asked = open.find((one) => one.call === call);
        if (asked !== undefined && call.status !== NDIS_STATUS.PENDING)
          end(asked, call.returned?.event, call.status);
      },
    },
  };
}
