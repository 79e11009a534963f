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

// Saves the notebook that the page carries with it.
function saveNotebook() {
  const notebook = document.getElementById("notebook");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([notebook.textContent], { type: "application/x-ipynb+json" }));
  link.download = notebook.dataset.name;
  link.click();
}
