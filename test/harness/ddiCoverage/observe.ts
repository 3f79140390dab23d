/**
 * Setup file of every test file: watches each crossing of the one door and notes who made it, without changing what the test
 * does.
 */
import { afterAll, afterEach, beforeAll, beforeEach, TestRunner } from 'vitest';
import { Door, type Crossing } from '../../../electron/emulator/ndis/door';
import { attribution } from './attribution';
import { putObservations } from './observations';

/** What the reporter sees of the file; known from its first test on. */
let fileMeta: object | undefined;

const { cross, status, void: noStatus } = Door.prototype;

/** Notes who makes a call. */
function noteCall({ functionName, arguments: passed }: Crossing) {
  const used = attribution.now(TestRunner.getCurrentSuite);
  used.call(functionName, passed);
  return used;
}

Door.prototype.cross = function <Answer>(
  this: Door,
  crossing: Crossing,
  body: (call: number) => Answer,
  describe: (answer: Answer) => ReturnType<Parameters<typeof cross>[2]>,
): Answer {
  const used = noteCall(crossing);
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

Door.prototype.status = function (this: Door, crossing, body) {
  const used = noteCall(crossing);
  const answer = status.call(this, crossing, body);
  used.return(answer, []);
  return answer;
};

Door.prototype.void = function (this: Door, crossing, body) {
  const used = noteCall(crossing);
  noStatus.call(this, crossing, body);
  used.return(undefined, []);
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
