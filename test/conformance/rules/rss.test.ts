import { rssMutants, rssOddities } from '../../../electron/emulator/mutants/areas/rss';
import { rssRules, rssUndecided } from '../../../shared/rules/areas/rss';
import { killMutants } from '../../harness/killMutants';

killMutants('rss', rssRules, rssUndecided, rssMutants, rssOddities);
