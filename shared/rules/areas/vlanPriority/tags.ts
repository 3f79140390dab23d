/** 802.1Q tags of the frames that a target sends, and of those that it gets. */
import type { EventId } from '../../../trace/records';
import type { WireFrame } from '../../engine/frame';
import { rule, type Rule, type RuleContext } from '../../engine/rule';
import { adapterProfiles } from '../../facts/adapterProfiles';
import type { HandedTcp } from '../../facts/handedState';
import { arrivals, RefusedRanges, watchProcessing } from '../wire/arrivals';
import { badFrame, targetSegments, u16At } from '../wire/targetFrames';

/** Tag control information of a frame (IEEE 802.1Q clause 9.6); undefined where it has no tag. */
function tagOf(frame: WireFrame): number | undefined {
  return frame.internetAt === 18 ? u16At(frame.record.bytes, 14) : undefined;
}

function vlanOf(tag: number): number {
  return tag & 0xfff;
}

function priorityOf(tag: number): number {
  return tag >>> 13;
}

function tagText(tag: number | undefined): string {
  return tag === undefined ? 'without a tag' : `with a tag of VID ${vlanOf(tag)} and PCP ${priorityOf(tag)}`;
}

function vlanOfTcp(tcp: HandedTcp): number {
  return tcp.parent.parent.constant.VlanId;
}

/** The record that tells the VLAN of a connection. */
function vlanSource(tcp: HandedTcp): EventId {
  return tcp.parent.parent.initiate.event;
}

/** Decides of every segment of a target what tag it has; `supports` is whether the adapter does 802.1p. */
function tags(
  context: RuleContext,
  decide: (frame: WireFrame, tcp: HandedTcp, tag: number | undefined, supports: boolean) => void,
): ReturnType<typeof targetSegments> {
  const profiles = context.facts.of(adapterProfiles);
  return targetSegments(context, (frame, tcp) => {
    const supports = profiles.of(frame.sender)?.supportsPriority;
    // The path may just have got another neighbor.
    if (supports === undefined || tcp.parent.mayDiffer(context.facts.now)) return;
    decide(frame, tcp, tagOf(frame), supports);
  });
}

/** See the file's head. */
export const tagRules: readonly Rule[] = [
  rule('VLN-010', (context) =>
    tags(context, (frame, tcp, tag) => {
      if (vlanOfTcp(tcp) !== 0 || tcp.mayDiffer(context.facts.now) || tcp.cached.UserPriority !== 0) return;
      context.expect(tag === undefined, () =>
        badFrame(frame, tcp.source, `a frame ${tagText(tag)}`, 'no tag: VlanId and UserPriority are 0'),
      );
    }),
  ),

  rule('VLN-011', (context) =>
    tags(context, (frame, tcp, tag, supports) => {
      if (vlanOfTcp(tcp) !== 0 || tcp.mayDiffer(context.facts.now)) return;
      const { UserPriority } = tcp.cached;
      if (UserPriority === 0 || (!supports && tag === undefined)) return;
      const expected = supports ? UserPriority : 0;
      const holds = tag !== undefined && vlanOf(tag) === 0 && priorityOf(tag) === expected;
      context.expect(holds, () =>
        badFrame(frame, tcp.source, `a frame ${tagText(tag)}`, `a tag of VID 0 and PCP ${expected}`),
      );
    }),
  ),

  rule('VLN-012', (context) =>
    tags(context, (frame, tcp, tag, supports) => {
      const VlanId = vlanOfTcp(tcp);
      if (VlanId === 0) return;
      const right = (priority: number): boolean =>
        tag !== undefined && vlanOf(tag) === VlanId && priorityOf(tag) === (supports ? priority : 0);
      context.expect(
        tcp.some(context.facts.now, ({ UserPriority }) => right(UserPriority)),
        () => {
          const priority = supports ? tcp.cached.UserPriority : 0;
          return badFrame(
            frame,
            vlanSource(tcp),
            `a frame ${tagText(tag)}`,
            `a tag of VID ${VlanId} and PCP ${priority}`,
          );
        },
      );
    }),
  ),

  rule('VLN-013', (context) =>
    tags(context, (frame, tcp, tag, supports) => {
      const found = tag === undefined ? 0 : priorityOf(tag);
      const holds = tcp.some(
        context.facts.now,
        ({ UserPriority }) => found === (supports ? UserPriority : 0),
      );
      context.expect(holds, () =>
        badFrame(
          frame,
          tcp.source,
          `a frame ${tagText(tag)}`,
          supports ? `PCP ${tcp.cached.UserPriority}, the UserPriority` : 'PCP 0: the adapter has no 802.1p',
        ),
      );
    }),
  ),

  rule('VLN-014', ({ expect }) => ({
    chimneyFrame: (frame) => {
      const tag = tagOf(frame);
      if (tag === undefined) return;
      expect((tag & 0x1000) === 0, () => badFrame(frame, undefined, 'a tag with CFI 1', 'CFI 0'));
    },
  })),

  rule('VLN-015', (context) =>
    watchProcessing(
      context,
      ({ frame, tcp }) => vlanOfTcp(tcp) === 0 && tagOf(frame) !== undefined,
      (processed, { frame, target }, evidence) => {
        context.expect(processed, () => ({
          events: [frame.event, evidence.event],
          found: `a segment ${tagText(tagOf(frame))} was not processed`,
          expected: 'with VlanId 0 nothing is dropped for its tag',
          component: target,
          connection: frame.connection,
        }));
      },
    ),
  ),

  rule('VLN-016', (context) =>
    watchProcessing(
      context,
      ({ frame, tcp }) => {
        const tag = tagOf(frame);
        return tag !== undefined && vlanOfTcp(tcp) !== 0 && vlanOf(tag) === vlanOfTcp(tcp);
      },
      (processed, { frame, target }, evidence) => {
        context.expect(processed, () => ({
          events: [frame.event, evidence.event],
          found: `a segment ${tagText(tagOf(frame))}, the neighbor's VLAN, was not processed`,
          expected: 'frames of the VLAN are accepted',
          component: target,
          connection: frame.connection,
        }));
      },
    ),
  ),

  rule('VLN-017', (context) => {
    const { expect } = context;
    const refused = new RefusedRanges();
    const dropped = (frame: WireFrame, target: number, evidence: EventId, how: string) => ({
      events: [frame.event, evidence],
      found: `a segment ${tagText(tagOf(frame))} ${how}`,
      expected: "frames of other VLANs than the neighbor's are dropped",
      component: target,
      connection: frame.connection,
    });
    return {
      ...arrivals(context, (arrival) => {
        const VlanId = vlanOfTcp(arrival.tcp);
        if (VlanId === 0) return;
        const tag = tagOf(arrival.frame);
        if (tag !== undefined && vlanOf(tag) === VlanId) refused.accept(arrival.frame);
        else refused.add(arrival);
      }),
      guarded: [
        {
          gate: refused.gate,
          chimneyFrame: (frame) => {
            if (!refused.has(frame.connection)) return;
            const taken = refused.acknowledged(frame.connection!, frame.acknowledgment);
            const holds = taken === undefined;
            expect(holds, () => dropped(taken!.frame, taken!.target, frame.event, 'was acknowledged'));
          },
        },
      ],
      call: {
        NdisMIndicateReceiveNetBufferLists: (call) => {
          const wrong = refused.find(call.connection, call.record.cause);
          if (wrong !== undefined && wrong.target === call.caller)
            expect(false, () => dropped(wrong.frame, wrong.target, call.event, 'was indicated to the host'));
        },
        MiniportTerminateOffload: (call) => {
          refused.forget(call.connection);
        },
      },
    };
  }),
];
