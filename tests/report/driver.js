// Does to a report what a reader does, and leaves what it saw at the page's end as JSON. Called by test_browser.
addEventListener("load", () => {
  const soc = document.getElementById("soc"), plots = [...document.querySelectorAll("svg.plot")];
  const box = soc.getBoundingClientRect();
  const fire = (name, share) => soc.dispatchEvent(new PointerEvent(name, {
    clientX: box.left + box.width * (LEFT + PLOT * share) / WIDTH, clientY: box.top + 40, button: 0, bubbles: true,
  }));
  const moved = () => [...new Set(plots.flatMap(
    (plot) => [...plot.querySelectorAll("g.z")].map((one) => one.getAttribute("transform"))))];
  const said = {};
  fire("pointermove", 0.5);
  said.read = document.getElementById("read").innerText;
  fire("pointerdown", 0.25);
  fire("pointermove", 0.3);
  fire("pointerup", 0.5);
  said.zoomed = moved();
  said.range = document.getElementById("range").textContent;
  said.ticks = [...soc.querySelectorAll("text.tt")].map((one) => +one.textContent);
  soc.querySelector("g.key").dispatchEvent(new MouseEvent("click"));
  const lines = [...soc.querySelectorAll("path.l")];
  said.hidden = lines.filter((one) => one.style.display === "none").map((one) => one.dataset.line);
  document.getElementById("reset").click();
  said.whole = moved();
  const out = document.createElement("pre");
  out.id = "said";
  out.textContent = JSON.stringify(said);
  document.body.append(out);
});
