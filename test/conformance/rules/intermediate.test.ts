import {
  intermediateMutants,
  intermediateOddities,
} from '../../../electron/emulator/mutants/areas/intermediate';
import { intermediateRules, intermediateUndecided } from '../../../shared/rules/areas/intermediate';
import { killMutants } from '../../harness/killMutants';

killMutants(
  'intermediate',
  intermediateRules,
  intermediateUndecided,
  intermediateMutants,
  intermediateOddities,
);
