// How the tab looks, in light and dark, down to the width of a phone.

export const STYLE = `
  :root { --paper: #fff; --card: #f6f7f9; --ink: #1b2129; --muted: #59636f; --line: #dde1e6;
    --accent: #1a5fb4; --right: #7fb2e5; --wrong: #f0965a; --refused: #cfd4da; color-scheme: light dark; }
  @media (prefers-color-scheme: dark) { :root { --paper: #14181d; --card: #1c2229; --ink: #e6e9ed;
    --muted: #9aa5b1; --line: #333b45; --accent: #78aeed; --right: #2f5f94; --wrong: #9c4a14;
    --refused: #3a424c; } }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--paper); color: var(--ink); font: 14px/1.45 system-ui, sans-serif; }
  main { padding: 18px 24px; }
  h2 { font-size: 16px; margin: 18px 0 6px; }
  .bar { display: flex; flex-wrap: wrap; gap: 10px 18px; align-items: end; margin-bottom: 12px; }
  label { display: flex; flex-direction: column; font-size: 12px; color: var(--muted); max-width: 100%; }
  select, button, input { font: inherit; color: var(--ink); background: var(--card); max-width: 100%;
    border: 1px solid var(--line); border-radius: 4px; padding: 4px 8px; }
  button:disabled { color: var(--muted); }
  .told { color: var(--muted); margin: 0 0 12px; }
  .loading { color: var(--accent); }
  .scroll { overflow-x: auto; }
  table { border-collapse: separate; border-spacing: 2px; font-variant-numeric: tabular-nums; }
  caption { text-align: left; color: var(--muted); font-size: 12px; padding-bottom: 4px; }
  th { font-weight: 500; color: var(--muted); font-size: 12px; padding: 2px 6px; white-space: nowrap; }
  th[scope="row"] { text-align: left; color: var(--ink); }
  .heat td { padding: 0; }
  .heat td button { width: 100%; min-width: 44px; border: 2px solid transparent; padding: 6px 4px;
    cursor: pointer; background: color-mix(in srgb, var(--wrong) var(--shade), var(--card)); }
  button[aria-pressed="true"] { border-color: var(--accent); outline: 1px solid var(--accent); }
  .key { display: inline-block; padding: 0 8px; border-radius: 3px; color: var(--ink); }
  .right { background: var(--right); }
  .wrong { background: var(--wrong); font-weight: 650; }
  .refused { background: var(--refused); font-style: italic; }
  .blocks { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 430px), 1fr)); }
  .block { background: var(--card); border-radius: 8px; padding: 10px; min-width: 0; }
  .block h3 { font-size: 13px; margin: 0 0 6px; font-weight: 600; }
  .block table { width: 100%; table-layout: fixed; }
  .block col:first-child { width: 66px; }
  .block th[scope="row"] { overflow: hidden; text-overflow: ellipsis; padding: 2px 2px; }
  .block td { text-align: center; font-size: 12px; border-radius: 3px; padding: 1px 0; white-space: nowrap; }
  .block img { width: 100%; max-width: 56px; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated;
    display: block; margin: 0 auto; }
  .block .frame { padding: 0; background: none; border: 0; cursor: pointer; width: 100%; }
  .layout { display: flex; gap: 24px; align-items: flex-start; }
  .layout > :first-child { flex: 1; min-width: 0; }
  .gallery { display: grid; gap: 8px; grid-template-columns: repeat(auto-fill, minmax(84px, 1fr)); }
  .gallery button { padding: 6px; text-align: center; cursor: pointer; min-width: 0; }
  .gallery img { width: 64px; height: 64px; object-fit: contain; image-rendering: pixelated; }
  .gallery span { display: block; font-size: 11px; color: var(--muted); overflow-wrap: anywhere; }
  .detail { width: 320px; flex: none; position: sticky; top: 12px; max-height: 96vh; overflow-y: auto;
    background: var(--card); border-radius: 8px; padding: 14px; }
  .detail > img { width: 100%; min-height: 96px; max-height: 240px; object-fit: contain; image-rendering: pixelated; }
  .detail dl { display: grid; grid-template-columns: auto 1fr; gap: 2px 12px; margin: 10px 0; }
  .detail dt { color: var(--muted); } .detail dd { margin: 0; overflow-wrap: anywhere; }
  .detail input { width: 100%; padding: 0; }
  .detail figure { margin: 12px 0 0; } .detail figure img { width: 96px; image-rendering: pixelated; }
  .detail figcaption { font-size: 12px; color: var(--muted); }
  .close { float: right; }
  .bars { display: grid; grid-template-columns: auto 1fr 44px; gap: 3px 8px; align-items: center; font-size: 12px; }
  .bars .track { background: var(--line); border-radius: 2px; height: 10px; }
  .bars .fill { background: var(--muted); border-radius: 2px; height: 10px; }
  .bars .fill.label { background: var(--accent); } .bars .fill.other { background: var(--wrong); }
  svg { display: block; width: 100%; height: auto; }
  .generations td { vertical-align: top; text-align: center; font-size: 12px; }
  .generations img { width: 132px; image-rendering: pixelated; display: block; }
  @media (max-width: 760px) { main { padding: 12px; } .layout { flex-direction: column-reverse; }
    .layout > :first-child { width: 100%; } .detail { width: 100%; position: static; max-height: none; }
    .gallery { grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); }
    .heat td button { min-width: 36px; padding: 6px 0; } .heat th[scope="row"] { padding: 2px 4px 2px 0; }
    .detail > img { max-height: 180px; } .block { padding: 8px 6px; } .block td { font-size: 11px; } .block col:first-child { width: 54px; } }
`;
