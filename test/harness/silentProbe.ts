export { silentProbe } from '../../electron/emulator/observe/silentProbe';
