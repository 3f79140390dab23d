import { invalidateMutants, invalidateOddities } from '../../../electron/emulator/mutants/areas/invalidate';
import { invalidateRules, invalidateUndecided } from '../../../shared/rules/areas/invalidate';
import { killMutants } from '../../harness/killMutants';

killMutants('invalidate', invalidateRules, invalidateUndecided, invalidateMutants, invalidateOddities);
