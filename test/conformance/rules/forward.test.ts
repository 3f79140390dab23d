import { forwardMutants, forwardOddities } from '../../../electron/emulator/mutants/areas/forward';
import { forwardRules, forwardUndecided } from '../../../shared/rules/areas/forward';
import { killMutants } from '../../harness/killMutants';

killMutants('forward', forwardRules, forwardUndecided, forwardMutants, forwardOddities);
