/** NDIS_STATUS_UPLOAD_IN_PROGRESS is for connections that go back to the host stack: what SND-027 and RCV-027 have in common. */
import type { FunctionName } from '../../ddi/catalogue';
import { NDIS_STATUS } from '../../ddi/status';
import type { Call } from '../engine/call';
import type { Handlers, RuleContext } from '../engine/rule';
import { stays, type Stay } from '../facts/stays';

interface Completed {
  readonly purpose: 'send' | 'receive';
  readonly completion: FunctionName;
  /** `a send`. */
  readonly what: string;
}

/**
 * The status is right from the moment that an upload is asked for or begun; before that, if one of these follows (ambiguities A38, A143). It
 * does not where a request that was posted later succeeds, or where the run ends.
 */
export function uploadFollows(
  { expect, facts }: RuleContext,
  { purpose, completion, what }: Completed,
): Handlers {
  const known = facts.of(stays);
  const open = new Map<Stay, { readonly post: Call; readonly call: Call }>();
  const holds = (): void => {
    expect(true, () => ({ events: [], found: '', expected: '' }));
  };
  const breaks = (stay: Stay, proof: number | undefined): void => {
    const { post, call } = open.get(stay)!;
    open.delete(stay);
    expect(false, () => ({
      events: [post.event, call.event, proof],
      found: `${what} was completed with NDIS_STATUS_UPLOAD_IN_PROGRESS, and the connection stayed offloaded`,
      expected: 'TcpIndicateRetrieve, NDIS_STATUS_UPLOAD_ALL or MiniportTerminateOffload for the connection',
      component: call.caller,
      connection: stay.connection,
      object: stay.object,
    }));
  };
  const settle = (): void => {
    for (const stay of open.keys()) {
      if (stay.upload === undefined) continue;
      open.delete(stay);
      holds();
    }
  };
  return {
    call: {
      [completion]: (call: Call) => {
        settle();
        const stay = known.ofCompletion(call);
        if (stay === undefined) return;
        for (const { list, lent } of facts.lists.givenBack(call)) {
          if (lent?.purpose !== purpose) continue;
          if (list.status === NDIS_STATUS.UPLOAD_IN_PROGRESS) {
            if (stay.upload !== undefined) holds();
            else if (!open.has(stay)) open.set(stay, { post: lent.call, call });
          } else if (list.status === NDIS_STATUS.SUCCESS && list.bytesTransferred > 0) {
            const before = open.get(stay);
            if (before !== undefined && lent.call.event > before.call.event) breaks(stay, call.event);
          }
        }
      },
    },
    end: ({ complete }) => {
      settle();
      if (!complete) return;
      for (const stay of [...open.keys()]) breaks(stay, undefined);
    },
  };
}
