import { updateMutants, updateOddities } from '../../../electron/emulator/mutants/areas/update';
import { updateRules, updateUndecided } from '../../../shared/rules/areas/update';
import { killMutants } from '../../harness/killMutants';

killMutants('update', updateRules, updateUndecided, updateMutants, updateOddities);
