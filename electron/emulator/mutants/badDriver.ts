/** What is wrong with a driver: wrappers between it and NDIS. */
import type { NdisFunctions } from '../kit/ndisFunctions';
import { wrappedFunctions, type DriverWrappers } from '../tampering/driverWrappers';
import type { MutantTools } from './mutantTools';

/** See the file's head. */
export type BadDriver = DriverWrappers<MutantTools>;

/** The functions of a driver that is bad in this way. */
export function badFunctions(functions: NdisFunctions, bad: BadDriver, tools: MutantTools): NdisFunctions {
  return wrappedFunctions(functions, bad, tools);
}
