import { timersMutants, timersOddities } from '../../../electron/emulator/mutants/areas/timers';
import { timersRules, timersUndecided } from '../../../shared/rules/areas/timers';
import { killMutants } from '../../harness/killMutants';

killMutants('timers', timersRules, timersUndecided, timersMutants, timersOddities);
