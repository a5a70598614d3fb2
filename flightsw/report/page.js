"use strict";
// One time axis for all plots: drag to zoom, double-click to see all, hover to read values, click a key to hide its line.
(() => {
  const LEFT = +document.body.dataset.left, PLOT = +document.body.dataset.plot, TOP = +document.body.dataset.top;
  const STEP = +document.body.dataset.step;
  const plots = [...document.querySelectorAll("svg.plot")];
  const map = document.querySelector("svg.map");
  const end = +(plots[0]?.dataset.end ?? 0);
  const reset = document.getElementById("reset"), read = document.getElementById("read"), range = document.getElementById("range");
  let from = 0, to = end;
  if (!(end > 0)) return;

  const unitOf = (span) => span <= 300 ? ["s", 1] : span <= 14400 ? ["min", 60] : span <= 360000 ? ["h", 3600] : ["d", 86400];
  const svgNode = (name, attributes) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const ticks = (low, high, most) => {
    const rough = (high - low) / most, base = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((one) => one * base).find((one) => one >= rough * (1 - 1e-9));
    const found = [];
    for (let number = Math.ceil(low / step - 1e-9); number * step <= high + 1e-9 * step; number++) found.push(number * step);
    return [found, Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))];
  };
  const xOf = (time) => LEFT + PLOT * (time - from) / (to - from);

  function show(a, b) {
    [from, to] = [Math.max(0, a), Math.min(end, b)];
    const k = end / (to - from), shift = LEFT - k * (LEFT + PLOT * from / end);
    const whole = from === 0 && to === end;
    const [sign, seconds] = unitOf(to - from);
    const [found, digits] = ticks(from / seconds, to / seconds, 10);
    for (const plot of plots) {
      for (const group of plot.querySelectorAll("g.z")) {
        if (whole) group.removeAttribute("transform");
        else group.setAttribute("transform", `matrix(${k} 0 0 1 ${shift} 0)`);
      }
      for (const text of plot.querySelectorAll("text.st")) {
        const left = Math.max(LEFT, xOf(+text.dataset.from)), right = Math.min(LEFT + PLOT, xOf(+text.dataset.to));
        const capitals = (text.textContent.match(/\p{Lu}/gu) || []).length;
        const fits = right - left > text.textContent.length * 6.1 + capitals * 1.8 + 6;  // frame.py: text_px
        text.style.display = fits ? "" : "none";
        if (fits) text.setAttribute("x", (left + right) / 2);
      }
      const axis = plot.querySelector("g.time"), y = plot.querySelector("text.tu").getAttribute("y");
      axis.replaceChildren(...found.map((value) => {
        const text = svgNode("text", { class: "tt", x: xOf(value * seconds), y });
        text.textContent = value.toFixed(digits);
        return text;
      }));
      plot.querySelector("text.tu").textContent = sign;
    }
    reset.disabled = whole;
    range.textContent = whole ? "Drag in a plot to zoom all." : `${from.toFixed(0)} s to ${to.toFixed(0)} s`;
    document.getElementById("steps").classList.toggle("coarse", STEP * PLOT / (to - from) > 3);
  }

  // Vertices of a path, once: [times, pixels, where a stretch begins].
  const cache = new Map();
  function vertices(path) {
    if (!cache.has(path)) {
      const found = [...path.getAttribute("d").matchAll(/([ML])(-?[\d.]+),(-?[\d.]+)/g)];
      cache.set(path, found.map(([, pen, x, y]) => [(x - LEFT) / PLOT * end, +y, pen === "M"]));
    }
    return cache.get(path);
  }
  function valueAt(plot, path, time) {
    const points = vertices(path);
    let low = 0, high = points.length - 1;
    if (!points.length || time < points[0][0] || time > points[high][0]) return null;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (points[middle][0] <= time) low = middle; else high = middle;
    }
    const [a, b] = [points[low], points[high]];
    if (b[2] && high !== low) return null;
    const y = b[0] > a[0] ? a[1] + (b[1] - a[1]) * (time - a[0]) / (b[0] - a[0]) : b[1];
    const bottom = TOP + +plot.dataset.height;
    return +plot.dataset.low + (+plot.dataset.high - +plot.dataset.low) * (bottom - y) / +plot.dataset.height;
  }

  function timeAt(plot, event) {
    const box = plot.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * plot.viewBox.baseVal.width;
    return from + (to - from) * Math.min(1, Math.max(0, (x - LEFT) / PLOT));
  }
  const cursors = plots.map((plot) => {
    const height = plot.querySelector("rect.edge").getAttribute("height");
    const line = svgNode("path", { d: `M0,${TOP}v${height}`, stroke: "#1f2430", "stroke-width": .8, visibility: "hidden" });
    const area = svgNode("rect", { y: TOP, height, width: 0, fill: "#0072b2", "fill-opacity": .15 });
    plot.append(area, line);
    return [line, area];
  });
  const dot = svgNode("circle", { r: 5, fill: "#1f2430", stroke: "#fff", "stroke-width": 1.5, visibility: "hidden" });
  map?.append(dot);
  const places = map ? map.dataset.track.split(" ").map((pair) => pair.split(",").map(Number)) : [];

  let began = null;
  plots.forEach((plot) => {
    plot.addEventListener("pointermove", (event) => {
      const time = timeAt(plot, event);
      cursors.forEach(([line, area]) => {
        line.setAttribute("transform", `translate(${xOf(time)} 0)`);
        line.setAttribute("visibility", "visible");
        if (began !== null) {
          area.setAttribute("x", xOf(Math.min(began, time)));
          area.setAttribute("width", Math.abs(xOf(time) - xOf(began)));
        }
      });
      if (places.length) {
        const [x, y] = places[Math.min(places.length - 1, Math.floor(time / +map.dataset.every))];
        dot.setAttribute("cx", x); dot.setAttribute("cy", y); dot.setAttribute("visibility", "visible");
      }
      const rows = [...plot.querySelectorAll("path.l")].filter((path) => path.style.display !== "none").map((path) => {
        const value = valueAt(plot, path, time);
        const name = path.dataset.line + (path.classList.contains("other") ? ", other run" : "");
        return value === null ? null : [name, path.getAttribute("stroke"), value];
      }).filter(Boolean);
      read.replaceChildren();
      const head = document.createElement("b");
      head.textContent = `${time.toFixed(0)} s`;
      read.append(head);
      for (const [name, color, value] of rows) {
        const row = document.createElement("div"), mark = document.createElement("i");
        mark.style.background = color;
        row.append(mark, `${name}: ${Number(value.toPrecision(4))} ${plot.dataset.unit}`);
        read.append(row);
      }
      read.style.display = "block";
      read.style.left = `${Math.min(event.clientX + 14, innerWidth - read.offsetWidth - 6)}px`;
      read.style.top = `${Math.min(event.clientY + 14, innerHeight - read.offsetHeight - 6)}px`;
    });
    plot.addEventListener("pointerleave", () => {
      read.style.display = "none";
      cursors.forEach(([line]) => line.setAttribute("visibility", "hidden"));
      dot.setAttribute("visibility", "hidden");
    });
    plot.addEventListener("pointerdown", (event) => { if (event.button === 0) began = timeAt(plot, event); });
    plot.addEventListener("pointerup", (event) => {
      const time = timeAt(plot, event), start = began;
      began = null;
      cursors.forEach(([, area]) => area.setAttribute("width", 0));
      if (start !== null && Math.abs(xOf(time) - xOf(start)) > 6) show(Math.min(start, time), Math.max(start, time));
    });
    plot.addEventListener("dblclick", () => show(0, end));
    plot.querySelectorAll("g.key").forEach((key) => key.addEventListener("click", () => {
      const off = key.classList.toggle("off");
      plot.querySelectorAll("path.l, path.area, path.band").forEach((path) => {
        if (path.dataset.line === key.dataset.line) path.style.display = off ? "none" : "";
      });
    }));
  });
  addEventListener("pointerup", () => { began = null; cursors.forEach(([, area]) => area.setAttribute("width", 0)); });
  reset.addEventListener("click", () => show(0, end));
  show(0, end);
})();
