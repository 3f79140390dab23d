import { treeMutants, treeOddities } from '../../../electron/emulator/mutants/areas/tree';
import { treeRules, treeUndecided } from '../../../shared/rules/areas/tree';
import { killMutants } from '../../harness/killMutants';

killMutants('tree', treeRules, treeUndecided, treeMutants, treeOddities);
