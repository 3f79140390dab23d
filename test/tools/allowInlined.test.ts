import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { allowInlinedIn } from '../../tools/vite/allowInlined.mjs';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const page = (policy: string, rest = ''): string =>
  `<head><meta http-equiv="Content-Security-Policy" content="${policy}" />${rest}</head>`;

it('lets in exactly what the page holds', () => {
  const rest =
    '<script type="module">\nlet a = "</div>";</script><script src="./other.js"></script><style rel="x">p { top: 0 }</style>';
  expect(allowInlinedIn(page("default-src 'none'; script-src 'self'; style-src 'none'", rest))).toBe(
    page(
      `default-src 'none'; script-src 'self' ${hashOf('\nlet a = "</div>";')}; style-src ${hashOf('p { top: 0 }')}`,
      rest,
    ),
  );
});

it('leaves a page without a policy alone', () => {
  expect(allowInlinedIn('<script>1</script>')).toBe('<script>1</script>');
});

it('adds no directive that the policy does not have', () => {
  const html = page("default-src 'self'", '<script>1</script>');
  expect(allowInlinedIn(html)).toBe(html);
});
