import type { ConstantGroup, ConstantName } from './generated/constants';
import type { FurtherFunctionName } from './furtherFunctions';
import type { FunctionName as DescribedFunctionName } from './generated/functions';
import type { StructureName } from './generated/structures';

/** A named number of the DDI: enumeration value, flag, status code, OID, revision or size. */
export interface ConstantEntry {
  readonly name: ConstantName;
  /** Unsigned 32-bit number; null where no public source gives one. */
  readonly value: number | null;
  readonly group: ConstantGroup;
  readonly meaning: string;
  /** First NDIS version whose headers define the name; absent for 6.0. */
  readonly since?: string;
  /** WDK reference page, without extension. */
  readonly page?: string;
}

/**
 * How a field is stored: `unsigned` and `signed` integers of 1, 2 or 4 bytes, `bits` of a storage unit,
 * 8-byte integers and addresses (bigint), runs of `bytes`, arrays of 8-byte `pointers`, and nested
 * structures.
 */
export type FieldKind =
  | 'unsigned'
  | 'signed'
  | 'bits'
  | 'unsigned64'
  | 'pointer'
  | 'handle'
  | 'codePointer'
  | 'bytes'
  | 'pointers'
  | 'structure';

/** Who may change a variable of offloaded state, and when. */
export type StateClass = 'const' | 'cached' | 'delegated';

/** One member of a structure, in the x64 layout. */
export interface StructureField {
  /** Member name; members of an inner struct or union are dotted, such as `KeepAlive.ProbeCount`. */
  readonly name: string;
  readonly ctype: string;
  readonly kind: FieldKind;
  /** Layout of a nested structure; present for kind `structure` only. */
  readonly structure?: StructureName;
  /** Bytes from the start of the structure; for a bit-field that of its storage unit. */
  readonly offset: number;
  /** Bytes; for a bit-field those of its storage unit, for a flexible array 0. */
  readonly size: number;
  /** Lowest bit, counted from the least significant bit of the storage unit. */
  readonly bitOffset?: number;
  /** Number of bits. */
  readonly bitWidth?: number;
  /** An array of any length that follows the structure. */
  readonly flexible?: boolean;
  /** The array that this entry names one slot of; the slot is part of the array's value too. */
  readonly elementOf?: string;
  /** Unit or nature of the value, such as `bytes`, `ticks`, `sequence number`, `flags`. */
  readonly unit?: string;
  readonly class?: StateClass;
  /** First NDIS version that has the member; absent for 6.0. */
  readonly since?: string;
  /** The union that the member belongs to; an anonymous union is named after its alternatives. */
  readonly union?: string;
  /** The alternative of that union; members of one alternative are valid together. */
  readonly arm?: string;
  /** Group that names the values; on a nested header it applies to the header's Type. */
  readonly enumGroup?: ConstantGroup;
  /** Group that names the bits. */
  readonly flagsGroup?: ConstantGroup;
  /** The handler that a code pointer calls. */
  readonly handler?: FunctionName;
  readonly meaning: string;
}

/** One published revision of a structure that begins with NDIS_OBJECT_HEADER. */
export interface StructureRevision {
  /** Name of the revision constant; absent where none is published. */
  readonly revision?: ConstantName;
  /** What Header.Revision holds; absent where none is published. */
  readonly value?: number;
  readonly sizeConstant?: ConstantName;
  /** What Header.Size holds, in bytes: the end of the revision's last member. */
  readonly size: number;
  /** Bytes in memory, tail padding included. */
  readonly sizeof: number;
  /** Last member of the revision. */
  readonly throughField?: string;
  /** NDIS version that introduced the revision. */
  readonly ndis: string;
}

/** What Header.Type, Revision and Size of a structure hold. */
export interface StructureHeader {
  /** Name of the type constant, or the enumeration whose values Type holds. */
  readonly type: string;
  readonly typeValue?: number;
  /** Oldest first. */
  readonly revisions: readonly StructureRevision[];
}

/** x64 layout of one structure, as NDIS 6.20 has it. */
export interface StructureLayout {
  readonly name: StructureName;
  /** sizeof, in bytes, tail padding included. */
  readonly size: number;
  /** Required alignment in bytes. */
  readonly alignment: number;
  readonly page?: string;
  readonly note?: string;
  readonly header?: StructureHeader;
  /** sizeof in other NDIS versions, in bytes. */
  readonly variants?: readonly { readonly ndis: string; readonly size: number }[];
  /** Members that versions after 6.20 append. */
  readonly laterFields?: readonly {
    readonly name: string;
    readonly since: string;
    readonly offset: number;
    readonly size: number;
  }[];
  /** Unnamed gaps, in bytes. */
  readonly padding?: readonly { readonly offset: number; readonly size: number }[];
  readonly fields: readonly StructureField[];
}

/** One parameter of a function, handler or macro. */
export interface FunctionParameter {
  readonly name: string;
  readonly ctype: string;
  readonly direction: 'in' | 'out' | 'inout';
  readonly meaning: string;
}

/** Name of every function, handler and macro of the catalogue. */
export type FunctionName = DescribedFunctionName | FurtherFunctionName;

/** One function, handler or macro of the DDI. */
export interface FunctionEntry {
  readonly name: FunctionName;
  readonly kind: 'ndis-function' | 'miniport-handler' | 'protocol-handler' | 'macro';
  /** Which part of the chimney DDI it belongs to; absent outside of it. */
  readonly family?: 'generic' | 'tcp';
  /** Who implements it and who calls it. */
  readonly side: string;
  readonly parameters: readonly FunctionParameter[];
  readonly returns: string;
  readonly irql: string;
  /** True where the work completes through another call. */
  readonly asynchronous?: boolean;
  readonly typedef?: string;
  /** `STRUCTURE.Field` that registers the handler. */
  readonly characteristicsField?: string;
  /** The call that completes this one. */
  readonly completes?: FunctionName;
  /** The call that this one completes. */
  readonly completionOf?: FunctionName;
  /** The handler that NDIS calls in response. */
  readonly ndisCalls?: FunctionName;
  /** What a macro stands for. */
  readonly expansion?: string;
  readonly since?: string;
  readonly page?: string;
  readonly note?: string;
  /** Legal return codes. */
  readonly statuses?: readonly ConstantName[];
  /** Codes that are written into `statusTarget`. */
  readonly statusesWritten?: readonly ConstantName[];
  readonly statusTarget?: string;
}
