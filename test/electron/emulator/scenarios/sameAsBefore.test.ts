/** Traces of the scenarios that were programs before they were files: the same, byte for byte, behind the header. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ScenarioId } from '../../../../shared/contract/scenarios';
import { recordScenario } from '../../../harness/recordScenario';

/** SHA-256 of the definitions, chunks and checkpoints of a trace. */
function digestOf(bytes: Uint8Array): string {
  const hash = createHash('sha256');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at < bytes.length;) {
    const tag = String.fromCharCode(...bytes.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    if (tag === 'DEFS' || tag === 'CHNK' || tag === 'STAT') hash.update(bytes.subarray(at, at + 12 + length));
    at += 12 + length;
  }
  return hash.digest('hex');
}

/** Digests at commit 9ac3c9f: by default; of 90,000 bytes with loss, seed 7; of 120,000 bytes over both IP versions, seed 3. */
const digests: Partial<Record<ScenarioId, readonly [string, string, string]>> = {
  'first-sweep': [
    '0d4a0782b8856152a2ba69bb198d78ab1bf5bb71b111c2e365aef6582bc33eec',
    '533220f840d97bee251f65838ee86a8862974c18cc721bd7fe54ec936d27680c',
    '430f20eefb1a41459fe9ee1a68375e003053ba2451b409ca7a8d1cd195452a7f',
  ],
  transfer: [
    '4e21c583d8c043459934bb67f7aae06fa165267ef648d2eb568bf4037c718cbb',
    'c202f3434eafe68b6ab42396c30234c8150152deb39d3f8822054c014663820f',
    '55498735a3468b86a29d62ddeab83747f0393807e559d46b11bbdda364b1a42b',
  ],
  'neighbor-invalidated': [
    'ab3ffc520789883b2d21b1ae05cdc2428b1204e92caeb36026995e0f587db84c',
    'ea04dc911a4d10550e7df04cc84745a371f3945fe58d4499d4d9934a266d888e',
    '45b67437573612f275eef58b36f625bd6c42029e8a199e376e7a5a3d1e98f8f5',
  ],
  'no-tcp-entries': [
    '76853a5a290e212657d454193f1a1b69a3c3db7428f0cf7a72a016b395d8f267',
    '5ff9d774ea9066354bcea58f35cf0f6f9170b37caa42deb17d0a02ed26c89cb6',
    '48feccfab6e82124de36d173ecd39ab359575a13e976e3410c00bf51e182a51a',
  ],
  'many-connections': [
    '76e61fc50dbc6049ac9bcd255db6e97e9c5c9fc06741157acedc3c324b3da085',
    '0cf47aaf89438c6f8ab6010e9eebe2fb636508ff9e098d93607432bea3805ced',
    '674f37923f039b531c59e4ae90173dde094fd219e89752b9ad000bc74588abca',
  ],
  'bulk-offload': [
    '34b7455fb969131839ca59368d9aeb0e6b1e5ac0680807d6724cbf6aa79e9948',
    '47b8f04b5e246926f6493f6080360b2c3ae6e81640f92350aea288c904a44065',
    'faa622e7bc12a298b637e0107723d108ebac54d934ccd73efcc193fb67f349ee',
  ],
  'update-everything': [
    '38d77305c675183f479859921ca264955356f14e3f2e574767526413c9152b3d',
    '999f41b42712684a9bd28cd778756a237db9f29a19d84a50adcc50d9d08bf027',
    '79e24728425029f674e95ad54c7c11c3ef3fb67baa5075757cc76cd95d94d5c7',
  ],
  'address-and-mtu-change': [
    '5b70309162d23b9d1c52f404f5dbfaaae28a63bae2c684f3add58c20b43b5aec',
    'f066985b37d6c2a2449e51a2978cd73627f58540ab0479b3b86ef6560cd07285',
    '47969e333e1dffa89ac744cf00588ef701e5103807e2d55ab268551fcb66b84e',
  ],
  'query-everything': [
    '350b2bbdae2d5867daba39a3793b9ac2c94ff7f908fab6fa4a470279995679bf',
    'b58f5fc275e72eaafe9e386f4eef75395806b9427c96e8050fbfef088bec7b7d',
    'de1713dbd60ef6a28a9d4c2f53d2be931985c06a8b1bdc4007a45f85c4141c12',
  ],
  'terminate-with-data': [
    'a299355fcb789a0c1fce3c416f1b41949a0bce06cd865341760d2c6547d8b9a7',
    '8ae9d7ec45ef1045393bed219de44feab03fed9accffd21176ae1cdad5bbfcd5',
    'c592caf53a7923cdc85b31ab7916151b0a53bcee5b2429298fd4473a4f13b8be',
  ],
  'upload-all': [
    '8d816c8481466e2760878113e7985ab2f3d97993dbdbd8ece27be0249d50b148',
    '1d4473af822b6ee32d28bbc80ffa6a235f8568909b6e93869bd124b334d5040f',
    'b98d082f61a03f6a83d39c62b0f7938379d20db3691de2bb3b99992a6e1881a2',
  ],
  'link-loss': [
    '0b67c83a1d05372ab3b1ae99b0fcfe519df85292094dc76cc7b573b46a385009',
    'cffcf4a54cf8403a42fbe9a0a827cc142d33b4e6a1a8d782ada6e92b5be2279d',
    'fce87111d9c81a8ed68e997c9c173bc63bd482c60b58881ed606a5a2026f2902',
  ],
  'power-down': [
    'ba9a31f1269faf9255f8912d70f84bd3a1f9a6f0aa73190ab18ede71663da380',
    '522c142d05917282dfa6c4a6e8d2c457ada455d126fe752ea212d4f99ad30603',
    '2a39ac49856e5203ad92677b86afcd455830c042617a50944c43d3e78db09a90',
  ],
  failover: [
    'c208a215e17011986880d2a56052e93b5ae5769c83e992d3b5b95525872af891',
    '9e39cec628ec44f516c90dd46239878249f2787a7c49cf554629e607b6139094',
    'bb7b54bbffa67270d40b90a2a2180ee789bf9f497bb07ac1317b626d7f65527b',
  ],
  'load-balancing': [
    '7316c6e7705e71c5e464ee77a3ca656905df3de9042117427b63445ec7bd0530',
    '8e0d503f2e1a96173a4e72c512f3801bfe6205d925c3db5137a1df34a0ea487e',
    'c010d7db805936a733d04c02955be8ecc693ffda2bfbc48f6056a8052e75d9f6',
  ],
  'stacked-drivers': [
    '75a5240c7446c18a76370705c29f2243c7b8bf555b5b25361f900cac43e3fbc2',
    'beb7e2b921d0458e47fb6bf4c57990d6eec2501a30f0e5c1e6ab178f56f47232',
    'c638d2fa4c726530f9672362b7be98759aa6d93911a32477536da5683aafbaaf',
  ],
};

describe.each(Object.entries(digests) as [ScenarioId, readonly [string, string, string]][])(
  'the scenario %s runs as it did when it was a program',
  (scenario, [usual, small, both]) => {
    it('with its own settings', () => {
      expect(digestOf(recordScenario(scenario).bytes)).toBe(usual);
    });

    it('with loss and another seed', () => {
      const { bytes } = recordScenario(scenario, { fileBytes: 90_000, seed: 7, loss: 0.01 });
      expect(digestOf(bytes)).toBe(small);
    });

    it('over both IP versions', () => {
      const { bytes } = recordScenario(scenario, { fileBytes: 120_000, seed: 3, ipVersions: 'both' });
      expect(digestOf(bytes)).toBe(both);
    });
  },
);
