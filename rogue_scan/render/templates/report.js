(() => {
  "use strict";
  const cases = [...document.querySelectorAll("[data-severity]")];
  const bar = document.getElementById("filter");
  if (bar && cases.length) {
    const words = JSON.parse(bar.dataset.words);
    const text = new Map();
    const textOf = (node) => {
      if (!text.has(node)) text.set(node, node.textContent.toLowerCase());
      return text.get(node);
    };
    const make = (tag, fields, ...children) => {
      const node = Object.assign(document.createElement(tag), fields);
      node.append(...children);
      return node;
    };
    const search = make("input", { type: "search", id: "search" });
    const levels = words.severities
      .filter(([value]) => cases.some((node) => node.dataset.severity === value))
      .map(([value, name]) => {
        const box = make("input", { type: "checkbox", checked: true, value });
        return [box, make("label", {}, box, " " + name)];
      });
    const least = make("input", { type: "range", min: 0, max: 100, step: 5, value: 0, id: "least" });
    const shown = make("output", { ariaLive: "polite" });
    const figure = make("span", { textContent: "0 %" });
    const fold = make("button", { type: "button", textContent: words.fold });
    const unfold = make("button", { type: "button", textContent: words.unfold });
    bar.append(
      make("label", { htmlFor: "search" }, words.search + " "), search,
      make("span", { className: "levels" }, ...levels.map(([, label]) => label)),
      make("label", { htmlFor: "least" }, words.confidence + " ", figure), least,
      unfold, fold, shown,
    );
    bar.hidden = false;
    const apply = () => {
      const wanted = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      const on = new Set(levels.filter(([box]) => box.checked).map(([box]) => box.value));
      let count = 0;
      for (const node of cases) {
        const group = node.closest(".group");
        const whole = () => textOf(node) + " " + textOf(group.querySelector(".group-head"));
        const visible = on.has(node.dataset.severity)
          && Number(node.dataset.confidence) * 100 >= Number(least.value)
          && (!wanted.length || wanted.every((word) => whole().includes(word)));
        node.hidden = !visible;
        count += visible;
      }
      for (const group of document.querySelectorAll(".group")) {
        group.hidden = !group.querySelector("[data-severity]:not([hidden])");
      }
      figure.textContent = least.value + " %";
      shown.textContent = words.shown.replace("{shown}", count).replace("{all}", cases.length);
    };
    let timer = 0;
    const later = () => { clearTimeout(timer); timer = setTimeout(apply, 120); };
    for (const node of [search, least, ...levels.map(([box]) => box)]) node.addEventListener("input", later);
    const all = (open) => cases.forEach((node) => { if (!node.hidden) node.open = open; });
    fold.addEventListener("click", () => all(false));
    unfold.addEventListener("click", () => all(true));
    apply();
  }
  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let node = target; node; node = node.parentElement) {
      if (node.hidden) node.hidden = false;
      if (node.tagName === "DETAILS") node.open = true;
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  if (location.hash) reveal();
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((node) => { node.open = true; });
  });
  addEventListener("afterprint", () => { folded.forEach((node) => { node.open = false; }); });
})();
