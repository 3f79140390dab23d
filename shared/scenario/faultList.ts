/** The faults of a scenario. */
import { z } from 'zod';

/** Nothing can be named here yet. */
export const scenarioFaultsSchema = z.array(z.never()).default([]);
