"""What the console looks like: calm paper, one size of text, colour for what it means alone; dark and light."""

CSS = """
:root { --paper:#f3f5f7; --panel:#fff; --edge:#dde3e9; --ink:#1d2833; --faint:#5d6b79;
        --warning:#a86f00; --alarm:#c2271b; --command:#1f6fb2; --good:#1f8a5f; }
body.body--dark { --paper:#0f141a; --panel:#161d25; --edge:#27313c; --ink:#d6dee6; --faint:#8a98a7;
        --warning:#e3b341; --alarm:#ff7468; --command:#7db8e8; --good:#7fc8a9; }
body, body.body--dark { background:var(--paper); color:var(--ink); font:13px/1.45 system-ui, sans-serif; }
.nicegui-content { padding:0; }
.console { display:grid; grid-template-columns:minmax(0,1fr) 430px; gap:8px; padding:8px; width:100vw;
        box-sizing:border-box; }
.bar { grid-column:1 / -1; display:flex; align-items:center; gap:14px; flex-wrap:wrap; }
.bar.time { flex-wrap:nowrap; padding:0 6px; margin:-8px 0; }
.bar h1 { font-size:16px; font-weight:600; line-height:1.3; margin:0; }
.bar .mode { font-size:16px; font-weight:700; letter-spacing:.04em; }
.bar .faint, .faint { color:var(--faint); }
.spring { flex:1; }
.panel { background:var(--panel); border:1px solid var(--edge); border-radius:6px; padding:6px 10px; min-width:0; }
.panel h2 { font-size:12px; font-weight:600; line-height:1.6; margin:0; color:var(--faint); letter-spacing:.03em; }
.pictures { display:grid; grid-template-columns:1fr 1fr; gap:8px; align-content:start; min-width:0; }
.pictures .wide { grid-column:1 / -1; }
.picture { height:172px; width:100%; margin-top:-20px; }
.picture.low { height:124px; margin-top:-6px; }
.side { display:flex; flex-direction:column; gap:8px; min-width:0; }
.pairs { display:grid; grid-template-columns:1fr 1fr; gap:8px; }
table.figures { border-collapse:collapse; width:100%; }
table.figures th { text-align:left; font-weight:400; color:var(--faint); padding:1px 8px 1px 0; vertical-align:top;
        white-space:nowrap; }
table.figures td { font-variant-numeric:tabular-nums; padding:1px 0; }
table.events, table.orders { border-collapse:collapse; width:100%; font-variant-numeric:tabular-nums; }
table.events td, table.orders td { padding:1px 12px 1px 0; vertical-align:top; }
table.events td:nth-child(-n+3), table.orders td:nth-child(2) { color:var(--faint); white-space:nowrap; }
table.events td:last-child { width:100%; overflow-wrap:anywhere; }
table.orders em { color:var(--faint); font-style:normal; }
.scroll { overflow:auto; max-height:150px; }
.side .scroll { max-height:220px; }
.warning { color:var(--warning) !important; font-weight:600; }
.alarm { color:var(--alarm) !important; font-weight:700; }
tr.warning td, tr.alarm td { color:inherit !important; }
.command { color:var(--command); }
.unknown { color:var(--faint); }
.form { display:flex; flex-direction:column; gap:2px; width:100%; }
.form .q-field { width:100%; }
.form p { margin:2px 0; color:var(--faint); }
.q-btn { font-size:12px; text-transform:none; }
.q-field { font-size:13px; }
.q-tab { text-transform:none; min-height:34px; }
.q-tab-panel { padding:14px 2px 6px !important; }
@media (max-width:1100px) { .console, .pictures { grid-template-columns:minmax(0,1fr); } }
"""
