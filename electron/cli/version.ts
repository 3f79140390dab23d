import packageJson from '../../package.json';

/** Version of this build. */
export const applicationVersion: string = packageJson.version;

/** Name and version as they stand in the header of a trace. */
export const applicationName = `chimneysweep ${applicationVersion}`;
