import {
  reachabilityMutants,
  reachabilityOddities,
} from '../../../electron/emulator/mutants/areas/reachability';
import { reachabilityRules, reachabilityUndecided } from '../../../shared/rules/areas/reachability';
import { killMutants } from '../../harness/killMutants';

killMutants(
  'reachability',
  reachabilityRules,
  reachabilityUndecided,
  reachabilityMutants,
  reachabilityOddities,
);
