import { statisticsMutants, statisticsOddities } from '../../../electron/emulator/mutants/areas/statistics';
import { statisticsRules, statisticsUndecided } from '../../../shared/rules/areas/statistics';
import { killMutants } from '../../harness/killMutants';

killMutants('statistics', statisticsRules, statisticsUndecided, statisticsMutants, statisticsOddities);
