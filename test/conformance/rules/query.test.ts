import { queryMutants, queryOddities } from '../../../electron/emulator/mutants/areas/query';
import { queryRules, queryUndecided } from '../../../shared/rules/areas/query';
import { killMutants } from '../../harness/killMutants';

killMutants('query', queryRules, queryUndecided, queryMutants, queryOddities);
