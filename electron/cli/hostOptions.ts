/** Options about the host of a run: what it offloads by itself, and what networking costs it. */
import { InvalidArgumentError, Option } from 'commander';
import { chimneyStates, type ChimneyRequest, type ChimneyRule } from '../../shared/contract/chimneyRequest';
import { defaultHostCost, type HostCostSettings } from '../../shared/analysis/hostCostModel';
import { withHostCost } from '../../shared/analysis/hostCostSettings';

/** Values of the options as commander names them. */
export interface HostOptions {
  readonly chimney?: ChimneyRequest['state'];
  readonly chimneyPort?: Readonly<Record<string, ChimneyRule>>;
  readonly chimneyApplication?: Readonly<Record<string, ChimneyRule>>;
  readonly hostCost?: HostCostSettings;
}

/** Reads `name=enabled` or `name=disabled` into what has been collected so far. */
function ruleFor(isName: (name: string) => boolean, example: string) {
  return (text: string, before: Readonly<Record<string, ChimneyRule>> = {}): Record<string, ChimneyRule> => {
    const at = text.lastIndexOf('=');
    const name = text.slice(0, Math.max(0, at));
    const rule = text.slice(at + 1);
    if (!isName(name) || (rule !== 'enabled' && rule !== 'disabled'))
      throw new InvalidArgumentError(`Write it as ${example}.`);
    return { ...before, [name]: rule };
  };
}

function isPort(name: string): boolean {
  return /^\d{1,5}$/.test(name) && Number(name) >= 1 && Number(name) <= 65_535;
}

function parseHostCost(text: string, before: HostCostSettings = defaultHostCost): HostCostSettings {
  const changed = withHostCost(before, [text]);
  if (!changed.ok) throw new InvalidArgumentError(changed.error);
  return changed.value;
}

/** The options themselves, by name. */
export const hostOptions = {
  chimney: new Option(
    '--chimney <state>',
    'let the host decide what it offloads, instead of the scenario',
  ).choices([...chimneyStates]),
  chimneyPort: new Option(
    '--chimney-port <port=rule>',
    'offload connections from or to this port always (enabled) or never (disabled); repeatable',
  ).argParser(ruleFor(isPort, '80=disabled')),
  chimneyApplication: new Option(
    '--chimney-application <name=rule>',
    'the same for the connections of an application; repeatable',
  ).argParser(ruleFor((name) => name.length > 0 && name.length <= 260, 'transfer=enabled')),
  hostCost: new Option(
    '--host-cost <name=value>',
    'a number of the host-cost model for the header, such as clockHz=3e9; repeatable',
  ).argParser(parseHostCost),
} as const;

/** What the options ask of the host; a rule for a port or an application alone means automatic mode. */
export function chimneyRequest(options: HostOptions): ChimneyRequest | undefined {
  const { chimney, chimneyPort, chimneyApplication } = options;
  if (chimney === undefined && chimneyPort === undefined && chimneyApplication === undefined)
    return undefined;
  return {
    state: chimney ?? 'automatic',
    ...(chimneyPort === undefined ? {} : { ports: chimneyPort }),
    ...(chimneyApplication === undefined ? {} : { applications: chimneyApplication }),
  };
}
