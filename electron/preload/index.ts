/** The bridge between page and main process: one typed object, nothing else (shared/contract/desktopBridge.ts). */
import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { DesktopBridge, MenuCommand, TraceStreamEvent } from '../../shared/contract/desktopBridge';
import { applicationFactsSwitch, channels } from '../../shared/contract/channels';

/** Version and sandbox state, which the main process passes as an additional argument. */
function applicationFacts(): DesktopBridge['application'] {
  const argument = process.argv.find((candidate) => candidate.startsWith(applicationFactsSwitch));
  const facts: unknown = JSON.parse(argument?.slice(applicationFactsSwitch.length) ?? '{}');
  return facts as DesktopBridge['application'];
}

/** The path comes from the File object that the user dropped; the page can neither see nor choose it. */
function pathOf(file: unknown): string {
  return file instanceof File ? webUtils.getPathForFile(file) : '';
}

const bridge: DesktopBridge = {
  application: applicationFacts(),
  ready: () => {
    ipcRenderer.send(channels.ready);
  },
  settled: (whole) => {
    ipcRenderer.send(channels.settled, whole);
  },
  startRecording: (request) => ipcRenderer.invoke(channels.startRecording, request),
  stopRecording: () => ipcRenderer.invoke(channels.stopRecording),
  controlRecording: (control) => ipcRenderer.invoke(channels.controlRecording, control),
  openTrace: () => ipcRenderer.invoke(channels.openTrace),
  chooseFileToSend: () => ipcRenderer.invoke(channels.chooseFileToSend),
  chooseDriverModule: () => ipcRenderer.invoke(channels.chooseDriverModule),
  registerFile: (file) => ipcRenderer.invoke(channels.registerFile, pathOf(file)),
  saveTrace: () => ipcRenderer.invoke(channels.saveTrace),
  leftRecording: () => ipcRenderer.invoke(channels.leftRecording),
  settleLeft: (choice) => ipcRenderer.invoke(channels.settleLeft, choice),
  openScenario: () => ipcRenderer.invoke(channels.openScenario),
  readScenario: (file) => ipcRenderer.invoke(channels.readScenario, pathOf(file)),
  saveScenario: (request) => ipcRenderer.invoke(channels.saveScenario, request),
  runScenario: (request) => ipcRenderer.invoke(channels.runScenario, request),
  runAgain: (request) => ipcRenderer.invoke(channels.runAgain, request),
  openDroppedTrace: (file) => ipcRenderer.invoke(channels.openDroppedTrace, pathOf(file)),
  showTrace: (trace) => ipcRenderer.invoke(channels.showTrace, trace),
  onTraceEvent: (listener) => {
    const forward = (_event: unknown, traceEvent: TraceStreamEvent): void => {
      listener(traceEvent);
    };
    ipcRenderer.on(channels.traceEvent, forward);
    return () => {
      ipcRenderer.removeListener(channels.traceEvent, forward);
    };
  },
  onMenuCommand: (listener) => {
    const forward = (_event: unknown, command: MenuCommand): void => {
      listener(command);
    };
    ipcRenderer.on(channels.menuCommand, forward);
    return () => {
      ipcRenderer.removeListener(channels.menuCommand, forward);
    };
  },
};

contextBridge.exposeInMainWorld('chimneysweep', bridge);
