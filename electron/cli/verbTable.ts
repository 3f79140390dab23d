/** What each verb answers: the meaning of its exit codes, and what it prints with `--json`. docs/cli.md is made of it and of the program's own help. */

/** One verb. */
export interface VerbAnswers {
  readonly verb: string;
  /** What 0, 1 and 2 mean; undefined where the verb never answers it. */
  readonly exitCodes: { readonly 0: string; readonly 1: string | undefined; readonly 2: string };
  /** Members of the JSON that it prints, and what they are; undefined where it has no `--json`. */
  readonly json: string | undefined;
}

const flawed = 'the same, but the trace is cut or damaged, and so is the answer';
const unreadable = 'the call is wrong, or a file could not be read';
const unwritable = 'the call is wrong, or a file could not be read or written; nothing was written';
const runReport =
  'an object: `scenario`, `success`, `summary`, `seed`, `fileBytes`, `sha256` {`source`, `peer`, `returned`}, `bytesSent` and `bytesReceived` {`hostPath`, `chimney`}, `callsRecorded`, `optionalHandlersCalls`, `frames` {`sent`, `lost`, `retransmitted`}, `virtualTime`, `events`';
const recordingCost =
  '{`milliseconds`, `sinkMilliseconds`, `nanosecondsPerEvent`, `shareOfRun`, `saveMilliseconds`}';

/** All verbs, in the order of the help. */
export const verbTable: readonly VerbAnswers[] = [
  ...['run', 'record'].map((verb) => ({
    verb,
    exitCodes: {
      0: 'the scenario reached its goal, and all that it expects has happened',
      1: 'the scenario ran and did not reach its goal, or not all that it expects has happened',
      2: 'the call is wrong, a file could not be read or written, or a driver module could not be loaded',
    },
    json: `${runReport}, \`lostEvents\`, \`wallTimeMs\`, \`recording\` ${recordingCost}, \`trace\` (or null), \`missedExpectations\` (sentences)`,
  })),
  {
    verb: 'again',
    exitCodes: {
      0: 'the same trace byte for byte, or something was changed as asked',
      1: 'another trace, though nothing was changed',
      2: 'the call is wrong, the trace has no scenario, or a file could not be read or written',
    },
    json: 'an object: `trace`, `same`, `isChanged`, and with `--diff` `difference`, as `diff` prints it',
  },
  {
    verb: 'scenario',
    exitCodes: {
      0: 'done',
      1: 'the file is no scenario; each problem has its line and column',
      2: unreadable,
    },
    json: 'list: [{`scenario`, `title`, `shows`}]; show: the definition; check: {`scenario`, `valid`}; schema: the JSON Schema',
  },
  {
    verb: 'info',
    exitCodes: { 0: 'the trace is whole', 1: flawed, 2: unreadable },
    json: 'an object: `header` (as docs/trace-format.md has it), `complete`, `flaw` (or null), `events`, `lostRecords`, `unknownRecords`, `lastTime`, `components` [{`role`, `name`}], `connections`, `stateObjects`, `frames` (numbers), `milestones` [{`time`, `text`}], `calls` [{`function`, `status` (or null), `count`}], `report` (or null)',
  },
  {
    verb: 'check',
    exitCodes: {
      0: 'no rule is broken with the severity of `--fail-on` or a graver one',
      1: 'rules are broken, a budget is exceeded, or the trace is cut or damaged',
      2: 'the call is wrong, or a file could not be read or written',
    },
    json: 'an object: `subject`, `run`, `events`, `flaw` (or null), `findings` (docs/checking.md), `suppressed` [{`rule`, `fingerprint`, `reason`, `count`}], `counts` {`error`, `warning`, `info`}, `coverage` {`rules`, `looked`, `looks`, `idle`, `failed`, `missing`, `undecided`}, `budgets`',
  },
  {
    verb: 'open',
    exitCodes: {
      0: 'served until it was interrupted',
      1: undefined,
      2: 'the call is wrong, there is no such trace or viewer, or the port is taken',
    },
    json: 'an object, at once: `url`, `trace`',
  },
  {
    verb: 'state',
    exitCodes: { 0: 'the state could be read', 1: flawed, 2: unreadable },
    json: 'an object with the instant and its objects, each with parent, owner and variables; with `--since`, the differences',
  },
  {
    verb: 'pending',
    exitCodes: { 0: 'the trace is whole', 1: flawed, 2: unreadable },
    json: 'an object: `event`, `pending` [{`event`, `kind`, `attached`, `functionName`, `caller`, `holder`, `heldBy`, `made`, `age`, `isInHandler`, `lists`, `listsBack`, `completions`, `waits` [{`kind`, `text`, `events`}], and where there is one `outer` and `connection`}]',
  },
  {
    verb: 'owners',
    exitCodes: {
      0: 'the trace is whole',
      1: 'the list is lent nowhere in the trace, or the trace is cut or damaged, and so is the answer',
      2: unreadable,
    },
    json: 'an object: `event`, `lists` [{`address`, `ordinal`, `lender`, `purpose`, `dataLength`, `from`, `event`, `stays` [{`owner`, `how`, `event`, `from`, `until`, `untilEvent`}], and where known `connection`, `streamOffset`, `until`, `untilEvent`}]; with `--list`, `address` in the place of `event`',
  },
  {
    verb: 'why',
    exitCodes: {
      0: 'explained back to what came from outside',
      1: 'nobody has written the variable by then, what led to it is not in the trace, or the trace is cut or damaged',
      2: 'the call is wrong, there is no such object or variable, or the file could not be read',
    },
    json: 'an object: `event`, `steps` [{`event`, `time`, `kind`, `text`}] from the effect to its cause, `origin` {`kind`, `event`, `text`}; with `--variable`, `object` and `variable` besides',
  },
  {
    verb: 'break',
    exitCodes: {
      0: 'breakpoints are met',
      1: 'none is ever met, or the trace is cut or damaged',
      2: 'a breakpoint is wrong, there is no such trace or scenario, or the file could not be read',
    },
    json: 'an object: `stops` [{`breakpoint` (its option), `event` (for which it became true), `record` (at which that became known: where a run stands), `time`, `what`, and with `--log` `log`}]',
  },
  {
    verb: 'step',
    exitCodes: {
      0: 'it arrives',
      1: 'there is nothing where it could arrive, or the trace is cut or damaged',
      2: 'the call is wrong, there is no such event, or the file could not be read',
    },
    json: 'an object: `from`, `steps` [{`event`, `time`, `what`}], one for each step that arrived',
  },
  {
    verb: 'stats',
    exitCodes: { 0: 'the trace is whole', 1: flawed, 2: unreadable },
    json: 'an object: the figures of the run (docs/analysis.md); with `--stories`, `stories` besides',
  },
  {
    verb: 'diff',
    exitCodes: { 0: 'the runs are the same', 1: 'they differ', 2: unreadable },
    json: 'an object: `same`, `sameBytes`; where the bytes differ, what differs, first divergence first, and `handlers` (docs/analysis.md)',
  },
  {
    verb: 'ddi',
    exitCodes: { 0: 'found', 1: undefined, 2: 'the DDI has no such name' },
    json: 'the entry of the catalogue; with `--coverage`, a list of what is exercised by what',
  },
  {
    verb: 'events',
    exitCodes: {
      0: 'events were found',
      1: 'nothing matches, or the trace is cut or damaged',
      2: 'the expression is wrong, or the file could not be read',
    },
    json: 'a list: `id`, `time`, `kind`, who, what and status of each event; with `--count`, {`count`}; with `--fields`, the fields of expressions',
  },
  {
    verb: 'cut',
    exitCodes: {
      0: 'written',
      1: 'nothing matches, and nothing was written; or written, but the original is cut or damaged',
      2: unwritable,
    },
    json: 'an object: `out`, `bytes`, `events`, `preludeEvents` (records that say what was before), `taken` and `left` (records of the original), `complete`',
  },
  {
    verb: 'sanitize',
    exitCodes: { 0: 'written', 1: 'written, but the original is cut or damaged', 2: unwritable },
    json: 'an object: `out`, `bytes`, `events`, `addresses` (how many were replaced), `payloadBytes` (how many were dropped), `complete`',
  },
  {
    verb: 'recover',
    exitCodes: {
      0: 'nothing is lost',
      1: 'something is lost; the rest is in the new file',
      2: 'the call is wrong, a file could not be read or written, or nothing in it can be read; nothing was written',
    },
    json: 'an object: `version` of the original, `records`, `lastTime`, `gaps` [{`reason`, `records`, `from`, `until`}], `lostAtEnd` (absent where nobody knows), `damagedBytes`, `unusableChunks`, `unusableBecause`, `unusableDefinitions`, `headerLost`, `hasEnd`, `isWhole`, `trace`',
  },
  {
    verb: 'pcapng',
    exitCodes: { 0: 'written', 1: 'written, but the trace is cut or damaged', 2: unwritable },
    json: 'an object: `out`, `bytes`, `complete`',
  },
  {
    verb: 'query',
    exitCodes: {
      0: 'answered',
      1: 'answered, but a trace is cut or damaged',
      2: 'the query is wrong, or a file could not be read',
    },
    json: 'a list of rows, each an object by column; with `--schema`, the tables',
  },
  {
    verb: 'export',
    exitCodes: { 0: 'written', 1: 'written, but a trace is cut or damaged', 2: unwritable },
    json: 'an object: `format`, `out`, `traces` [{`trace`, `name`, `complete`, `files`}]',
  },
  {
    verb: 'mutants',
    exitCodes: {
      0: 'every mutant was caught by its rule, and by no rule that does not follow from it',
      1: 'a mutant was not caught, a rule fired that does not follow, or a rule has no mutant',
      2: 'the call is wrong',
    },
    json: 'an object: `seed`, `mutants` [{`breaks`, `how`, `killed`, `entailed`, `stray`, `unprovoked`, `findings`}], `unproven`, `tiers` [{`tier`, `rules`, `implemented`, `undecided`, `proven`}]',
  },
  ...['soak', 'transparency'].map((verb) => ({
    verb,
    exitCodes: {
      0: 'nothing was found; 130 if it was stopped before the end',
      1: 'something was found',
      2: 'the call is wrong, or a file could not be written',
    },
    json: 'an object: `seeds`, `first`, `connections`, `stopped`, totals, `wallTimeMs`, `failures` (a list)',
  })),
  {
    verb: 'wire',
    exitCodes: {
      0: 'played to its end or stopped',
      1: 'something went wrong while it played',
      2: 'the call is wrong, the device is not to be had, or a file could not be read or written',
    },
    json: `${runReport}, \`recording\` ${recordingCost} (or null), \`device\` (or null), \`connections\`, \`trace\` and \`pcapng\` (or null)`,
  },
  ...['netstat', 'chimneystats'].map((verb) => ({
    verb,
    exitCodes: { 0: 'the trace is whole', 1: flawed, 2: unreadable },
    json: verb === 'netstat' ? 'a list of connections' : 'a list of adapters',
  })),
  {
    verb: 'cost',
    exitCodes: { 0: 'reckoned', 1: flawed, 2: unreadable },
    json: 'the report (docs/host-cost-model.md), with its series',
  },
  {
    verb: 'packetdrill',
    exitCodes: { 0: 'all scripts passed', 1: 'one has failed', 2: 'one could not be run' },
    json: 'a list: file and verdict of each script',
  },
];
