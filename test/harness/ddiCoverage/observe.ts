/**
 * Setup file of every test file: watches each crossing of the one door and notes who made it, without changing what the test
 * does.
 */
import { afterAll, afterEach, beforeAll, beforeEach, TestRunner } from 'vitest';
import { Door } from '../../../electron/emulator/ndis/door';
import { attribution } from './attribution';
import { putObservations } from './observations';

/** What the reporter sees of the file; known from its first test on. */
let fileMeta: object | undefined;

const { cross } = Door.prototype;
Door.prototype.cross = function <Answer>(
  this: Door,
  crossing: Parameters<typeof cross>[0],
  body: (call: number) => Answer,
  describe: (answer: Answer) => ReturnType<Parameters<typeof cross>[2]>,
): Answer {
  const used = attribution.now(TestRunner.getCurrentSuite);
  used.call(crossing.functionName, crossing.arguments);
  return cross.call<Door, [typeof crossing, typeof body, typeof describe], unknown>(
    this,
    crossing,
    body,
    (answer) => {
      const described = describe(answer);
      used.return(described.status, described.outputs ?? []);
      return described;
    },
  ) as Answer;
};

beforeAll(() => {
  attribution.endCollection();
});

beforeEach(({ task }) => {
  fileMeta = task.file.meta;
  attribution.enterTest(task);
});

afterEach(() => {
  attribution.leaveTest();
});

afterAll(() => {
  const observations = attribution.observations();
  if (observations.length > 0 && fileMeta !== undefined) putObservations(fileMeta, observations);
});
