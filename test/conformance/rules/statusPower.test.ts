import {
  statusPowerMutants,
  statusPowerOddities,
} from '../../../electron/emulator/mutants/areas/statusPower';
import { statusPowerRules, statusPowerUndecided } from '../../../shared/rules/areas/statusPower';
import { killMutants } from '../../harness/killMutants';

killMutants('status-power', statusPowerRules, statusPowerUndecided, statusPowerMutants, statusPowerOddities);
