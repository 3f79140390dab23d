import { contextMutants, contextOddities } from '../../../electron/emulator/mutants/areas/context';
import { contextRules, contextUndecided } from '../../../shared/rules/areas/context';
import { killMutants } from '../../harness/killMutants';

killMutants('context', contextRules, contextUndecided, contextMutants, contextOddities);
