/** Steps in words: titles of commands, labels of buttons, and what is said where a step leads nowhere. Pure. */
import type { Step } from '../../shared/debug/step';

/** What is said about a step. */
export interface StepWords {
  /** As a command. */
  readonly title: string;
  /** What it does, for tooltips. */
  readonly hint: string;
  /** Why it leads nowhere. */
  readonly nowhere: string;
}

type Kind = Exclude<Step['kind'], 'cursor'>;

const forward: Readonly<Record<Kind, StepWords>> = {
  event: {
    title: 'Step to the next event',
    hint: 'The next call, return, frame, change of state or milestone',
    nowhere: 'This is the last event that is recorded.',
  },
  call: {
    title: 'Step to the next handler call',
    hint: 'The next call of a handler, of whichever driver',
    nowhere: 'No handler is called behind this event.',
  },
  into: {
    title: 'Step into',
    hint: 'The next call or return on this processor',
    nowhere: 'This processor makes no further call.',
  },
  over: {
    title: 'Step over',
    hint: 'At a call to its return; else the next call or return on this processor',
    nowhere: 'There is nothing further on this processor.',
  },
  out: {
    title: 'Step out',
    hint: 'To the return of the function that made this call',
    nowhere: 'No call is open around this event whose return is recorded.',
  },
  completion: {
    title: 'Step to the completion of this request',
    hint: 'To the call or return that completes the request at the cursor',
    nowhere: 'No completion of the request at the cursor is recorded.',
  },
  request: {
    title: 'Back to the request that this completes',
    hint: 'From a completion to the call that made the request',
    nowhere: 'The event at the cursor completes no request.',
  },
  connection: {
    title: 'Next handler call on this connection',
    hint: 'The next call of a handler on the connection at the cursor',
    nowhere: 'No further handler is called on the connection at the cursor, or it has none.',
  },
  driver: {
    title: 'Next handler call of this driver',
    hint: 'The next call of a handler of the driver at the cursor',
    nowhere: 'No further handler of the driver at the cursor is called, or it has none.',
  },
};

const backward: Readonly<Record<Kind, StepWords>> = {
  event: {
    title: 'Step back to the event before',
    hint: 'The call, return, frame, change of state or milestone before',
    nowhere: 'This is the first event.',
  },
  call: {
    title: 'Step back to the handler call before',
    hint: 'The last call of a handler before, of whichever driver',
    nowhere: 'No handler is called before this event.',
  },
  into: {
    title: 'Step back into',
    hint: 'The call or return before on this processor',
    nowhere: 'This processor makes no call before.',
  },
  over: {
    title: 'Step back over',
    hint: 'At a return to its call; else the call or return before on this processor',
    nowhere: 'There is nothing before on this processor.',
  },
  out: {
    title: 'Step back out',
    hint: 'To the call inside which this happens',
    nowhere: 'No call is open around this event.',
  },
  completion: forward.request,
  request: forward.request,
  connection: {
    title: 'Handler call before on this connection',
    hint: 'The last call of a handler before on the connection at the cursor',
    nowhere: 'No handler is called before on the connection at the cursor, or it has none.',
  },
  driver: {
    title: 'Handler call before of this driver',
    hint: 'The last call of a handler before of the driver at the cursor',
    nowhere: 'No handler of the driver at the cursor is called before, or it has none.',
  },
};

/** What is said about a step. */
export function stepWords(step: Step): StepWords {
  if (step.kind === 'cursor')
    return {
      title: 'Run to the cursor',
      hint: `Event ${step.event}`,
      nowhere: `Event ${step.event} is not recorded.`,
    };
  return (step.direction === 'forward' ? forward : backward)[step.kind];
}
