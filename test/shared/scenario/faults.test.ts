/** Faults as data: what is accepted, and what is said about the rest. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { statusValue } from '../../../shared/expression/valueNames';
import {
  faultKinds,
  faultResources,
  faultSchema,
  faultsSchema,
  mostFaults,
} from '../../../shared/scenario/faults';

function messageOf(value: unknown): string {
  const parsed = faultSchema.safeParse(value);
  if (parsed.success) throw new Error('it was accepted');
  return parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n');
}

describe('a fault', () => {
  it('has times in ns, however they are written', () => {
    const parsed = faultSchema.parse({ kind: 'link-down', at: '2ms', for: '250ms' });
    expect(parsed).toEqual({ kind: 'link-down', at: 2_000_000, for: 250_000_000, adapter: 1 });
  });

  it('has probabilities as parts of 1, fractions among them', () => {
    const parsed = faultSchema.parse({ kind: 'drop-completion', request: 'send', probability: '1/4' });
    expect(parsed.probability).toBe(0.25);
  });

  it('may not name what its kind does not have', () => {
    expect(messageOf({ kind: 'reset', mtu: 900 })).toContain('mtu');
  });

  it('is one of a known kind', () => {
    expect(messageOf({ kind: 'gremlin' })).toBe('kind: must have a kind of fault: docs/faults.md lists them');
  });

  it('names a status that there is', () => {
    expect(messageOf({ kind: 'refuse', request: 'query', status: 'BROKEN' })).toBe(
      'status: must be the name of a status such as RESOURCES',
    );
  });

  it('happens once at least', () => {
    expect(messageOf({ kind: 'reset', times: 0 })).toBe('times: must be at least 1');
  });
});

describe('the kinds of faults', () => {
  it('are described, and so is every field of theirs', () => {
    for (const option of faultSchema.options) {
      expect(option.description).toMatch(/\.$/);
      for (const [name, field] of Object.entries<z.ZodType>(option.shape))
        if (name !== 'kind') expect(field.description, `${option.shape.kind.value} ${name}`).toMatch(/\.$/);
    }
  });

  it('have names of their own', () => {
    expect(new Set(faultKinds).size).toBe(faultKinds.length);
  });

  it('make a JSON Schema', () => {
    const schema = z.toJSONSchema(faultSchema, { io: 'input' });
    expect(JSON.stringify(schema)).toContain('MiniportOffloadContext');
  });

  it('lack resources whose status the specification names (INI-036)', () => {
    for (const { status } of Object.values(faultResources)) expect(statusValue(status)).toBeTypeOf('number');
  });
});

describe('the faults of a run', () => {
  it('are bounded in number', () => {
    const many = Array.from({ length: mostFaults + 1 }, () => ({ kind: 'reset' }));
    expect(faultsSchema.safeParse(many).error?.issues[0]?.message).toBe('there may be at most 200 faults');
  });
});
