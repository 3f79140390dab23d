import { describe, expect, it } from 'vitest';
import { nextTick } from 'vue';
import {
  driverHasChanged,
  rememberRequest,
  type ReloadSurroundings,
} from '../../../renderer/app/driverReload';
import { fakePlatform } from '../../../renderer/platform/fake';
import { defaultLayout } from '../../../renderer/stores/layoutChoices';
import { Notices } from '../../../renderer/stores/notices';
import { OpenTrace } from '../../../renderer/stores/openTrace';
import type { RecordingRequest } from '../../../shared/contract/recording';

const request = { scenario: 'transfer', seed: 3, driverToken: 'driver-1' } as const;
/** As the window's command does it. */
async function record(workspace: ReloadSurroundings, wanted: RecordingRequest): Promise<void> {
  rememberRequest(workspace, wanted);
  await workspace.platform.startRecording(wanted);
}

function surroundings() {
  const platform = fakePlatform();
  const notices = new Notices();
  const workspace = { platform, notices, trace: new OpenTrace(notices), layout: { ...defaultLayout } };
  return { platform, workspace };
}

const changed = { token: 'driver-1', name: 'driver.ts' };

describe('a driver module that has changed on the disk', () => {
  it('is offered to be run again as it was run last', async () => {
    const { platform, workspace } = surroundings();
    await record(workspace, request);
    driverHasChanged(workspace, changed, record);
    const [notice] = workspace.notices.list;
    expect(notice!.text).toBe('driver.ts has changed on the disk.');
    expect(platform.asked.recordings).toHaveLength(1);
    notice!.actions[0]!.run();
    await nextTick();
    expect(platform.asked.recordings).toEqual([request, request]);
    expect(workspace.notices.list).toEqual([]);
  });

  it('is run again at once where the user wants that, and nothing is where another was run last', async () => {
    const { platform, workspace } = surroundings();
    workspace.layout.runChangedDrivers = true;
    await record(workspace, request);
    driverHasChanged(workspace, changed, record);
    await nextTick();
    expect(platform.asked.recordings).toHaveLength(2);
    driverHasChanged(workspace, { token: 'driver-2', name: 'other.ts' }, record);
    await nextTick();
    expect(platform.asked.recordings).toHaveLength(2);
    expect(workspace.notices.list).toEqual([]);
  });

  it('is run again when the run under way has ended, which it is asked to', async () => {
    const { platform, workspace } = surroundings();
    workspace.layout.runChangedDrivers = true;
    await record(workspace, request);
    workspace.trace.receive({ kind: 'begin', origin: 'recording', name: 'transfer' });
    driverHasChanged(workspace, changed, record);
    expect(platform.asked).toMatchObject({ stopped: 1, recordings: [request] });
    workspace.trace.receive({ kind: 'failed', message: 'over' });
    await nextTick();
    await nextTick();
    expect(platform.asked.recordings).toEqual([request, request]);
  });
});
