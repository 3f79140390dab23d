/** Checks that several rules have in common. */
import type { FunctionName } from '../../ddi/catalogue';
import { statusName, type NdisStatus } from '../../ddi/status';
import type { Call } from './call';
import type { Handlers, RuleContext } from './rule';

type Expect = RuleContext['expect'];

/** The function must return one of these statuses. For `returned` handlers. */
export function expectStatus(expect: Expect, call: Call, ...allowed: readonly NdisStatus[]): void {
  const { status } = call;
  expect(status !== undefined && allowed.includes(status), () => ({
    events: [call.event, call.returned?.event],
    found: `${call.functionName} returned ${status === undefined ? 'nothing' : statusName(status)}`,
    expected: allowed.map((one) => statusName(one)).join(' or '),
    component: call.callee,
    connection: call.connection,
  }));
}

/** No call of a function on a connection may begin while another call of it on the same connection, by the same caller, is running. */
export function overlappingCalls({ expect }: RuleContext, functions: readonly FunctionName[]): Handlers {
  const running = new Map<string, Call>();
  const keyOf = (call: Call): string =>
    `${call.functionName} ${call.caller} ${call.callee} ${call.connection ?? ''}`;
  const begin = (call: Call): void => {
    if (call.connection === undefined) return;
    const key = keyOf(call);
    const before = running.get(key);
    expect(before === undefined, () => ({
      events: [before?.event, call.event],
      found: `${call.functionName} was entered while another call on the same connection had not returned`,
      expected: 'one call at a time on a connection',
      component: call.caller,
      connection: call.connection,
    }));
    if (before === undefined) running.set(key, call);
  };
  const end = (call: Call): void => {
    const key = keyOf(call);
    if (running.get(key) === call) running.delete(key);
  };
  return {
    call: Object.fromEntries(functions.map((name) => [name, begin])),
    returned: Object.fromEntries(functions.map((name) => [name, end])),
  };
}
