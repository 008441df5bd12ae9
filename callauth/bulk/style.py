"""Style: how the page of a report looks, by day and by night, on a phone, too."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root {
  color-scheme: light dark;
  --ground: #ffffff; --raised: #f4f6f8; --line: #d5dae0; --ink: #1b1f24;
  --soft: #59626d; --link: #2f6fd0;
  --confirmed: #1a7f4b; --placed: #0a93a0; --no_answer: #b57b00; --busy: #d0601a;
  --rejected: #c22f3d; --expired: #86684a; --unknown: #9a3bb0; --refused: #2f6fd0;
  --calling: #56606b; --queued: #8a929c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #15181c; --raised: #1e2329; --line: #373e47; --ink: #e8eaed;
    --soft: #a5aeb8; --link: #6fa3f5;
    --confirmed: #3fbf7f; --placed: #35b9c6; --no_answer: #e0aa3e; --busy: #f08a4b;
    --rejected: #f0626e; --expired: #b3926f; --unknown: #c77ddb; --refused: #6fa3f5;
    --calling: #a3adb8; --queued: #6f7984;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem;
  background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; }
p, figcaption, caption, dt, .ends { color: var(--soft); text-wrap: pretty; }
dl {
  display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr));
  gap: .75rem; margin: 1.25rem 0 0;
}
dl div { background: var(--raised); border-radius: .5rem; padding: .6rem .8rem; }
dt { font-size: .875rem; }
dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
figure { margin: .75rem 0; }
figcaption { margin-bottom: .5rem; }
svg { display: block; }
svg.bar { width: 100%; height: 1.5rem; border-radius: .25rem; margin-bottom: .5rem; }
td svg.bar { height: .9rem; min-width: 8rem; margin: .3rem 0 0; }
svg.columns { width: 100%; height: 11rem; border-bottom: 1px solid var(--soft); }
svg.swatch { display: inline-block; width: .75em; height: .75em; margin-right: .4em; }
.ends {
  display: flex; justify-content: space-between; gap: 1rem; font-size: .875rem;
  font-variant-numeric: tabular-nums;
}
.ends :last-child { text-align: right; }
.legend {
  display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; list-style: none;
  margin: .5rem 0; padding: 0; font-size: .9375rem;
}
details { margin: .75rem 0; }
summary { cursor: pointer; color: var(--link); padding: .25rem 0; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible { outline: 2px solid var(--link); }
table {
  border-collapse: collapse; min-width: 100%; font-size: .9375rem;
  font-variant-numeric: tabular-nums;
}
caption { text-align: left; font-size: .875rem; padding: .25rem 0; }
/* The caption of the figure says it already, to those who see it. */
figure > .scroll caption {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
th, td {
  text-align: right; padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  vertical-align: top;
}
thead th { font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 400; white-space: nowrap; }
th:first-child, .words th, .words td { text-align: left; }
th:first-child { padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
.words td { white-space: nowrap; }
.words td:nth-child(3) { white-space: normal; min-width: 9rem; }
.confirmed { fill: var(--confirmed); } .placed { fill: var(--placed); }
.no_answer { fill: var(--no_answer); } .busy { fill: var(--busy); }
.rejected { fill: var(--rejected); } .expired { fill: var(--expired); }
.unknown { fill: var(--unknown); } .refused { fill: var(--refused); }
.calling { fill: var(--calling); } .queued { fill: var(--queued); }
.cause-1 { fill: var(--refused); } .cause-2 { fill: var(--no_answer); }
.cause-3 { fill: var(--placed); } .cause-4 { fill: var(--unknown); }
.cause-5 { fill: var(--rejected); } .other { fill: var(--queued); }
.all { fill: var(--link); }
@media print { .scroll { overflow: visible; } }
"""
