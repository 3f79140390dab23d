import { receiveMutants, receiveOddities } from '../../../electron/emulator/mutants/areas/receive';
import { receiveRules, receiveUndecided } from '../../../shared/rules/areas/receive';
import { killMutants } from '../../harness/killMutants';

killMutants('receive', receiveRules, receiveUndecided, receiveMutants, receiveOddities);
