/** Rules of the area "rss" (RSS). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const rssRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const rssUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
