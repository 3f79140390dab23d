import {
  initializationMutants,
  initializationOddities,
} from '../../../electron/emulator/mutants/areas/initialization';
import { initializationRules, initializationUndecided } from '../../../shared/rules/areas/initialization';
import { killMutants } from '../../harness/killMutants';

killMutants(
  'initialization',
  initializationRules,
  initializationUndecided,
  initializationMutants,
  initializationOddities,
);
