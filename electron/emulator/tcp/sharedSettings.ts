/**
 * One object for equal settings: connections that one home takes over differ little in them, and each would otherwise keep a copy of
 * its own. Settings are never changed in place.
 */
import type { TcpSettings } from './tcpSettings';

/** What was last made out of the settings of a home. */
const lastMade = new WeakMap<TcpSettings, TcpSettings>();

/** `home` with `change`: the object that was made last, if it is equal. */
export function settingsWith(home: TcpSettings, change: Partial<TcpSettings>): TcpSettings {
  const wanted: TcpSettings = { ...home, ...change };
  const last = lastMade.get(home);
  if (last !== undefined && areEqual(last, wanted)) return last;
  lastMade.set(home, wanted);
  return wanted;
}

function areEqual(left: TcpSettings, right: TcpSettings): boolean {
  const { keepAlive } = left;
  const other = right.keepAlive;
  if (
    keepAlive.enabled !== other.enabled ||
    keepAlive.time !== other.time ||
    keepAlive.interval !== other.interval ||
    keepAlive.probes !== other.probes
  )
    return false;
  for (const key of Object.keys(right) as (keyof TcpSettings)[])
    if (key !== 'keepAlive' && left[key] !== right[key]) return false;
  return true;
}
