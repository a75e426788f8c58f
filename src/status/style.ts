/** The page's style. Colours are pairs for light and dark; text on them keeps to a contrast of 4.5 and more. */
export const STYLE = `
:root{color-scheme:light dark;
--bg:#f5f6f8;--card:#fff;--text:#1b222b;--muted:#5a6572;--line:#dfe3e8;--soft:#eef1f4;--link:#0a5bb8;
--ok:#15774a;--busy:#1f5fae;--note:#1f5fae;--warning:#855500;--error:#b0281f;
--ok-soft:#e5f4ec;--busy-soft:#e6effa;--note-soft:#e6effa;--warning-soft:#fbf0d9;--error-soft:#fbe8e6}
@media (prefers-color-scheme:dark){:root{
--bg:#0e1217;--card:#161c23;--text:#e5e9ee;--muted:#9aa6b3;--line:#29323c;--soft:#1e262f;--link:#7db8ff;
--ok:#5fd396;--busy:#82b6f5;--note:#82b6f5;--warning:#ecb94f;--error:#ff938b;
--ok-soft:#12301f;--busy-soft:#14283f;--note-soft:#14283f;--warning-soft:#352a10;--error-soft:#3a1917}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.top,main,footer{max-width:1240px;margin:0 auto;padding:0 24px}
a{color:var(--link);text-underline-offset:2px}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
section:focus{outline:none}
.skip{position:absolute;left:-999px;top:8px;background:var(--card);padding:8px 16px;z-index:1}
.skip:focus{left:16px}
.muted{color:var(--muted)}
.top{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:4px 24px;
padding-top:20px;padding-bottom:16px}
.top p{margin:0}
.brand{font-weight:650;letter-spacing:-.01em}
.brand .muted{font-weight:400;margin-left:4px}
.reload{margin-left:12px}
h1,h2,h3{line-height:1.3;margin:0;letter-spacing:-.01em}
h1{font-size:24px;font-weight:650}
h2{font-size:18px;font-weight:650}
h3{font-size:15px;font-weight:650}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.ok{--mark:var(--ok);--mark-soft:var(--ok-soft)}
.busy{--mark:var(--busy);--mark-soft:var(--busy-soft)}
.note{--mark:var(--note);--mark-soft:var(--note-soft)}
.warning{--mark:var(--warning);--mark-soft:var(--warning-soft)}
.error{--mark:var(--error);--mark-soft:var(--error-soft)}
.sign{flex:none;color:var(--mark);width:16px;height:16px;border-radius:50%}
.sign circle{fill:currentColor}
.sign path{fill:none;stroke:var(--card);stroke-width:1.8;stroke-linecap:round;stroke-linejoin:round}
.overall{display:flex;gap:12px;align-items:center;margin:8px 0 20px}
.overall .sign{width:28px;height:28px}
.health{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--mark);border-radius:10px;
padding:24px;margin-bottom:24px}
.verdict{display:flex;gap:16px;align-items:flex-start}
.verdict .sign{width:32px;height:32px;margin-top:1px}
.verdict p{margin:4px 0 0}
.account{display:inline-block;background:var(--soft);border-radius:6px;padding:1px 8px;margin-right:4px}
.facts{display:flex;flex-wrap:wrap;gap:16px 36px;margin:20px 0 0;padding-top:18px;border-top:1px solid var(--line)}
.facts dt{color:var(--muted);font-size:13px}
.facts dd{margin:2px 0 0;font-weight:600;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.advices{display:grid;grid-template-columns:minmax(0,1fr);gap:12px;margin-top:20px}
.advice{background:var(--mark-soft);border-radius:8px;padding:14px 16px}
.advice h2,.advice h3{font-size:15px;display:flex;gap:10px;align-items:flex-start}
.advice .sign{margin-top:2px}
.advice .sign path{stroke:var(--card)}
.advice>p,.advice>.problems{margin:8px 0 0 26px}
.advice .muted{color:var(--text)}
.problems{padding:0;list-style:none;display:grid;grid-template-columns:minmax(0,1fr);gap:12px;overflow-wrap:anywhere}
.problems .remedy{margin:4px 0 0}
.place{font-weight:600}
pre{margin:8px 0 0;padding:10px 12px;background:var(--card);border-radius:6px;overflow-x:auto;
white-space:pre;overflow-wrap:normal}
main>section:not(.health){background:var(--card);border:1px solid var(--line);border-radius:10px;
padding:20px 24px 24px;margin-bottom:24px}
.empty{margin:12px 0 0;color:var(--muted)}
form{display:flex;flex-wrap:wrap;gap:12px;align-items:flex-end;margin:16px 0 4px}
label{display:grid;gap:4px;font-size:13px;color:var(--muted)}
input,select,button{font:inherit;font-size:15px;color:var(--text);background:var(--card);
border:1px solid #7a8594;border-radius:6px;padding:6px 10px;min-height:36px}
input::placeholder{color:var(--muted);opacity:1}
input[type=search]{width:240px;max-width:100%}
button{font-weight:600;cursor:pointer;padding:6px 16px}
button:hover{background:var(--soft)}
.clear{padding:7px 4px}
table{width:100%;border-collapse:collapse;margin-top:12px}
caption{text-align:left;color:var(--muted);font-size:13px;padding:4px 0 8px}
.runs caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{text-align:left;vertical-align:top;padding:9px 12px 9px 0;border-bottom:1px solid var(--line);font-weight:400}
tbody tr:last-child>*{border-bottom:0}
thead th{font-size:13px;color:var(--muted);white-space:nowrap;border-bottom-color:var(--line)}
thead a{color:var(--muted);text-decoration:none}
thead a:hover{text-decoration:underline}
th[aria-sort] a{color:var(--text);font-weight:600}
.arrow{display:inline-block;min-width:1em;padding-left:3px}
tbody th{font-weight:600;overflow-wrap:anywhere}
.webhooks tbody th{min-width:150px}
td code{overflow-wrap:anywhere}
.number,.time,time{font-variant-numeric:tabular-nums}
.time,.runs th,.runs .number{white-space:nowrap}
td p{margin:4px 0 0}
.detail{font-size:13px;max-width:48ch;overflow-wrap:anywhere}
.detail .remedy{color:var(--muted)}
.badge{display:inline-flex;gap:6px;align-items:center;white-space:nowrap;font-size:13px;font-weight:600;
border-radius:99px;padding:1px 10px 1px 4px;background:var(--mark-soft);color:var(--mark)}
.paging{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;margin-top:16px}
.paging a{padding:4px 0}
footer{display:flex;flex-wrap:wrap;justify-content:space-between;gap:4px 24px;padding-bottom:32px;font-size:13px}
footer p{margin:0}
footer nav a{margin-left:14px}
footer nav a:first-child{margin-left:0}
@media (max-width:860px){
.top,main,footer{padding-left:16px;padding-right:16px}
.health,main>section:not(.health){padding:18px 16px}
h1{font-size:21px}
.facts{gap:14px 28px}
.advice>p,.advice>.problems{margin-left:0}
form{display:grid;grid-template-columns:1fr 1fr}
form label:first-child{grid-column:1/-1}
input[type=search],select,button{width:100%}
table,tbody,caption{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr{display:block;padding:12px 0;border-bottom:1px solid var(--line)}
tbody tr:last-child{border-bottom:0}
tbody th,tbody td{display:block;border:0;padding:2px 0}
tbody td{display:grid;grid-template-columns:112px minmax(0,1fr);gap:8px}
tbody td::before{content:attr(data-title);color:var(--muted);font-size:13px}
.badge{justify-self:start}
}
@media (max-width:860px) and (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
@media (forced-colors:active){.sign circle{fill:CanvasText}.badge{border:1px solid}}
@media print{form,.paging,.skip,.reload{display:none}}
`;
