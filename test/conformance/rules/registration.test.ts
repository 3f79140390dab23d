import {
  registrationMutants,
  registrationOddities,
} from '../../../electron/emulator/mutants/areas/registration';
import { registrationRules, registrationUndecided } from '../../../shared/rules/areas/registration';
import { killMutants } from '../../harness/killMutants';

killMutants(
  'registration',
  registrationRules,
  registrationUndecided,
  registrationMutants,
  registrationOddities,
);
