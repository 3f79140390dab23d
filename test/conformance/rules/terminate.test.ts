import { terminateMutants, terminateOddities } from '../../../electron/emulator/mutants/areas/terminate';
import { terminateRules, terminateUndecided } from '../../../shared/rules/areas/terminate';
import { killMutants } from '../../harness/killMutants';

killMutants('terminate', terminateRules, terminateUndecided, terminateMutants, terminateOddities);
