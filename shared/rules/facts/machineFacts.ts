/** Components and connections of a trace. */
import type { ComponentRecord, ComponentRole, ConnectionRecord } from '../../trace/records';
import type { Handlers } from '../engine/rule';

/** See the file's head. */
export class MachineFacts implements Handlers {
  private readonly components = new Map<number, ComponentRecord>();
  private readonly connections = new Map<number, ConnectionRecord>();

  readonly component = (component: ComponentRecord): void => {
    this.components.set(component.id, component);
  };

  readonly connection = (connection: ConnectionRecord): void => {
    this.connections.set(connection.id, connection);
  };

  /** What part a component plays; undefined for one that the trace doesn't declare. */
  role(component: number | undefined): ComponentRole | undefined {
    return component === undefined ? undefined : this.components.get(component)?.role;
  }

  /** Name of a component, for people. */
  name(component: number | undefined): string {
    return (component === undefined ? undefined : this.components.get(component)?.name) ?? 'somebody';
  }

  /** Components with a role. */
  withRole(role: ComponentRole): ComponentRecord[] {
    return [...this.components.values()].filter((component) => component.role === role);
  }

  /** Both ends of a connection, as text. */
  ends(connection: number): ConnectionRecord | undefined {
    return this.connections.get(connection);
  }
}
