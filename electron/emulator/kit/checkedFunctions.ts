/**
 * NDIS for drivers of unknown origin: what they register is looked at, and each handler is called inside a guard, so that a mistake has
 * the name of the handler that made it. C's compiler and the Driver Verifier did this for drivers of flesh and blood.
 */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { NDIS_HANDLE } from '../ndis/characteristics';
import { DriverFault } from './driverFault';
import type { NdisFunctions } from './ndisFunctions';

/** Handlers that return an NDIS_STATUS; all others return nothing that anybody looks at, but for those below. */
const statusHandlers: ReadonlySet<string> = new Set([
  'SetOptionsHandler',
  'InitializeHandlerEx',
  'RestartHandler',
  'PauseHandler',
  'OidRequestHandler',
  'ResetHandlerEx',
  'BindAdapterHandlerEx',
  'UnbindAdapterHandlerEx',
  'NetPnPEventHandler',
  'TcpOffloadSendHandler',
  'TcpOffloadReceiveHandler',
  'TcpOffloadDisconnectHandler',
  'TcpOffloadForwardHandler',
  'TcpOffloadReceiveReturnHandler',
]);

/** Handlers that a miniport or protocol driver can't do without, by a handler that tells which of both it is. */
const required = {
  miniport: [
    'SetOptionsHandler',
    'InitializeHandlerEx',
    'RestartHandler',
    'OidRequestHandler',
    'SendNetBufferListsHandler',
    'ReturnNetBufferListsHandler',
  ],
  protocol: [
    'SetOptionsHandler',
    'BindAdapterHandlerEx',
    'ReceiveNetBufferListsHandler',
    'SendNetBufferListsCompleteHandler',
  ],
} as const;

type Handler = (...values: unknown[]) => unknown;

/** What the guard has seen. */
export interface CheckedRegistrations {
  /** Whether NdisMRegisterMiniportDriver has been called. */
  miniportRegistered: boolean;
  /** NdisMiniportHandle of the last MiniportInitializeEx. */
  miniportHandle: NDIS_HANDLE | undefined;
}

function isStatus(value: unknown): value is NdisStatus {
  return typeof value === 'number' && Number.isInteger(value);
}

/** Whether a receive indication's answer is one: a status and a number of bytes. */
function isIndicationAnswer(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'status' in value &&
    isStatus(value.status) &&
    'BytesConsumed' in value &&
    typeof value.BytesConsumed === 'number'
  );
}

/**
 * The functions of a driver, guarded; `seen` fills.
 * @param running holds the names of the handlers that are under way, the innermost last
 */
export function checkedFunctions(
  functions: NdisFunctions,
  driver: string,
  seen: CheckedRegistrations,
  running: string[] = [],
): NdisFunctions {
  const guard = (name: string, handler: Handler, owner: object): Handler => {
    const guarded: Handler = (...values) => {
      let answer: unknown;
      running.push(name);
      try {
        answer = handler.apply(owner, values);
      } catch (error) {
        if (error instanceof DriverFault) throw error;
        const message = error instanceof Error ? error.message : String(error);
        throw new DriverFault(driver, `${name} threw: ${message}`, { cause: error });
      } finally {
        running.pop();
      }
      if (statusHandlers.has(name) && !isStatus(answer))
        throw new DriverFault(driver, `${name} returned ${String(answer)}; it must return an NDIS_STATUS.`);
      if (name === 'CheckForHangHandlerEx' && typeof answer !== 'boolean')
        throw new DriverFault(driver, `${name} returned ${String(answer)}; it must return true or false.`);
      if (name === 'TcpOffloadReceiveIndicateHandler' && !isIndicationAnswer(answer))
        throw new DriverFault(driver, `${name} must return a status and BytesConsumed.`);
      if (name === 'InitializeHandlerEx' && answer === NDIS_STATUS.SUCCESS)
        seen.miniportHandle = values[0] as NDIS_HANDLE;
      return answer;
    };
    return guarded;
  };
  const guardAll = <Characteristics extends object>(
    value: Characteristics,
    what: string,
    needs: readonly string[],
  ): Characteristics => {
    if (typeof value !== 'object' || (value as unknown) === null)
      throw new DriverFault(driver, `${what} got no characteristics.`);
    const members = value as Readonly<Record<string, unknown>>;
    for (const name of needs)
      if (typeof members[name] !== 'function') throw new DriverFault(driver, `${what} lacks ${name}.`);
    if (typeof members['Header'] !== 'object') throw new DriverFault(driver, `${what} lacks Header.`);
    const guarded = Object.entries(members).map(([name, member]) => [
      name,
      typeof member === 'function' ? guard(name, member as Handler, value) : member,
    ]);
    return Object.fromEntries(guarded) as Characteristics;
  };
  return {
    ...functions,
    NdisMRegisterMiniportDriver: (context, characteristics) => {
      seen.miniportRegistered = true;
      const what = 'NDIS_MINIPORT_DRIVER_CHARACTERISTICS';
      return functions.NdisMRegisterMiniportDriver(
        context,
        guardAll(characteristics, what, required.miniport),
      );
    },
    NdisRegisterProtocolDriver: (context, characteristics) => {
      const what = 'NDIS_PROTOCOL_DRIVER_CHARACTERISTICS';
      return functions.NdisRegisterProtocolDriver(
        context,
        guardAll(characteristics, what, required.protocol),
      );
    },
    // What is missing in these NDIS itself finds, and answers with a status (REG-010, REG-011).
    NdisSetOptionalHandlers: (handle, handlers) =>
      functions.NdisSetOptionalHandlers(handle, {
        structure: handlers.structure,
        value: guardAll(handlers.value, handlers.structure, []),
      } as typeof handlers),
  };
}
