import { killMatrix, killMatrixGroups } from '../../../harness/killMatrix';

killMatrix(killMatrixGroups.data);
