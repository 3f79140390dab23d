/** Outlines of the icons, drawn for this product on a grid of 16. */
export const iconPaths = {
  open: 'M2 12.5v-9a1 1 0 0 1 1-1h3.2l1.6 2H13a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H3a1 1 0 0 1-1-1ZM2 7h12',
  save: 'M8 2v7.5M4.8 6.5 8 9.7l3.2-3.2M2.5 11v2a1 1 0 0 0 1 1h9a1 1 0 0 0 1-1v-2',
  record: 'M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM8 6.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3Z',
  pause: 'M5.8 4v8M10.2 4v8',
  stop: 'M4.5 4.5h7v7h-7Z',
  chevron: 'm4.5 6.5 3.5 3.5 3.5-3.5',
  chevronRight: 'm6.5 4.5 3.5 3.5-3.5 3.5',
  close: 'm4 4 8 8M12 4l-8 8',
  help: 'M6 6a2 2 0 1 1 2.7 1.9c-.5.2-.7.6-.7 1.1v.3M8 11.6v.1M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6ZM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z',
  system: 'M2 3h12v8H2ZM6 14h4M8 11v3',
  success: 'm3.2 8.4 3.2 3.2 6.4-7',
  failure: 'm4 4 8 8M12 4l-8 8',
  warning: 'M8 2.2 14.4 13.4H1.6ZM8 6.4v3.2M8 11.5v.1',
  note: 'M8 7.3v4M8 4.8v.1M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z',
  pending: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM8 4.6V8l2.4 1.6',
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8Z',
  flag: 'M4 14V2.5h8l-2 3 2 3H4',
  file: 'M4 1.8h5.2L12.5 5v9.2H4ZM9 2v3.2h3.2',
  host: 'M2 3h12v8H2ZM5.5 14h5M8 11v3',
  target: 'M3 5h10v6H3ZM5.5 11v2.5M8 11v2.5M10.5 11v2.5M5.5 2.5V5M8 2.5V5M10.5 2.5V5',
  down: 'M8 2.5v10M4.2 9 8 12.8 11.8 9',
  up: 'M8 13.5v-10M4.2 7 8 3.2 11.8 7',
  gone: 'M3 8h10',
  back: 'M13 8H3M6.8 4 3 8l3.8 4',
  forth: 'M3 8h10M9.2 4 13 8l-3.8 4',
} as const;

/** Name of an icon. */
export type IconName = keyof typeof iconPaths;
