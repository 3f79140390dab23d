import { eventsMutants, eventsOddities } from '../../../electron/emulator/mutants/areas/events';
import { eventsRules, eventsUndecided } from '../../../shared/rules/areas/events';
import { killMutants } from '../../harness/killMutants';

killMutants('events', eventsRules, eventsUndecided, eventsMutants, eventsOddities);
