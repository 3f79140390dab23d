import { initiateMutants, initiateOddities } from '../../../electron/emulator/mutants/areas/initiate';
import { initiateRules, initiateUndecided } from '../../../shared/rules/areas/initiate';
import { killMutants } from '../../harness/killMutants';

killMutants('initiate', initiateRules, initiateUndecided, initiateMutants, initiateOddities);
