/** Offers to run again when the driver module of the last run has changed on the disk, or does so at once where the user wants that. */
import { watch } from 'vue';
import type { ChosenDriverModule } from '../../shared/contract/desktopBridge';
import type { RecordingRequest } from '../../shared/contract/recording';
import type { Workspace } from './workspace';

const topic = 'driver-changed';

/** What of the workspace it takes. */
export type ReloadSurroundings = Pick<Workspace, 'notices' | 'layout' | 'trace' | 'platform'>;

const lastRequests = new WeakMap<ReloadSurroundings, RecordingRequest>();

/** What is recorded now is what a changed driver is run with again. */
export function rememberRequest(workspace: ReloadSurroundings, request: RecordingRequest): void {
  lastRequests.set(workspace, request);
  workspace.notices.clear(topic);
}

/**
 * The module has changed.
 * @param record starts a recording
 */
export function driverHasChanged<Surroundings extends ReloadSurroundings>(
  workspace: Surroundings,
  { token, name }: Pick<ChosenDriverModule, 'token' | 'name'>,
  record: (workspace: Surroundings, request: RecordingRequest) => Promise<void>,
): void {
  const request = lastRequests.get(workspace);
  if (request?.driverToken !== token) return;
  const { notices, layout, trace, platform } = workspace;
  const again = (): void => {
    if (trace.state.phase !== 'live') {
      void record(workspace, request);
      return;
    }
    const stop = watch(
      () => trace.state.phase,
      (phase) => {
        if (phase === 'live') return;
        stop();
        void record(workspace, request);
      },
    );
    void platform.stopRecording();
  };
  if (layout.runChangedDrivers) {
    again();
    return;
  }
  notices.show('note', topic, `${name} has changed on the disk.`, [
    { words: 'Run again with the changed driver', run: again },
    {
      words: 'Always run again',
      run: () => {
        layout.runChangedDrivers = true;
        again();
      },
    },
  ]);
}
