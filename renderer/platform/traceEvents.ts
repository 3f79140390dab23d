/** Hands trace events to whoever subscribed; the common part of all platforms. */
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';

/** Listeners to trace events, and at most one stream that speaks to them: a newer stream silences the older. */
export class TraceEvents {
  private readonly listeners = new Set<(event: TraceStreamEvent) => void>();
  private stream = 0;

  /** Subscribes; answers the way to unsubscribe. */
  subscribe(listener: (event: TraceStreamEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Starts a stream: what the answered function is given reaches the listeners until another stream starts. */
  startStream(): (event: TraceStreamEvent) => void {
    const mine = ++this.stream;
    return (event) => {
      if (mine === this.stream) this.emit(event);
    };
  }

  /** Silences the running stream. */
  silence(): void {
    this.stream++;
  }

  emit(event: TraceStreamEvent): void {
    for (const listener of this.listeners) listener(event);
  }
}
