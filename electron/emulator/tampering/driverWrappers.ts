/** Puts something between a driver and NDIS: in the handlers that the driver registers, in the functions that it calls, or in what it registers. */
import type {
  NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
  OptionalHandlers,
} from '../ndis/characteristics';
import type { NdisFunctions } from '../kit/ndisFunctions';

/** Every handler that a driver may register, by the name of its member in the characteristics. */
export type AllHandlers = NDIS_MINIPORT_DRIVER_CHARACTERISTICS &
  Omit<NDIS_PROTOCOL_DRIVER_CHARACTERISTICS, 'SetOptionsHandler'> &
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS &
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS &
  NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS &
  NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS;

/** Every function that a driver may call, the entry points of NdisMGetOffloadHandlers among them. */
export type AllFunctions = NdisFunctions & NDIS_TCP_OFFLOAD_EVENT_HANDLERS;

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the constraint that TypeScript's own Parameters has
type AnyFunction = (...values: any[]) => unknown;

type Wrappers<Functions, Tools> = {
  readonly [Name in keyof Functions as NonNullable<Functions[Name]> extends AnyFunction ? Name : never]?: (
    next: NonNullable<Functions[Name]>,
    tools: Tools,
  ) => NonNullable<Functions[Name]>;
};

/** What stands between a driver and NDIS. Each wrapper gets what it stands in front of, and answers what takes its place. */
export interface DriverWrappers<Tools> {
  /** Handlers that the driver registers: NDIS calls the wrapper, which may call the driver's own. */
  readonly handlers?: Wrappers<AllHandlers, Tools>;
  /** Functions of NDIS that the driver calls. */
  readonly functions?: Wrappers<AllFunctions, Tools>;
  /** Structures that the driver registers with NdisSetOptionalHandlers, changed before anybody sees them. */
  readonly optionalHandlers?: (registered: OptionalHandlers, tools: Tools) => OptionalHandlers;
}

type AnyWrapper = ((next: AnyFunction, tools: unknown) => AnyFunction) | undefined;

function wrapMembers<Value extends object>(
  value: Value,
  wrappers: object | undefined,
  tools: unknown,
): Value {
  if (wrappers === undefined) return value;
  const members = Object.entries(value).map(([name, member]: [string, unknown]) => {
    const wrapper = (wrappers as Readonly<Record<string, AnyWrapper>>)[name];
    if (wrapper === undefined || typeof member !== 'function') return [name, member];
    return [name, wrapper(member.bind(value) as AnyFunction, tools)];
  });
  return Object.fromEntries(members) as Value;
}

/** The functions of a driver with such wrappers; `tools` is handed to each. */
export function wrappedFunctions<Tools>(
  functions: NdisFunctions,
  wrappers: DriverWrappers<Tools>,
  tools: Tools,
): NdisFunctions {
  const wrapped = wrapMembers(functions, wrappers.functions, tools);
  return {
    ...wrapped,
    NdisMRegisterMiniportDriver: (context, characteristics) =>
      wrapped.NdisMRegisterMiniportDriver(context, wrapMembers(characteristics, wrappers.handlers, tools)),
    NdisRegisterProtocolDriver: (context, characteristics) =>
      wrapped.NdisRegisterProtocolDriver(context, wrapMembers(characteristics, wrappers.handlers, tools)),
    NdisSetOptionalHandlers: (handle, registered) => {
      const { structure, value } = wrappers.optionalHandlers?.(registered, tools) ?? registered;
      return wrapped.NdisSetOptionalHandlers(handle, {
        structure,
        value: wrapMembers(value, wrappers.handlers, tools),
      } as OptionalHandlers);
    },
    NdisMGetOffloadHandlers: (handle, type) => {
      const answer = wrapped.NdisMGetOffloadHandlers(handle, type);
      return answer.OffloadHandlers === null
        ? answer
        : { ...answer, OffloadHandlers: wrapMembers(answer.OffloadHandlers, wrappers.functions, tools) };
    },
  };
}
