/** What the four structures of handlers contain (REG-010 to REG-017, REG-019, REG-020). */
import { constantValue, structureLayout } from '../../../ddi/catalogue';
import type { Call } from '../../engine/call';
import { rule, type Breach, type Rule, type RuleContext } from '../../engine/rule';
import type { StructureView } from '../../engine/structureView';
import type { ChimneyStructure } from '../../facts/registrations';
import { enclosingBind, enclosingSetOptions, isProvider, shortName, structurePassed } from './nesting';

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** A handler that the conceptual page leaves out of its list (A13). */
const forwardComplete = 'TcpOffloadForwardCompleteHandler';

/** What a rule about a structure is told with: the SetOptions around it, and the call that passed it. */
function breachOf(call: Call, found: string, expected: string): Breach {
  const around = enclosingSetOptions(call) ?? enclosingBind(call);
  return { events: [around?.event, call.event], found, expected, component: around?.callee ?? call.caller };
}

/** Looks at every structure that `applies` to. */
function eachStructure(
  applies: (structure: ChimneyStructure) => boolean,
  look: (view: StructureView, structure: ChimneyStructure, call: Call) => void,
): ReturnType<Rule['start']> {
  return {
    call: {
      NdisSetOptionalHandlers: (call) => {
        const structure = structurePassed(call);
        const view = call.structure('OptionalHandlers');
        if (structure !== undefined && view !== undefined && applies(structure)) look(view, structure, call);
      },
    },
  };
}

/** Every entry point of a structure is there. */
function expectHandlers({ expect }: RuleContext, wanted: ChimneyStructure): ReturnType<Rule['start']> {
  const handlers = structureLayout(wanted).fields.filter(({ kind }) => kind === 'codePointer');
  return eachStructure(
    (structure) => structure === wanted,
    (view, structure, call) => {
      for (const { name } of handlers)
        expect(view.number(name) !== 0, () => ({
          ...breachOf(
            call,
            `the ${shortName(structure)} structure has ${name} = NULL`,
            `all ${handlers.length} handlers`,
          ),
          ...(name === forwardComplete ? { severity: 'warning' } : {}),
        }));
    },
  );
}

function expectOffloadType({ expect }: RuleContext, wanted: ChimneyStructure): ReturnType<Rule['start']> {
  return eachStructure(
    (structure) => structure === wanted,
    (view, structure, call) => {
      const type = view.number('OffloadType');
      expect(type === tcpChimney, () =>
        breachOf(
          call,
          `the ${shortName(structure)} structure has OffloadType ${type}`,
          `NdisTcpChimneyOffload (${tcpChimney})`,
        ),
      );
    },
  );
}

function expectHeader({ expect }: RuleContext, provider: boolean): ReturnType<Rule['start']> {
  return eachStructure(
    (structure) => isProvider(structure) === provider,
    (view, structure, call) => {
      const revisions = structureLayout(structure).header?.revisions ?? [];
      const revision = view.number('Header.Revision');
      const size = view.number('Header.Size');
      // The copy of the header that was consulted names no revision of the provider structures: it is their first.
      const known = revisions.find(({ value }, index) => (value ?? index + 1) === revision);
      expect(known !== undefined && size === known.size, () =>
        breachOf(
          call,
          `the header of the ${shortName(structure)} structure says revision ${revision} and ${size} bytes`,
          known === undefined
            ? `a revision that is known: ${revisions.length === 1 ? '1' : `1 to ${revisions.length}`}`
            : `${known.size} bytes at that revision`,
        ),
      );
    },
  );
}

function expectNoFlags({ expect }: RuleContext, provider: boolean): ReturnType<Rule['start']> {
  return eachStructure(
    (structure) => isProvider(structure) === provider,
    (view, structure, call) => {
      const flags = view.number('Flags');
      expect(flags === 0, () =>
        breachOf(call, `the ${shortName(structure)} structure has Flags ${flags}`, 'Flags 0'),
      );
    },
  );
}

/** See the file's head. */
export const handlerStructureRules: readonly Rule[] = [
  rule('REG-010', (context) =>
    expectHandlers(context, 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
  ),
  rule('REG-011', (context) => expectHandlers(context, 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS')),
  rule('REG-012', (context) =>
    expectHandlers(context, 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
  ),
  rule('REG-013', (context) => expectHandlers(context, 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS')),
  rule('REG-014', (context) =>
    expectOffloadType(context, 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
  ),
  rule('REG-015', (context) => expectOffloadType(context, 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS')),
  rule('REG-016', (context) => expectHeader(context, true)),
  rule('REG-017', (context) => expectHeader(context, false)),
  rule('REG-019', (context) => expectNoFlags(context, true)),
  rule('REG-020', (context) => expectNoFlags(context, false)),
];
