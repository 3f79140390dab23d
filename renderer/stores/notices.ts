/** Short messages to the user that stay until they are dismissed or overtaken. */
import { shallowReactive } from 'vue';

/** How bad it is; decides icon, word and live-region role. */
export type NoticeSeverity = 'error' | 'warning' | 'note';

/** Something that a message offers to do. */
export interface NoticeAction {
  readonly words: string;
  readonly run: () => void;
}

/** One message. */
export interface Notice {
  readonly id: number;
  readonly severity: NoticeSeverity;
  readonly text: string;
  /** What it is about; a newer notice on the same topic replaces an older one. */
  readonly topic: string;
  readonly actions: readonly NoticeAction[];
}

/** The messages on screen. */
export class Notices {
  readonly list: Notice[] = shallowReactive([]);
  private nextId = 1;

  show(severity: NoticeSeverity, topic: string, text: string, actions: readonly NoticeAction[] = []): void {
    this.clear(topic);
    this.list.push({ id: this.nextId++, severity, topic, text, actions });
  }

  dismiss(id: number): void {
    const index = this.list.findIndex((notice) => notice.id === id);
    if (index >= 0) this.list.splice(index, 1);
  }

  /** Takes back what was said about a topic. */
  clear(topic: string): void {
    for (let index = this.list.length - 1; index >= 0; index--) {
      if (this.list[index]!.topic === topic) this.list.splice(index, 1);
    }
  }
}
