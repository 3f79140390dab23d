import { wireMutants, wireOddities } from '../../../electron/emulator/mutants/areas/wire';
import { wireRules, wireUndecided } from '../../../shared/rules/areas/wire';
import { killMutants } from '../../harness/killMutants';

killMutants('wire', wireRules, wireUndecided, wireMutants, wireOddities);
