/** Runs a mutant under the eyes of the rules. */
import { scenarioDescription } from '../../../shared/contract/scenarios';
import { RuleChecker } from '../../../shared/rules/engine/checker';
import type { Rule } from '../../../shared/rules/engine/rule';
import { Random } from '../../../shared/base/random';
import type { TimerTamper } from '../kit/protocolTimer';
import type { Machine } from '../machine/machine';
import { checkingProbe } from '../observe/checkingProbe';
import { silentProbe } from '../observe/silentProbe';
import type { Probe } from '../probe';
import { scenarioPlans, type ScenarioPlan } from '../scenarios/scenarioPlan';
import { inventFile, ScenarioRun } from '../scenarios/scenarioRun';
import type { ScenarioSettings } from '../scenarios/scenarioSettings';
import type { FrameTamper, Tampering } from '../scenarios/tampering';
import { badFunctions } from './badDriver';
import type { FrameChange, Mutation, Situation } from './mutant';
import { MutantTools } from './mutantTools';

/** Events of the emulator, and virtual ns, after which a run is ended: a bad driver may keep it from ending. */
const mostEvents = 400_000;
const longestRun = 600e9;

/** Chance of mutants, apart from all chance of the run. */
const mutantStream = 9000;

/** Bytes of each frame that rules see; as in a recording by default. */
const snapLength = 64;

/** What a run left. */
export interface MutantOutcome {
  readonly checker: RuleChecker;
  /** What the emulator threw, as bad drivers make it do; undefined if it went on to the end. */
  readonly accident: string | undefined;
}

/** Timers that expire where they are not stopped. */
function runningOn(machine: Machine, { stops, ...others }: TimerTamper): TimerTamper {
  if (stops === undefined) return others;
  return {
    ...others,
    stops: (timer) => {
      const { due } = timer;
      if (stops(timer)) return true;
      machine.queueDeferredCall(Math.max(0, due - machine.now), () => {
        if (timer.due === due) timer.expire();
      });
      return false;
    },
  };
}

function tamperingOf({ besides, remote }: Situation, mutant: Mutation | undefined, seed: number): Tampering {
  const random = new Random(seed, mutantStream);
  const { driver, frames, received, timers } = mutant ?? {};
  const isChanged = driver !== undefined || besides !== undefined;
  return {
    ...(isChanged
      ? {
          driver: (machine, ndis, role, name) => {
            const isBad = driver !== undefined && role === mutant?.in;
            if (!isBad && role !== besides?.in) return undefined;
            return (functions) => {
              const tools = (): MutantTools => new MutantTools(machine, ndis, functions, name, random);
              const bad = isBad ? badFunctions(functions, driver, tools()) : functions;
              return role === besides?.in ? badFunctions(bad, besides.driver, tools()) : bad;
            };
          },
        }
      : {}),
    ...(timers === undefined
      ? {}
      : { timers: (machine, role) => (role === mutant?.in ? runningOn(machine, timers) : undefined) }),
    ...(frames === undefined && received === undefined && remote === undefined
      ? {}
      : {
          frames: (machine, ndis, pool, name) => {
            const tools = new MutantTools(machine, ndis, undefined, name, random);
            const releasing = (change: FrameChange | undefined): FrameTamper | undefined =>
              change &&
              ((frame) => {
                const sent = change(frame, tools);
                if (!sent.includes(frame)) pool.release(frame);
                return sent;
              });
            return {
              sent: releasing(frames),
              remote: releasing(remote),
              received: received && ((frame) => received(frame, tools)),
            };
          },
        }),
  };
}

/** Runs the situation of a mutant; with the mutation, or without it where `mutant` is undefined. */
export function runSituation(
  rules: readonly Rule[],
  situation: Situation = {},
  seed = 1,
  mutant?: Mutation,
  inner: Probe = silentProbe(),
): MutantOutcome {
  const checker = new RuleChecker(rules);
  const scenario = situation.scenario ?? 'transfer';
  const settings: ScenarioSettings = {
    scenario,
    seed,
    loss: scenarioDescription(scenario).defaultLoss,
    file: inventFile(seed, situation.fileBytes ?? 60_000),
    ...situation.settings,
  };
  const usual: ScenarioPlan = {
    ...scenarioPlans[scenario],
    ...situation.plan,
    tampering: tamperingOf(situation, mutant, seed),
  };
  const plan: ScenarioPlan = {
    ...usual,
    ...(mutant?.target === undefined ? {} : { target: { ...usual.target, ...mutant.target } }),
    ...(mutant?.host === undefined ? {} : { host: { ...usual.host, ...mutant.host } }),
  };
  const checking = checkingProbe(inner, checker, snapLength);
  let accident: string | undefined;
  let run: ScenarioRun | undefined;
  try {
    run = new ScenarioRun(mutant?.records?.(checking) ?? checking, settings, plan);
    let acting = situation.act !== undefined;
    for (let events = 0; events < mostEvents && run.now < longestRun;) {
      const step = acting ? 1 : 1000;
      if (!run.advance(step)) break;
      acting &&= situation.act!(run);
      events += step;
    }
  } catch (error) {
    accident = error instanceof Error ? error.message : String(error);
  }
  if (accident === undefined) checker.onRecord({ kind: 'end', report: '{}' }, 0, run!.now);
  checker.finish();
  return { checker, accident };
}

/** Runs a mutant, or an oddity, with its seed. */
export function runMutant(rules: readonly Rule[], mutant: Mutation, seed = 1, inner?: Probe): MutantOutcome {
  return runSituation(rules, mutant.situation, seed, mutant, inner);
}
