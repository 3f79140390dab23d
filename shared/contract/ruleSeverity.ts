/** How grave a broken rule is, as it crosses between window and engine. */
import { z } from 'zod';
import type { RuleSeverity } from '../rules/catalogue';

/** The gravest first. */
export const ruleSeverities = ['error', 'warning', 'info'] as const satisfies readonly RuleSeverity[];

/** See {@link ruleSeverities}. */
export const ruleSeveritySchema = z.enum(ruleSeverities);
