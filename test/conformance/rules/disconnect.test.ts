import { disconnectMutants, disconnectOddities } from '../../../electron/emulator/mutants/areas/disconnect';
import { disconnectRules, disconnectUndecided } from '../../../shared/rules/areas/disconnect';
import { killMutants } from '../../harness/killMutants';

killMutants('disconnect', disconnectRules, disconnectUndecided, disconnectMutants, disconnectOddities);
