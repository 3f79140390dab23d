import {
  vlanPriorityMutants,
  vlanPriorityOddities,
} from '../../../electron/emulator/mutants/areas/vlanPriority';
import { vlanPriorityRules, vlanPriorityUndecided } from '../../../shared/rules/areas/vlanPriority';
import { killMutants } from '../../harness/killMutants';

killMutants(
  'vlan-priority',
  vlanPriorityRules,
  vlanPriorityUndecided,
  vlanPriorityMutants,
  vlanPriorityOddities,
);
