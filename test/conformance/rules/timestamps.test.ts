import { timestampsMutants, timestampsOddities } from '../../../electron/emulator/mutants/areas/timestamps';
import { timestampsRules, timestampsUndecided } from '../../../shared/rules/areas/timestamps';
import { killMutants } from '../../harness/killMutants';

killMutants('timestamps', timestampsRules, timestampsUndecided, timestampsMutants, timestampsOddities);
