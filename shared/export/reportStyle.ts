/** How the HTML report looks: light and dark by what the reader's system says, and plain on paper. */
export const reportStyle = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --panel: #f4f6f8; --rule: #d5dbe1; --good: #116329; --bad: #a40e26; --cut: #7d4e00;
  --line-0: #0b62c4; --line-1: #b3470b; --line-2: #4a7a10; --line-3: #8a3ffc; --line-4: #007d79; --line-5: #9f1853; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaef; --soft: #9aa5b1; --paper: #14181d; --panel: #1d232a; --rule: #38424d; --good: #6fdd8b; --bad: #ff8d9b; --cut: #f0b95b;
  --line-0: #6cb2ff; --line-1: #ff9d66; --line-2: #a5d65f; --line-3: #c3a1ff; --line-4: #4fd6d0; --line-5: #ff8fc0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 12px; }
h2 { font-size: 19px; margin: 36px 0 10px; }
.verdict { border-left: 4px solid currentColor; background: var(--panel); padding: 10px 14px; margin: 0 0 18px; }
.good { color: var(--good); } .bad { color: var(--bad); } .cut { color: var(--cut); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(280px, 1fr)); gap: 10px 24px; margin: 0; }
dt { color: var(--soft); font-size: 13px; } dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 70vh; border: 1px solid var(--rule); border-radius: 6px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; padding: 5px 12px; vertical-align: top; overflow-wrap: anywhere; min-width: 90px; }
thead th { position: sticky; top: 0; background: var(--panel); font-weight: 600; border-bottom: 1px solid var(--rule); white-space: nowrap; }
tbody th { font-weight: 400; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
.number, tbody th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 0 0 22px; } figcaption { font-weight: 600; margin-bottom: 4px; }
figure > svg { width: 100%; height: auto; background: var(--panel); border-radius: 6px; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; } .grid { stroke: var(--rule); stroke-width: 1; }
.line { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
.line-0 { stroke: var(--line-0); } .line-1 { stroke: var(--line-1); stroke-dasharray: 7 3; } .line-2 { stroke: var(--line-2); stroke-dasharray: 2 2; }
.line-3 { stroke: var(--line-3); stroke-dasharray: 10 3 2 3; } .line-4 { stroke: var(--line-4); stroke-dasharray: 4 4; } .line-5 { stroke: var(--line-5); stroke-dasharray: 1 4; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 6px 0 0; padding: 0; font-size: 13px; color: var(--soft); }
@media print { .scroll { overflow: visible; max-height: none; } section { break-inside: avoid-page; } }
`;
