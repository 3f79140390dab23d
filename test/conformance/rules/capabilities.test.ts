import {
  capabilitiesMutants,
  capabilitiesOddities,
} from '../../../electron/emulator/mutants/areas/capabilities';
import { capabilitiesRules, capabilitiesUndecided } from '../../../shared/rules/areas/capabilities';
import { killMutants } from '../../harness/killMutants';

killMutants(
  'capabilities',
  capabilitiesRules,
  capabilitiesUndecided,
  capabilitiesMutants,
  capabilitiesOddities,
);
