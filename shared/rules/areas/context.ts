/** Rules of the area "context" (CTX). */
import type { RuleId } from '../catalogue';
import type { Rule } from '../engine/rule';

/** See the file's head. */
export const contextRules: readonly Rule[] = [];

/** Rules of the area that records can't decide, each with the reason. */
export const contextUndecided: Readonly<Partial<Record<RuleId, string>>> = {};
