// What scrolls sideways must be reachable by keyboard. The theme sees to code and tables, this to equations.
async function addTabStops() {
  await window.MathJax?.startup?.promise;
  for (const equation of document.querySelectorAll('mjx-container[display="true"]')) {
    if (equation.scrollWidth > equation.clientWidth) equation.tabIndex = 0;
    else equation.removeAttribute("tabindex");
  }
}
addEventListener("load", addTabStops);
addEventListener("resize", addTabStops);
