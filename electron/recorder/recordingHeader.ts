/** The header of a scenario's trace: with what is in it, the run can be made again. */
import { defaultHostCost } from '../../shared/analysis/hostCostModel';
import { hostCostSetting, hostCostText } from '../../shared/analysis/hostCostSettings';
import { sha256Text } from '../../shared/base/digest';
import { canonicalDefinition } from '../../shared/scenario/canonical';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { headerRun, type CarriedFile } from '../../shared/scenario/recordedRun';
import { traceFormatVersion, type TraceHeader } from '../../shared/trace/records';
import type { DriverModules } from '../emulator/scenarios/moduleDriver';
import { linkOf } from '../emulator/scenarios/definedPlan';
import { definitionOf } from '../emulator/scenarios/scenarioRun';
import { requestedLink, type ScenarioSettings } from '../emulator/scenarios/scenarioSettings';

/** The header's settings that name driver modules, so that nobody takes their traces for those of built-in drivers. */
function moduleSettings({ target, intermediate }: DriverModules): Record<string, string> {
  return {
    ...(target === undefined ? {} : { targetDriver: target.name, targetDriverSha256: target.sha256 }),
    ...(intermediate === undefined
      ? {}
      : { intermediateDriver: intermediate.name, intermediateDriverSha256: intermediate.sha256 }),
  };
}

/** The header's setting of IP versions, 6 or 46; none for IPv4. */
function ipSettings({ topology }: ScenarioDefinition): Record<string, number> {
  const { ipVersions } = topology;
  return ipVersions === 'ipv4' ? {} : { ipVersions: { ipv6: 6, both: 46 }[ipVersions] };
}

/** The header's settings of the links; impairments only where there are any. */
function linkSettings(definition: ScenarioDefinition): Record<string, number> {
  const { bitsPerSecond, delay, queueBytes, impairments } = requestedLink(linkOf(definition));
  const {
    duplicate = 0,
    reorder = 0,
    reorderDelay,
    corrupt = 0,
    corruptPastFcs,
    jitter = 0,
  } = impairments ?? {};
  const { burstLoss } = definition.topology.link;
  return {
    bitsPerSecond,
    delayNs: delay,
    queueBytes,
    ...(duplicate > 0 ? { duplicate } : {}),
    ...(reorder > 0 ? { reorder, reorderDelayNs: reorderDelay! } : {}),
    ...(corrupt > 0 ? { corrupt, corruptPastFcs: corruptPastFcs! } : {}),
    ...(jitter > 0 ? { jitterNs: jitter } : {}),
    ...(burstLoss === undefined
      ? {}
      : { burstLossGoodToBad: burstLoss.goodToBad, burstLossBadToGood: burstLoss.badToGood }),
  };
}

/** The header's setting that says that calls of driver modules have their places in the source; absent where they have not. */
export const driverSourceSetting = 'driverSource';

/** Longest text of a setting that a reader takes. */
const longestSetting = 10_000;

/** The header's setting of faults, as JSON where that is not too long: `run` has them in any case. */
function faultSettings({ faults }: ScenarioDefinition): Record<string, string> {
  if (faults.length === 0) return {};
  const text = JSON.stringify(faults);
  return { faults: text.length <= longestSetting ? text : `${faults.length} faults` };
}

/** What the header says of the file: how to make it up again, or by what to know it. */
function carriedFile({ file, fileSeed }: ScenarioSettings): CarriedFile {
  return fileSeed === undefined
    ? { sha256: sha256Text(file), bytes: file.length }
    : { seed: fileSeed, bytes: file.length };
}

/** See the file's head. `keepLast` is in ns of virtual time. */
export function recordingHeader(
  application: string,
  settings: ScenarioSettings,
  fileName: string,
  snapLength: number,
  { keepLast, hasSource }: { readonly keepLast: number | undefined; readonly hasSource: boolean },
): TraceHeader {
  // Members in one order, wherever they come from.
  const definition = canonicalDefinition(definitionOf(settings));
  const { chimney } = definition.policy;
  return {
    format: 'chimneysweep-trace',
    version: traceFormatVersion,
    application,
    scenario: settings.scenario,
    title: definition.title,
    seed: settings.seed,
    settings: {
      file: fileName,
      fileBytes: settings.file.length,
      loss: definition.topology.link.loss,
      ...ipSettings(definition),
      ...linkSettings(definition),
      ...moduleSettings(settings.drivers ?? {}),
      ...(hasSource ? { [driverSourceSetting]: true } : {}),
      ...(keepLast === undefined ? {} : { keepLastNs: keepLast }),
      ...faultSettings(definition),
      ...(chimney === undefined ? {} : { chimney: JSON.stringify(chimney) }),
      [hostCostSetting]: hostCostText(settings.hostCost ?? defaultHostCost),
    },
    snapLength,
    run: headerRun({ definition, file: carriedFile(settings) }),
  };
}
