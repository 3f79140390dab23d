/** A recorded call as rules see it: the record, the call that it was made inside, and, once it has returned, its outcome. */
import type { FunctionName } from '../../ddi/catalogue';
import type { NdisStatus } from '../../ddi/status';
import type {
  BlockSnapshot,
  CallArgument,
  CallRecord,
  EventId,
  NetBufferListSnapshot,
  ReturnRecord,
  VirtualTime,
} from '../../trace/records';
import { StructureView } from './structureView';

/** How a call ended. */
export interface CallReturn {
  readonly event: EventId;
  readonly time: VirtualTime;
  /** Undefined for functions that return VOID. */
  readonly status: NdisStatus | undefined;
  readonly outputs: readonly CallArgument[];
}

function find(values: readonly CallArgument[], name: string): CallArgument | undefined {
  for (const value of values) if (value.name === name) return value;
  return undefined;
}

/** See the file's head. */
export class Call {
  /** Undefined until it has returned. */
  returned: CallReturn | undefined;

  constructor(
    readonly event: EventId,
    readonly time: VirtualTime,
    readonly record: Omit<CallRecord, 'kind'>,
    /** The call inside which this one was made; undefined at the bottom of an event, or where the trace lacks it. */
    readonly parent: Call | undefined,
  ) {}

  /** Notes how it ended. */
  end(event: EventId, time: VirtualTime, { status, outputs }: Omit<ReturnRecord, 'kind'>): void {
    this.returned = { event, time, status, outputs };
  }

  get functionName(): FunctionName {
    return this.record.functionName as FunctionName;
  }

  /** Component that made the call. */
  get caller(): number {
    return this.record.caller;
  }

  /** Component that was called. */
  get callee(): number {
    return this.record.callee;
  }

  get connection(): number | undefined {
    return this.record.connection;
  }

  get processor(): number {
    return this.record.processor;
  }

  /** What it returned; undefined while it runs, and for functions that return VOID. */
  get status(): NdisStatus | undefined {
    return this.returned?.status;
  }

  /** The nearest call around it that `matches`. */
  enclosing(matches: (call: Call) => boolean): Call | undefined {
    for (let { parent } = this; parent !== undefined; parent = parent.parent)
      if (matches(parent)) return parent;
    return undefined;
  }

  /** An argument as it was recorded. */
  argument(name: string): CallArgument | undefined {
    return find(this.record.arguments, name);
  }

  /** An output as it was recorded; undefined while the call runs. */
  output(name: string): CallArgument | undefined {
    return this.returned === undefined ? undefined : find(this.returned.outputs, name);
  }

  /** A number, status or pointer that was passed; undefined if there is none of the name. */
  number(name: string): number | undefined {
    return numberIn(this.argument(name));
  }

  /** A number, status or pointer that came back. */
  numberOut(name: string): number | undefined {
    return numberIn(this.output(name));
  }

  /** Text that was passed. */
  text(name: string): string | undefined {
    const argument = this.argument(name);
    return argument?.kind === 'text' ? argument.value : undefined;
  }

  /** A structure that was passed. */
  structure(name: string): StructureView | undefined {
    return structureIn(this.argument(name));
  }

  /** A structure that came back. */
  structureOut(name: string): StructureView | undefined {
    return structureIn(this.output(name));
  }

  /** The NET_BUFFER_LISTs that were passed, in chain order; empty if none were. */
  get lists(): readonly NetBufferListSnapshot[] {
    for (const argument of this.record.arguments)
      if (argument.kind === 'net-buffer-lists') return argument.lists;
    return [];
  }

  /** The blocks of the tree that was passed, depth first; empty if none was. */
  get blocks(): readonly BlockSnapshot[] {
    for (const argument of this.record.arguments) if (argument.kind === 'block-list') return argument.blocks;
    return [];
  }
}

function numberIn(argument: CallArgument | undefined): number | undefined {
  return argument?.kind === 'number' || argument?.kind === 'status' || argument?.kind === 'pointer'
    ? argument.value
    : undefined;
}

function structureIn(argument: CallArgument | undefined): StructureView | undefined {
  return argument?.kind === 'structure' ? new StructureView(argument.structure, argument.bytes) : undefined;
}
