/** The page's style. Colours come in pairs for light and dark; the contrast of text is at least 4.5. */
export const STYLE = `
:root{color-scheme:light dark;
--bg:#f5f6f8;--card:#fff;--text:#1b222b;--muted:#5a6572;--line:#dfe3e8;--link:#0a5bb8;
--ok:#15774a;--busy:#1f5fae;--note:#1f5fae;--warning:#855500;--error:#b0281f;
--ok-soft:#e5f4ec;--busy-soft:#e6effa;--note-soft:#e6effa;--warning-soft:#fbf0d9;--error-soft:#fbe8e6}
@media (prefers-color-scheme:dark){:root{
--bg:#0e1217;--card:#161c23;--text:#e5e9ee;--muted:#9aa6b3;--line:#29323c;--link:#7db8ff;
--ok:#5fd396;--busy:#82b6f5;--note:#82b6f5;--warning:#ecb94f;--error:#ff938b;
--ok-soft:#12301f;--busy-soft:#14283f;--note-soft:#14283f;--warning-soft:#352a10;--error-soft:#3a1917}}
.ok{--mark:var(--ok);--mark-soft:var(--ok-soft)}
.busy{--mark:var(--busy);--mark-soft:var(--busy-soft)}
.note{--mark:var(--note);--mark-soft:var(--note-soft)}
.warning{--mark:var(--warning);--mark-soft:var(--warning-soft)}
.error{--mark:var(--error);--mark-soft:var(--error-soft)}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);overflow-wrap:anywhere;
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,main,footer{max-width:1240px;margin:0 auto;padding:0 16px}
header,footer{display:flex;flex-wrap:wrap;justify-content:space-between;gap:0 24px}
header,footer,.muted,dt,label,caption,thead a{color:var(--muted)}
a{color:var(--link);text-underline-offset:2px}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
section:focus{outline:none}
.skip{position:absolute;left:-999px;top:8px;background:var(--card);padding:8px 16px}
.skip:focus{left:16px}
h1{font-size:24px;line-height:1.3;margin:8px 0 20px}
h2{font-size:18px;margin:0}
h3{font-size:15px;margin:0}
p{margin:6px 0}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:20px;margin-bottom:24px}
.health{border-top:4px solid var(--mark)}
.sign{display:inline-block;width:1.4em;margin-right:.5em;border-radius:1em;text-align:center;font-weight:700;
line-height:1.4;background:var(--mark);color:var(--card)}
dl{display:flex;flex-wrap:wrap;gap:12px 32px;margin:16px 0 0}
dt,label,caption,thead,.detail,.badge{font-size:13px}
dd{margin:0;font-weight:600}
.advice{background:var(--mark-soft);border-radius:8px;padding:14px 16px;margin-top:12px}
.advice ul{list-style:none;margin:8px 0;padding:0}
pre{margin:8px 0;padding:10px 12px;background:var(--card);border-radius:6px;overflow-x:auto;overflow-wrap:normal}
form,.paging{display:flex;flex-wrap:wrap;gap:12px;align-items:flex-end;margin:16px 0 4px}
label{display:grid;gap:4px}
input,select,button{font:inherit;font-size:15px;color:var(--text);background:var(--card);
border:1px solid #7a8594;border-radius:6px;padding:6px 10px;min-height:36px;max-width:100%}
input::placeholder{color:var(--muted);opacity:1}
.scroll{overflow-x:auto;margin-top:12px}
table{width:100%;border-collapse:collapse;overflow-wrap:normal}
caption{text-align:left;padding-bottom:8px}
th,td{text-align:left;vertical-align:top;padding:9px 12px 9px 0;border-top:1px solid var(--line);font-weight:400}
thead th{border:0;white-space:nowrap}
tbody th{font-weight:600}
.webhooks tbody th{min-width:150px}
td code,td p{overflow-wrap:anywhere}
td p{margin:4px 0 0;min-width:200px;max-width:48ch}
td code{display:block;min-width:200px}
time,.number{font-variant-numeric:tabular-nums;white-space:nowrap}
.badge{display:inline-block;white-space:nowrap;font-weight:600;border-radius:99px;padding:1px 10px 1px 1px;
background:var(--mark-soft);color:var(--mark)}
@media (forced-colors:active){.badge,.sign{border:1px solid}}
@media print{form,.paging,.skip{display:none}}
`;
