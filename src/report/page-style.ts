// The look of report.html and index.html: one style for light and dark, screen and paper, 360 px and up.

export const PAGE_STYLE = `
:root{color-scheme:light dark;--ink:#1b1c1f;--soft:#5d6068;--ground:#fbfaf7;--card:#fff;--line:#dcdbd5;--mark:#b4460f;--second:#2f6fb5;--good:#1d6e37;--bad:#b3202c;--band:#2f6fb51f;--name:4.2rem}
@media (prefers-color-scheme:dark){:root{--ink:#ebe9e4;--soft:#a3a5ab;--ground:#141518;--card:#1b1d21;--line:#33363c;--mark:#f0894f;--second:#7fb2ec;--good:#6ccb8b;--bad:#ff7d86;--band:#7fb2ec26}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:78rem;padding:1.25rem 1rem 4rem;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:break-word}
h1{margin:0;font-size:1.5rem;line-height:1.25}h2{margin:2.5rem 0 .75rem;font-size:1.2rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}h3{margin:1.75rem 0 .5rem;font-size:1rem}
header p{margin:.25rem 0;color:var(--soft)}
h1,td a,code,.tree li{overflow-wrap:anywhere}a{color:inherit}code{font-size:.85em}small{color:var(--soft)}
:focus-visible{outline:2px solid var(--second);outline-offset:2px}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:.5rem;margin:1rem 0;padding:0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.5rem .7rem}
.tiles dt{color:var(--soft);font-size:.8rem}.tiles dd{margin:0;font-size:1.1rem;line-height:1.3;font-variant-numeric:tabular-nums}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));gap:0 2rem;align-items:start}
.columns>*{min-width:0}
table{border-collapse:collapse;width:100%;margin:.5rem 0;font-variant-numeric:tabular-nums;font-size:.92rem}
caption{text-align:left;color:var(--soft);padding-bottom:.25rem}
th,td{text-align:left;padding:.3rem .5rem .3rem 0;border-bottom:1px solid var(--line);font-weight:400;vertical-align:top}
thead th{color:var(--soft)}
.fixed{white-space:nowrap}.figures th{color:var(--soft)}.figures td{text-align:right}.bands td,.bands thead th:not(:first-child){text-align:right;padding-left:.4rem;padding-right:0}
.scroll{overflow-x:auto}
.lanes{position:relative;margin:.5rem 0 0}
.lane{display:grid;grid-template-columns:var(--name) minmax(0,1fr);margin-bottom:3px}
.lane .name{position:relative;height:var(--h);font-size:.72rem;line-height:1.1;color:var(--soft);padding:.1rem .4rem 0 0}
.lane .name b{font-weight:600}
.lane .name i{position:absolute;right:.4rem;font-style:normal;transform:translateY(-50%);white-space:nowrap}
.plot{position:relative;height:var(--h);background:var(--card);border:1px solid var(--line);border-radius:2px;overflow:hidden}
.seek .plot{cursor:pointer}
.plot svg,.plot img{position:absolute;inset:0;width:100%;height:100%;display:block}
.picture .plot{background:#080814}
.foot{margin:0}.below{position:relative;height:1.2rem;font-size:.72rem;color:var(--soft)}
.below i{position:absolute;font-style:normal;transform:translateX(-50%);white-space:nowrap}
.lanes .below i:first-child{transform:none}.lanes .below i:last-child{transform:translateX(-100%)}
.slide input{width:100%;margin:0;accent-color:var(--mark)}
.cursor{position:absolute;top:0;bottom:2.6rem;width:0;border-left:1px solid var(--ink);box-shadow:0 0 0 .5px var(--ground);pointer-events:none;left:calc(var(--name) + (100% - var(--name))*var(--at,0))}
.readout{min-height:1.5em;margin:.1rem 0 0 var(--name);font-size:.9rem;color:var(--soft);font-variant-numeric:tabular-nums}
svg *{vector-effect:non-scaling-stroke}
.grid{stroke:var(--line)}.curve{fill:none;stroke:var(--mark);stroke-width:1.5}.curve.k1{stroke:var(--second)}
.wave{fill:var(--mark);opacity:.42}.level{fill:var(--mark)}.tick{stroke:var(--ink);fill:none;opacity:.55}
.k1 .wave,.k1 .level{fill:var(--second)}
.bar{fill:var(--second)}.bar.off{fill:var(--mark)}
.mean{stroke:var(--good)}line.target,path.target{fill:none;stroke:var(--soft);stroke-dasharray:5 4}
.range-band{fill:var(--band)}.bad-band{fill:var(--bad);opacity:.08}path.target-band{fill:var(--band)}
.keys{position:absolute;left:.4rem;bottom:.15rem;display:flex;flex-wrap:wrap;gap:0 .8rem;font-size:.72rem;line-height:1.4;color:var(--soft);pointer-events:none}
.key{background:var(--card);padding-right:.2rem}
.key::before{content:"";display:inline-block;width:.9rem;margin-right:.3rem;vertical-align:.25em;border-top:2px solid var(--mark)}
.key.k1::before{border-color:var(--second)}.key.mean::before{border-color:var(--good)}.key.target::before{border-top:2px dashed var(--soft)}
.key.range-band::before,.key.target-band::before{border-top:.6rem solid var(--band);vertical-align:-.05em}
.spans .plot{border:0;background:none}
.span{position:absolute;top:0;bottom:0;overflow:hidden;white-space:nowrap;font-size:.72rem;line-height:1.5rem;padding:0 .1rem;border-right:1px solid var(--ground);display:flex;flex-wrap:wrap}
.span::before{content:"";height:100%}
.c0{background:#5b8def59}.c1{background:#e08e4559}.c2{background:#4fae8159}.c3{background:#b06fce59}.c4{background:#d4566a59}.c5{background:#3fb0c459}.c6{background:#a8a23a59}.c7{background:#8a8d9459}
.spot{position:absolute;top:0;height:.55rem;min-width:3px}.spot.clip{background:var(--bad)}.spot.over{top:.55rem;background:#e0a100}
.spot[data-region]{opacity:1}
.region{position:absolute;top:0;bottom:0;background:var(--band);opacity:0;pointer-events:none}
.advice{list-style:none;margin:.5rem 0;padding:0;display:grid;gap:.5rem}
.advice li{display:flex;gap:.75rem;background:var(--card);border:1px solid var(--line);border-left:4px solid var(--line);border-radius:.3rem;padding:.5rem .75rem}
.advice li:is(:hover,:focus){border-color:var(--mark)}
.advice .severity{flex:none;width:4rem;font-size:.8rem;color:var(--soft)}
.advice .high{border-left-color:var(--bad)}.advice .medium{border-left-color:var(--mark)}.high .severity{color:var(--bad)}.medium .severity{color:var(--mark)}
.stereo-field{margin:.5rem 0}.field-row{display:grid;grid-template-columns:5rem minmax(0,1fr);align-items:center;font-size:.8rem;color:var(--soft)}
.field-row>div{position:relative;height:1.35rem;background:linear-gradient(var(--line),var(--line)) 50% 0/1px 100% no-repeat}
.field{position:absolute;top:.2rem;bottom:.2rem;border-radius:.5rem;background:var(--second);min-width:4px}.field.bad{background:var(--bad)}
.ends>div{display:flex;justify-content:space-between;background:none}.ends b{font-weight:400}
figcaption{color:var(--soft);font-size:.85rem}figure{margin:1rem 0}
details{margin:.75rem 0}summary{cursor:pointer;color:var(--soft)}
.tree,.tree ul{list-style:none;padding-left:1rem;margin:.25rem 0;font-size:.9rem}.tree span{color:var(--soft)}
.pass,.calm{color:var(--good)}.fail,.missed,.failed,.warning{color:var(--bad)}.not-checked,.bypass{color:var(--soft)}
.player{position:sticky;top:0;z-index:5;display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .9rem;margin:1rem 0;padding:.5rem .7rem;background:var(--card);border:1px solid var(--line);border-radius:.4rem}
.player .play{width:2.4rem;height:2.4rem;border:0;border-radius:50%;background:var(--mark);color:var(--ground);font-size:1rem;cursor:pointer}
.player .clock{font-variant-numeric:tabular-nums;min-width:6.5rem}
.versions{display:flex;flex-wrap:wrap;gap:.25rem}.versions label{border:1px solid var(--line);border-radius:.3rem;padding:.15rem .5rem;cursor:pointer}
.versions label:has(:checked){border-color:var(--mark);background:var(--band)}.versions input{margin:0 .35rem 0 0;accent-color:var(--mark)}
.equal{color:var(--soft);font-size:.9rem}.trouble{color:var(--bad);font-size:.9rem}
.scripted audio{display:none}
.sortable th button{all:unset;cursor:pointer}.sortable th button:focus-visible{outline:2px solid var(--second)}
.sortable th[aria-sort=ascending] button::after{content:" ▲"}.sortable th[aria-sort=descending] button::after{content:" ▼"}
.sortable td,.sortable th{padding:.3rem .6rem}.sortable td.number,.sortable th.number{text-align:right}
@media (max-width:40rem){:root{--name:3.4rem}body{padding:.75rem .6rem 3rem}.advice li{flex-direction:column;gap:0}.below i:nth-child(even){display:none}.lanes .below i:nth-child(even){display:block}table{font-size:.8rem}.bands small{font-size:.7rem}th,td{padding-right:.35rem}.bands td,.bands thead th:not(:first-child){padding-left:.2rem}.fixed{white-space:normal}.lane .name{font-size:.66rem}.readout{margin-left:0}.field-row{grid-template-columns:4rem minmax(0,1fr)}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--ground:#fff;--card:#fff;--line:#bbb;--mark:#a03d0c;--second:#245a96;--band:#245a9622}body{max-width:none;padding:0;font-size:10pt}.player,.slide,.readout,.cursor,details{display:none}h2,h3{break-after:avoid}.lanes,.plot,.field-row,tr,li,.tiles div{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
`;
