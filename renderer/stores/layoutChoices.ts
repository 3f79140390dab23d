/** Sizes of the panes and the chosen tabs, kept over restarts. */
import { reactive, watch } from 'vue';
import { z } from 'zod';
import { ruleSeveritySchema } from '../../shared/contract/runControl';
import { readChoice, writeChoice } from './storage';

/** The tabs below the timeline. */
export const bottomTabs = [
  'throughput',
  'calls',
  'milestones',
  'host-cpu',
  'statistics',
  'findings',
  'pending',
  'breakpoints',
  'by-hand',
  'lists',
  'why',
  'difference',
] as const;

/** See {@link bottomTabs}. */
export type BottomTab = (typeof bottomTabs)[number];

const schema = z.object({
  /** Width of the right column, px. */
  sideWidth: z.number().min(240).max(1200),
  /** Height of the pane below the timeline, px. */
  bottomHeight: z.number().min(100).max(1200),
  /** Share of the right column that the state tree takes. */
  treeShare: z.number().min(0.1).max(0.9),
  bottomTab: z.enum(bottomTabs),
  singleKeys: z.boolean(),
  /** Whether structures show their bytes. */
  structureBytes: z.boolean().default(true),
  /** Whether recordings pause at findings, and from which severity on. */
  breakOnFinding: z.boolean().default(false),
  breakSeverity: ruleSeveritySchema.default('error'),
  /** Whether a run is made again as soon as its driver module has changed on the disk. */
  runChangedDrivers: z.boolean().default(false),
});

/** See the schema's fields. */
export type LayoutChoices = z.infer<typeof schema>;

/** What a new window looks like. */
export const defaultLayout: LayoutChoices = {
  sideWidth: 440,
  bottomHeight: 300,
  treeShare: 0.5,
  bottomTab: 'throughput',
  singleKeys: true,
  structureBytes: true,
  breakOnFinding: false,
  breakSeverity: 'error',
  runChangedDrivers: false,
};

/** The choices, stored whenever they change. */
export function createLayoutChoices(): LayoutChoices {
  const choices = reactive({ ...defaultLayout, ...readChoice('layout', schema, defaultLayout) });
  watch(choices, () => writeChoice('layout', choices));
  return choices;
}
