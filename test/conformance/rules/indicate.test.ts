import { indicateMutants, indicateOddities } from '../../../electron/emulator/mutants/areas/indicate';
import { indicateRules, indicateUndecided } from '../../../shared/rules/areas/indicate';
import { killMutants } from '../../harness/killMutants';

killMutants('indicate', indicateRules, indicateUndecided, indicateMutants, indicateOddities);
