/**
 * Mutants: drivers that break one rule on purpose, each in one way. They are the proof of the checker: a rule is worth something only if it
 * finds the driver that breaks it.
 */
import type { ScenarioId } from '../../../shared/contract/scenarios';
import type { RuleId } from '../../../shared/rules/catalogue';
import type { TimerTamper } from '../kit/protocolTimer';
import type { Probe } from '../probe';
import type { ScenarioPlan } from '../scenarios/scenarioPlan';
import type { ScenarioRun } from '../scenarios/scenarioRun';
import type { ScenarioSettings } from '../scenarios/scenarioSettings';
import type { Frame } from '../wire/frame';
import type { BadDriver } from './badDriver';
import type { MutantTools } from './mutantTools';

/** In what run a mutant shows what it does. Without the mutation the same run breaks no rule at all. */
export interface Situation {
  /** `transfer` if absent: one connection, offloaded, queried halfway, uploaded when everything is echoed. */
  readonly scenario?: ScenarioId;
  /** What differs from the scenario's plan. */
  readonly plan?: Partial<ScenarioPlan>;
  /** 60,000 if absent. */
  readonly fileBytes?: number;
  readonly settings?: Partial<Pick<ScenarioSettings, 'loss' | 'link' | 'ipVersions' | 'chimney'>>;
  /** Called before every event until it answers false: makes happen what no scenario does. Without mutation it happens as well. */
  readonly act?: ((run: ScenarioRun) => boolean) | undefined;
  /** What the remote hosts send in place of a frame: odd segments of attackers and of networks that no scenario has. */
  readonly remote?: FrameChange;
  /** Drivers of a role that do something legal and rare, which the mutation needs. Without mutation they do it as well. */
  readonly besides?: {
    readonly in: BadRole;
    readonly driver: BadDriver;
    /** Rules that advise against it, each with the reason why it is done: they fire with the mutation and without it. */
    readonly against?: Readonly<Partial<Record<RuleId, string>>>;
  };
}

/**
 * What takes the place of a frame: the frame itself, changed or not, others, or nothing. Frames that are not answered must not be used any more;
 * further ones come from `copyFrame` of `tampering/segmentEdits.ts`.
 */
export type FrameChange = (frame: Frame, tools: MutantTools) => readonly Frame[];

/** Which driver is bad. */
export type BadRole = 'host-stack' | 'offload-target' | 'intermediate-driver';

/** What is out of the ordinary in a run. */
export interface Mutation {
  readonly situation?: Situation;
  /** What is bad about every driver of a role. */
  readonly in?: BadRole;
  readonly driver?: BadDriver;
  /** What is bad about the timers of every driver of that role; one that is not stopped expires, and nothing follows from it. */
  readonly timers?: TimerTamper;
  /** What leaves the adapters in place of a frame. */
  readonly frames?: FrameChange;
  /** What the adapters make of a frame that has arrived: a bad adapter may overlook it or misread it. */
  readonly received?: FrameChange;
  /** Settings of every target, and of the host stack, that are bad. */
  readonly target?: ScenarioPlan['target'];
  readonly host?: NonNullable<ScenarioPlan['host']>;
  /** NDIS itself is bad: what it does is recorded by a probe that changes the records on their way. */
  readonly records?: (inner: Probe) => Probe;
}

/** See the file's head. */
export interface Mutant extends Mutation {
  readonly breaks: RuleId;
  /** What the driver does wrong, in one sentence. */
  readonly how: string;
  /** Rules that are broken with it because they follow from it, each with the reason. */
  readonly entails?: Readonly<Partial<Record<RuleId, string>>>;
}

/** What a rule that may not be flagged speaks of: a run in which it happens, and in which no rule may find anything. */
export interface LegalOddity extends Mutation {
  readonly shows: RuleId;
  /** What happens, in one sentence. */
  readonly how: string;
}
