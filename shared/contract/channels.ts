/** Names of the channels between page and main process; preload and main process spell them from here. */
export const channels = {
  ready: 'chimneysweep:ready',
  settled: 'chimneysweep:settled',
  startRecording: 'chimneysweep:start-recording',
  stopRecording: 'chimneysweep:stop-recording',
  controlRecording: 'chimneysweep:control-recording',
  openTrace: 'chimneysweep:open-trace',
  chooseFileToSend: 'chimneysweep:choose-file-to-send',
  chooseDriverModule: 'chimneysweep:choose-driver-module',
  registerFile: 'chimneysweep:register-file',
  saveTrace: 'chimneysweep:save-trace',
  leftRecording: 'chimneysweep:left-recording',
  settleLeft: 'chimneysweep:settle-left',
  openScenario: 'chimneysweep:open-scenario',
  readScenario: 'chimneysweep:read-scenario',
  saveScenario: 'chimneysweep:save-scenario',
  runScenario: 'chimneysweep:run-scenario',
  runAgain: 'chimneysweep:run-again',
  openDroppedTrace: 'chimneysweep:open-dropped-trace',
  showTrace: 'chimneysweep:show-trace',
  traceEvent: 'chimneysweep:trace-event',
  menuCommand: 'chimneysweep:menu-command',
} as const;

/** Start of the command-line argument that carries the bridge's `application` as JSON into the preload. */
export const applicationFactsSwitch = '--chimneysweep-application=';
