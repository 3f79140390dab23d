import { sendMutants, sendOddities } from '../../../electron/emulator/mutants/areas/send';
import { sendRules, sendUndecided } from '../../../shared/rules/areas/send';
import { killMutants } from '../../harness/killMutants';

killMutants('send', sendRules, sendUndecided, sendMutants, sendOddities);
