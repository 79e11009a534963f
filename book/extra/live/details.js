"use strict";
/* What a unit computes, written out. */

function makeDetails(holder) {
  holder.innerHTML = `
    <p class="live-unit"></p>
    <table class="live-sum"></table>
    <details><summary></summary><div></div></details>`;
  const [title, sums, more] = holder.children;
  const [summary, numbers] = more.children;
  more.open = matchMedia("(min-width: 1000px)").matches;

  /* `unit` is what `explain` returns; `chapter` the link to the chapter of its layer. */
  function show(unit, network, states, chapter) {
    title.innerHTML = `<strong>${nameOf(unit, states)}</strong> `;
    title.append(chapter.cloneNode(true));
    sums.innerHTML = sumRows(unit, network, states);
    const isVector = unit.inputs[0].side === 1;
    summary.textContent = isVector ? `All ${unit.inputs.length} inputs` : "The numbers";
    if (isVector) showVector(numbers, unit, network);
    else numbers.innerHTML = unit.inputs.map((input) => inputTables(unit, input)).join("");
    more.hidden = false;
  }

  function showPixel({ row, column }, value, chapter) {
    title.innerHTML = `<strong>Input, row ${row}, column ${column}</strong> `;
    title.append(chapter.cloneNode(true));
    sums.innerHTML = line("the pixel", "nothing is computed here", written(value));
    more.hidden = true;
  }

  function showNothing(text) {
    title.textContent = text;
    sums.innerHTML = "";
    more.hidden = true;
  }

  return { show, showPixel, showNothing };
}

function nameOf({ name, map, row, column }, states) {
  if (name === "output") return `Output ${map}`;
  if (states[name].side === 1) return `${name}, unit ${map}`;
  return `${name}, map ${map}, row ${row}, column ${column}`;
}

function sumRows(unit, network, states) {
  const { rule, inputs, below, total, coefficient, bias, sum, result, name, map } = unit;
  const from = below === "input" ? "the input" : below;
  const rows = [];
  if (rule === convolution) {
    for (const input of inputs) {
      const of = below === "input" ? "the input" : `${below}, map ${input.map}`;
      rows.push(line(of, `${input.side}×${input.side} numbers × kernel`, written(input.part)));
    }
  } else if (rule === dense) {
    rows.push(line(from, `${inputs.length} numbers × weights`, written(total)));
  } else if (rule === distances) {
    rows.push(line(from, `${inputs.length} squared differences from the code of ${map}`, written(total)));
  } else {
    const isMean = rule === mean || weightsOf(network, name).mean;
    rows.push(line(`${below}, map ${map}`, `${isMean ? "mean" : "sum"} of 2×2 numbers`, written(total)));
  }
  if (rule === subsampling) {
    rows.push(line("× coefficient", `of map ${map}`, written(coefficient)));
  }
  if (rule !== mean && rule !== distances) {
    rows.push(line("+ bias", rule === dense ? `of unit ${map}` : `of map ${map}`, written(bias)));
    rows.push(line("sum", "", written(sum)));
  }
  if (NETWORKS[network][name].squashed) {
    rows.push(line("squash", `1.7159 tanh(⅔ · ${written(sum)})`, written(result)));
  } else if (rule === convolution) {
    rows.push(line("result", "no squash yet: this network pools first", written(result)));
  } else if (rule === dense) {
    const probability = softmax(states.output.values)[map];
    rows.push(line("result", "the logit of this digit", written(result)));
    rows.push(line("probability", "softmax of the ten logits", `${written(100 * probability, 1)} %`));
  } else {
    rows.push(line("result", "the squared distance: the smallest wins", written(result)));
  }
  return rows.join("");
}

function line(what, how, number) {
  return `<tr><th scope="row">${what}</th><td>${how}</td><td>${number}</td></tr>`;
}

/* The square that is read, beside its kernel. */
function inputTables(unit, { map, row, column, side, numbers, weights }) {
  const layer = unit.below === "input" ? "input" : `${unit.below}, map ${map}`;
  const place = `rows ${row}–${row + side - 1}, columns ${column}–${column + side - 1}`;
  const kernel = weights ? numberTable("kernel", weights, side) : "";
  return `<div class="live-pair-of-tables">${numberTable(`${layer}: ${place}`, numbers, side)}${kernel}</div>`;
}

function numberTable(caption, numbers, side) {
  const [low, high] = limits(Float32Array.from(numbers));
  const cells = Array.from(numbers, (x) => {
    const grey = 100 - (35 * (x - low)) / (high - low); // never so dark that the number is lost
    return `<td style="background: hsl(0 0% ${grey.toFixed(0)}%)">${written(x)}</td>`;
  });
  const rows = Array.from({ length: side }, (_, i) => cells.slice(i * side, (i + 1) * side).join(""));
  return `<table class="live-numbers"><caption>${caption}</caption><tr>${rows.join("</tr><tr>")}</tr></table>`;
}

/* A vector that is read: the numbers, the weights and what each pair adds, as pictures and as a list. */
function showVector(holder, unit, network) {
  const isDistance = unit.rule === distances;
  const terms = unit.inputs.map(({ map, numbers, weights, part }) => [map, numbers[0], weights[0], part]);
  const titles = [unit.below, isDistance ? "code" : "weights", isDistance ? "squared differences" : "products"];
  const largest = [...terms].sort((a, b) => Math.abs(b[3]) - Math.abs(a[3]));
  const rows = largest.map(
    ([map, ...row]) => `<tr><th scope="row">${map}</th>${row.map((x) => `<td>${written(x)}</td>`).join("")}</tr>`,
  );
  holder.innerHTML = `
    <div class="live-vectors">${titles.map((title) => `<div><canvas></canvas><p>${title}</p></div>`).join("")}</div>
    <div class="live-terms" tabindex="0" role="region" aria-label="All terms, the largest first">
      <table><thead><tr><th>unit</th>${titles.map((title) => `<th>${title}</th>`).join("")}</tr></thead>
      <tbody>${rows.join("")}</tbody></table></div>`;
  const columns = COLUMNS[unit.below](network);
  holder.querySelectorAll("canvas").forEach((canvas, i) => {
    const values = Float32Array.from(terms, (term) => term[i + 1]);
    paint(canvas, values, columns, ...limits(values));
  });
}
